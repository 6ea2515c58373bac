//! What the official charts make of values that are not there, of which platform and which of the two charts they are
//! for.

use super::source::Source;

/// The two charts, which differ in keys and in what they take for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chart {
    /// For CHT 4.
    Four,
    /// For CHT 5.
    Five,
}

/// `cluster_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Eks,
    Gke,
    K3s,
}

/// Where the official images are.
pub(super) const REGISTRY: &str = "public.ecr.aws/medic";

/// The official images of the service with which CHT 4 upgrades itself.
pub(super) const UPGRADE_SERVICE_IMAGE: &str = "medicmobile/upgrade-service";

/// The secret of the certificate in CHT 4 on k3s.
pub(super) const TLS_SECRET: &str = "api-tls-secret";

/// Nodes of CouchDB in a cluster, unless the values say otherwise.
pub(super) const CLUSTER_SIZE: i64 = 3;

impl Chart {
    /// The chart for a release.
    pub(super) fn of(major: u64) -> Self {
        if major < 5 { Self::Four } else { Self::Five }
    }

    /// The size of a data volume, where there is one that can be used.
    pub(super) fn storage_size(self) -> Option<&'static str> {
        match self {
            Self::Four => Some("100Mi"),
            Self::Five => None,
        }
    }

    /// The storage class of volumes that the chart has made.
    pub(super) fn storage_class(self, platform: Platform) -> Option<&'static str> {
        match (self, platform) {
            (_, Platform::Eks) => Some("ebs-gp2"),
            (_, Platform::Gke) => Some("standard-rwo"),
            (Self::Five, Platform::K3s) => Some("local-path"),
            // There are only directories of nodes.
            (Self::Four, Platform::K3s) => None,
        }
    }
}

impl Platform {
    pub(super) fn read(source: &mut Source) -> Self {
        match source.text("cluster_type").as_deref() {
            None | Some("eks") => Self::Eks,
            Some("gke") => Self::Gke,
            Some("k3s-k3d" | "k3s") => Self::K3s,
            Some(_) => {
                source.problem("`cluster_type` has to be `eks`, `gke` or `k3s-k3d`.");
                Self::Eks
            }
        }
    }
}
