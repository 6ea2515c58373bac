//! Which version of the CSI driver belongs to which Kubernetes, and the sidecars that it is released with.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::in_cluster::minor;
use super::model::CsiDriverModel;

/// A minor version of the driver.
struct Minor {
    number: u16,
    /// The first and the last minor version of Kubernetes that it is made for.
    kubernetes: (u16, u16),
    /// Its last release, if that is one to install: not of one whose snapshots are made in an older way, nor of one
    /// that is still to be released.
    release: Option<&'static str>,
}

const MINORS: [Minor; 6] = [
    minor_of(3, (28, 30), None),
    minor_of(4, (30, 32), Some("v3.4.0")),
    minor_of(5, (31, 33), Some("v3.5.1")),
    minor_of(6, (32, 34), Some("v3.6.3")),
    minor_of(7, (33, 35), Some("v3.7.3")),
    minor_of(8, (34, 36), None),
];

const fn minor_of(number: u16, kubernetes: (u16, u16), release: Option<&'static str>) -> Minor {
    Minor {
        number,
        kubernetes,
        release,
    }
}

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

/// The version for a cluster: the newest release that is made for it, or the newest of all for a cluster that is newer
/// than any is made for.
///
/// # Errors
/// Fails if the cluster is older than any that is released for.
pub(super) fn for_kubernetes(kubernetes: &str) -> Result<&'static str, Diagnostics> {
    let cluster = minor(kubernetes);
    let mut oldest = 0;
    let mut newest = None;
    for made in MINORS.iter().rev() {
        let Some(release) = made.release else { continue };
        let newest = *newest.get_or_insert(release);
        let (first, last) = made.kubernetes;
        match cluster {
            Some(cluster) if (first..=last).contains(&cluster) => return Ok(release),
            Some(cluster) if release == newest && cluster > last => return Ok(newest),
            _ => oldest = first,
        }
    }
    let detail = format!(
        "The cluster runs Kubernetes {kubernetes}, and the driver is installed on 1.{oldest} and later. Upgrade the cluster, or \
         give a `version` that is made for it."
    );
    Err(Diagnostic::error("No version for this Kubernetes", detail)
        .at(CsiDriverModel::VERSION)
        .into())
}

/// What is to be said of a version in a cluster that it is not made for.
pub(super) fn mismatch(version: &str, kubernetes: &str) -> Option<Diagnostic> {
    let (driver, cluster) = (minor(version)?, minor(kubernetes)?);
    let made = MINORS.iter().find(|made| made.number == driver)?;
    let (first, last) = made.kubernetes;
    if (first..=last).contains(&cluster) {
        return None;
    }
    let what = match for_kubernetes(kubernetes) {
        Ok(wanted) if wanted != version => format!("Set `version = \"{wanted}\"`."),
        _ => "Give a `version` that is made for it, as soon as there is one.".to_owned(),
    };
    let detail = format!(
        "The CSI driver {version} is made for Kubernetes 1.{first} to 1.{last}, and the cluster runs {kubernetes}. {what}"
    );
    Some(Diagnostic::warning("Version for another Kubernetes", detail).at(CsiDriverModel::VERSION))
}

/// The sidecars of a version.
pub(super) fn sidecars(version: &str) -> Sidecars {
    let of_7 = Sidecars {
        attacher: "v4.9.0",
        resizer: "v1.12.0",
        liveness_probe: "v2.15.0",
        provisioner: "v4.0.1",
        registrar: "v2.13.0",
        snapshotter: "v8.2.0",
    };
    match minor(version) {
        Some(..=4) => Sidecars {
            attacher: "v4.7.0",
            liveness_probe: "v2.14.0",
            registrar: "v2.12.0",
            ..of_7
        },
        Some(5) => Sidecars {
            attacher: "v4.8.1",
            ..of_7
        },
        Some(8..) => Sidecars {
            attacher: "v4.10.0",
            resizer: "v2.0.0",
            liveness_probe: "v2.17.0",
            registrar: "v2.14.0",
            snapshotter: "v8.4.0",
            ..of_7
        },
        Some(_) | None => of_7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_gets_the_newest_release_that_is_made_for_it() {
        for (kubernetes, version) in [
            ("v1.30.8", "v3.4.0"),
            ("v1.31.1+k3s1", "v3.5.1"),
            ("v1.32.0", "v3.6.3"),
            ("v1.33.4+k3s1", "v3.7.3"),
            ("v1.35.0", "v3.7.3"),
        ] {
            assert_eq!(
                for_kubernetes(kubernetes).expect("there is one"),
                version,
                "{kubernetes}"
            );
            assert!(mismatch(version, kubernetes).is_none(), "{kubernetes}");
        }
        for too_old in ["v1.25.14+k3s1", "v1.29.0"] {
            let told = for_kubernetes(too_old).expect_err("there is none");
            assert!(told.iter().any(|one| one.detail.contains("1.30 and later")), "{told:?}");
        }
    }

    #[test]
    fn a_version_is_told_of_where_it_is_made_for_another_kubernetes() {
        let told = mismatch("v3.5.1", "v1.34.1+k3s1").expect("a warning");
        assert!(told.detail.ends_with("Set `version = \"v3.7.3\"`."), "{}", told.detail);
        assert_eq!(for_kubernetes("v1.36.3").expect("there is one"), "v3.7.3");
        let told = mismatch("v3.7.3", "v1.36.3").expect("a warning");
        assert!(told.detail.contains("1.33 to 1.35"), "{}", told.detail);
        assert!(told.detail.contains("as soon as there is one"), "{}", told.detail);
    }

    #[test]
    fn sidecars_are_those_that_a_version_is_released_with() {
        for (version, attacher, liveness_probe) in [
            ("v3.4.0", "v4.7.0", "v2.14.0"),
            ("v3.5.1", "v4.8.1", "v2.15.0"),
            ("v3.6.3", "v4.9.0", "v2.15.0"),
            ("v3.7.3", "v4.9.0", "v2.15.0"),
            ("v3.8.0", "v4.10.0", "v2.17.0"),
        ] {
            let sidecars = sidecars(version);
            assert_eq!((sidecars.attacher, sidecars.liveness_probe), (attacher, liveness_probe));
        }
    }
}
