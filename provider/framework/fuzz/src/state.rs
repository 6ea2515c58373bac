//! States as the core stores them: the first line is a type in JSON, the rest the state, of whatever version.

use tf_framework::wire::{json, msgpack};

/// Whatever can be read has its type, can be stored again, and can be answered.
pub fn run(data: &[u8]) {
    let Some((of, text)) = crate::typed(data) else { return };
    let Ok(value) = json::decode_state(text, &of) else {
        return;
    };
    assert!(value.conforms(&of), "a value of another type");
    if let Ok(strict) = json::decode(text, &of) {
        assert_eq!(strict, value, "it is no request only because of undefined attributes");
    }
    match json::to_json(&value, &of) {
        Ok(stored) => assert_eq!(
            json::decode(stored.as_bytes(), &of).expect("what was stored can be read"),
            value
        ),
        // A state of an older version can have the text "Inf" where there is a number now.
        Err(_) => assert!(crate::has_infinity(&value), "what was read cannot be stored"),
    }
    let answer = msgpack::encode(&value, &of).expect("what was read can be answered");
    assert_eq!(
        msgpack::decode(&answer, &of).expect("what was answered can be read"),
        value
    );
}
