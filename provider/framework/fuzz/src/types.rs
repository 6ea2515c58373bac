//! Types in their JSON form.

use tf_framework::types::Type;

/// Whatever can be read is written in a form that means the same.
pub fn run(data: &[u8]) {
    let Ok(of) = Type::from_json(data) else { return };
    let json = of.to_json();
    assert_eq!(
        Type::from_json(json.as_bytes()).expect("what was written can be read"),
        of
    );
}
