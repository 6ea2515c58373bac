//! Names that have to fit into what a service allows.

use aws_lc_rs::digest::{SHA256, digest};

/// A name of at most so many characters: as it is if it fits, else with a hash of all of it at its end.
pub(super) fn short_name(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let hash = digest(&SHA256, name.as_bytes());
    let hash: String = hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let start: String = name.chars().take(most.saturating_sub(hash.len() + 1)).collect();
    format!("{start}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_beginning_and_stay_different() {
        assert_eq!(short_name("moh-workers", 64), "moh-workers");
        let (one, other) = (short_name(&"a".repeat(70), 64), short_name(&"a".repeat(71), 64));
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
        assert!(one.starts_with("aaaa"));
    }
}
