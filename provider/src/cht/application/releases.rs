//! Which releases the instances of this run are about to have. What lives in an instance is planned before that is
//! installed, so the release that runs now would be the wrong one to ask for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cht::version::ChtVersion;

/// The planned releases, by the host of the cluster and the namespace; none where the plan leaves it open.
#[derive(Debug, Default)]
pub(crate) struct Releases(Mutex<BTreeMap<(String, String), Option<ChtVersion>>>);

/// What is planned for an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cht) enum Planned {
    /// Nothing in this run.
    Nothing,
    /// A release that is not known yet.
    Unknown,
    /// This release.
    Release(ChtVersion),
}

impl Releases {
    /// Notes the release that an instance is going to have.
    pub(in crate::cht) fn note(&self, cluster: &str, namespace: &str, release: Option<ChtVersion>) {
        self.lock().insert((cluster.to_owned(), namespace.to_owned()), release);
    }

    /// What was noted of an instance.
    pub(in crate::cht) fn planned(&self, cluster: &str, namespace: &str) -> Planned {
        match self.lock().get(&(cluster.to_owned(), namespace.to_owned())) {
            None => Planned::Nothing,
            Some(None) => Planned::Unknown,
            Some(Some(release)) => Planned::Release(release.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), Option<ChtVersion>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_that_of_one_namespace_in_one_cluster() {
        let releases = Releases::default();
        let release: ChtVersion = "4.8.0".parse().unwrap();
        releases.note("https://a", "cht-kisumu", Some(release.clone()));
        releases.note("https://a", "cht-siaya", None);
        for (cluster, namespace, expected) in [
            ("https://a", "cht-kisumu", Planned::Release(release)),
            ("https://a", "cht-siaya", Planned::Unknown),
            ("https://b", "cht-kisumu", Planned::Nothing),
        ] {
            assert_eq!(releases.planned(cluster, namespace), expected, "{cluster} {namespace}");
        }
    }
}
