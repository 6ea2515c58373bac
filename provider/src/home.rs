//! The user's folders: what `~` means in a path, and where downloads are kept. Nothing else is read of the environment.

use std::path::PathBuf;

/// The path, where a leading `~` means the home directory.
pub(crate) fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        (Some(_) | None, _) => PathBuf::from(path),
    }
}

/// The folder for what can be downloaded again, as the [XDG specification] has it; nothing if the user has no home.
///
/// [XDG specification]: https://specifications.freedesktop.org/basedir-spec/latest/
pub(crate) fn cache() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    // A relative one is to be ignored.
    let given = given.filter(|path| path.is_absolute());
    let base = given.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    base.map(|base| base.join("terraform-provider-cht"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_are_kept_in_a_folder_of_our_own() {
        let folder = cache().unwrap();
        assert!(folder.is_absolute() && folder.ends_with("terraform-provider-cht"));
    }

    #[test]
    fn home_directory_stands_for_a_leading_tilde_only() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(expand("~/.kube/config"), home.join(".kube/config"));
        assert_eq!(expand("~"), home);
        assert_eq!(expand("/x/~"), PathBuf::from("/x/~"));
        assert_eq!(expand("~other/x"), PathBuf::from("~other/x"));
    }
}
