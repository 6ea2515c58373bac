//! Types and values that are made up to be valid, so that all of the encoders are reached.

use arbitrary::Unstructured;
use tf_framework::wire::{json, msgpack};

use crate::generate;

/// Every value of a type survives both encodings, as far as JSON can hold it.
pub fn run(data: &[u8]) {
    let mut random = Unstructured::new(data);
    let Ok((of, value)) = generate::typed_value(&mut random) else {
        return;
    };
    assert!(value.conforms(&of), "a value of another type");
    let bytes = msgpack::encode(&value, &of).expect("a value of its type can be written");
    assert_eq!(
        msgpack::decode(&bytes, &of).expect("what was written can be read"),
        value
    );
    if let Ok(text) = json::to_json(&value, &of) {
        assert_eq!(
            json::decode(text.as_bytes(), &of).expect("what was stored can be read"),
            value
        );
    } else {
        assert!(
            !value.is_wholly_known() || crate::has_infinity(&value),
            "it cannot be stored"
        );
    }
}
