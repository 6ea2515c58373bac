//! Which version of the cloud provider belongs to which Kubernetes: the minor versions are the same.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::in_cluster::minor;
use super::model::CloudProviderModel;

/// The first minor version whose image is in `registry.k8s.io`.
const OLDEST: u16 = 28;

/// The newest minor version that was released when this was written.
const NEWEST: u16 = 36;

/// The version for a cluster; for one that is newer than all that are known, the newest.
///
/// # Errors
/// Fails if there is none.
pub(super) fn for_kubernetes(kubernetes: &str) -> Result<String, Diagnostics> {
    match minor(kubernetes) {
        Some(minor) if minor >= OLDEST => Ok(format!("v1.{}.0", minor.min(NEWEST))),
        Some(_) | None => {
            let detail = format!(
                "The cluster runs Kubernetes {kubernetes}, and images are published for 1.{OLDEST} and later. Upgrade the \
                 cluster, or give a `version` that `image_registry` has."
            );
            Err(Diagnostic::error("No version for this Kubernetes", detail)
                .at(CloudProviderModel::VERSION)
                .into())
        }
    }
}

/// What is to be said of a version in a cluster that is made for another one.
pub(super) fn mismatch(version: &str, kubernetes: &str) -> Option<Diagnostic> {
    if minor(version) == minor(kubernetes) {
        return None;
    }
    let what = match for_kubernetes(kubernetes).ok()? {
        wanted if wanted == version => {
            "It is the newest that this provider knows. Give the `version` that is made for it, as soon as there is one.".to_owned()
        }
        wanted => format!("Set `version = \"{wanted}\"`."),
    };
    let detail = format!(
        "The cloud provider {version} is not the one for Kubernetes {kubernetes}: only the same minor version is promised to work. \
         {what}"
    );
    Some(Diagnostic::warning("Version for another Kubernetes", detail).at(CloudProviderModel::VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_is_that_of_kubernetes() {
        for (kubernetes, version) in [("v1.33.4+k3s1", "v1.33.0"), ("v1.28.0", "v1.28.0")] {
            assert_eq!(for_kubernetes(kubernetes).expect("there is one"), version);
            assert!(mismatch(version, kubernetes).is_none(), "{kubernetes}");
        }
        assert!(for_kubernetes("v1.25.14+k3s1").is_err());
        assert!(mismatch("v1.33.2", "v1.33.4+k3s1").is_none());
        let told = mismatch("v1.33.0", "v1.34.1").expect("a warning");
        assert!(told.detail.contains("version = \"v1.34.0\""), "{}", told.detail);
    }

    #[test]
    fn a_cluster_that_is_newer_than_all_that_are_known_is_told_of() {
        let newest = for_kubernetes("v1.40.1").expect("there is one");
        assert_eq!(newest, "v1.36.0");
        let told = mismatch(&newest, "v1.40.1").expect("a warning");
        assert!(
            told.detail.contains("the newest that this provider knows"),
            "{}",
            told.detail
        );
        assert!(mismatch("v1.40.0", "v1.40.1").is_none());
        let told = mismatch("v1.35.0", "v1.40.1").expect("a warning");
        assert!(told.detail.contains("version = \"v1.36.0\""), "{}", told.detail);
    }
}
