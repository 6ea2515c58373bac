//! Where the program of k3s comes from.

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use super::rules;
use crate::home;
use crate::k3s::program::Source;

/// Where the program of k3s comes from. It goes from this machine to the hosts, which need no way to the internet for
/// it. Without it, k3s' releases on GitHub count.
#[derive(Clone, Model)]
#[tf(at_most_one_of(path, url))]
pub struct Binary {
    /// File on this machine with the program, as k3s' releases have it; then all hosts need its architecture, and
    /// `version` has to be its version. Or a directory with a file for each version and architecture, such as
    /// `v1.36.3+k3s1/k3s` and `v1.36.3+k3s1/k3s-arm64`. A leading `~` means the home directory.
    #[tf(validate(Validator::not_empty()))]
    pub path: Option<String>,
    /// Address below which a mirror has k3s' releases: the program is loaded from `<url>/<version>/k3s`, with the `+`
    /// of the version as `%2B`. The login of a mirror that asks for one stands in it:
    /// `https://user:password@mirror.example/k3s`.
    #[tf(validate(Validator::url(["https", "http"])))]
    pub url: Option<SecretString>,
    /// SHA-256 hash of the program, in hexadecimal, which is that of one version for one architecture. Without it, the
    /// list of hashes counts that a release has beside the program, and what is at `path` is believed.
    #[tf(validate(rules::sha256()))]
    pub sha256: Option<String>,
}

impl Binary {
    /// Where the program is looked for.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            path: self.path.as_deref().map(home::expand),
            url: self.url.clone(),
            sha256: self.sha256.clone(),
        }
    }
}
