//! Which version of the CSI driver belongs to which Kubernetes, and the sidecars that it is released with.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::in_cluster::minor;
use super::model::CsiDriverModel;

/// Minor versions of the driver, with the first and the last minor version of Kubernetes that each is made for.
const MADE_FOR: [(u16, u16, u16); 6] = [
    (3, 28, 30),
    (4, 30, 32),
    (5, 31, 33),
    (6, 32, 34),
    (7, 33, 35),
    (8, 34, 36),
];

/// The version of clusters that it is made for, and of newer ones until there is a later release.
const NEWEST: &str = "v3.7.3";

/// The oldest Kubernetes that it is installed on by default: sidecars talk to older ones as well.
const OLDEST: u16 = 31;

/// Images beside those of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sidecars {
    pub(super) attacher: &'static str,
    pub(super) resizer: &'static str,
    pub(super) liveness_probe: &'static str,
    pub(super) provisioner: &'static str,
    pub(super) registrar: &'static str,
    /// That of the sidecar, and of the controller for all drivers.
    pub(super) snapshotter: &'static str,
}

/// The version for a cluster.
///
/// # Errors
/// Fails if the cluster is older than any that it works with.
pub(super) fn for_kubernetes(kubernetes: &str) -> Result<&'static str, Diagnostics> {
    if minor(kubernetes).is_some_and(|minor| minor >= OLDEST) {
        return Ok(NEWEST);
    }
    let detail = format!(
        "The cluster runs Kubernetes {kubernetes}, and {NEWEST} is for 1.{OLDEST} and later. Upgrade the cluster, or give a \
         `version` that is made for it."
    );
    Err(Diagnostic::error("No version for this Kubernetes", detail)
        .at(CsiDriverModel::VERSION)
        .into())
}

/// What is to be said of a version in a cluster that it is not made for.
pub(super) fn mismatch(version: &str, kubernetes: &str) -> Option<Diagnostic> {
    let (driver, cluster) = (minor(version)?, minor(kubernetes)?);
    let (_, first, last) = MADE_FOR.into_iter().find(|(minor, _, _)| *minor == driver)?;
    if (first..=last).contains(&cluster) {
        return None;
    }
    let detail = format!(
        "The CSI driver {version} is made for Kubernetes 1.{first} to 1.{last}, and the cluster runs {kubernetes}. Give a `version` \
         that is made for it, as soon as there is one."
    );
    Some(Diagnostic::warning("Version for another Kubernetes", detail).at(CsiDriverModel::VERSION))
}

/// The sidecars of a version.
pub(super) fn sidecars(version: &str) -> Sidecars {
    if minor(version).is_some_and(|minor| minor >= 8) {
        return Sidecars {
            attacher: "v4.10.0",
            resizer: "v2.0.0",
            liveness_probe: "v2.17.0",
            provisioner: "v4.0.1",
            registrar: "v2.14.0",
            snapshotter: "v8.4.0",
        };
    }
    Sidecars {
        attacher: "v4.9.0",
        resizer: "v1.12.0",
        liveness_probe: "v2.15.0",
        provisioner: "v4.0.1",
        registrar: "v2.13.0",
        snapshotter: "v8.2.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_of_where_it_is_made_for_another_kubernetes() {
        assert!(mismatch("v3.7.3", "v1.34.2+k3s1").is_none());
        let told = mismatch("v3.7.3", "v1.36.3").expect("a warning");
        assert!(told.detail.contains("1.33 to 1.35"), "{}", told.detail);
        assert!(for_kubernetes("v1.25.14").is_err());
        assert_eq!(for_kubernetes("v1.36.3").expect("there is one"), NEWEST);
    }
}
