//! Values as they come from the core: the first line is a type in JSON, the rest MessagePack.

use tf_framework::wire::msgpack::{decode, encode};

/// Whatever can be read has its type, can be sent back, and means the same then.
pub fn run(data: &[u8]) {
    let Some((of, bytes)) = crate::typed(data) else { return };
    let Ok(value) = decode(bytes, &of) else { return };
    assert!(value.conforms(&of), "a value of another type");
    let again = encode(&value, &of).expect("what was read can be written");
    let value_again = decode(&again, &of).expect("what was written can be read");
    assert_eq!(value_again, value);
    assert_eq!(encode(&value_again, &of).ok(), Some(again), "one value, two encodings");
}
