//! Hashes as k3s and `sha256sum` write them: in hexadecimal, lower case.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// The SHA-256 hash of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Bytes, as they are written.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A `String` takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a text is such a hash.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_as_by_other_programs() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        assert!(is_sha256(empty));
        assert!(!is_sha256(&empty.to_uppercase()) && !is_sha256(&empty[1..]) && !is_sha256(""));
    }
}
