//! `~` in a path that a user gives: the one thing that is read of the environment.

use std::path::PathBuf;

/// The path, where a leading `~` means the home directory.
pub(crate) fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        (Some(_) | None, _) => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_directory_stands_for_a_leading_tilde_only() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(expand("~/.kube/config"), home.join(".kube/config"));
        assert_eq!(expand("~"), home);
        assert_eq!(expand("/x/~"), PathBuf::from("/x/~"));
        assert_eq!(expand("~other/x"), PathBuf::from("~other/x"));
    }
}
