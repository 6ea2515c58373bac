//! What differs between the versions of CHT: one [`Layout`] for each range of versions in which the objects are the
//! same.
//!
//! [`crate::cht::instance::objects`] reads from it and compares no versions itself. The facts are those of the official
//! charts, with one exception: the chart of 5.0.0 lets a new CouchDB pod start beside the old one, which a volume for
//! one node cannot bear. [`crate::cht::instance::plan`] says which versions are supported and for how long.

use crate::cht::version::ChtVersion;

/// What the objects of a range of versions have of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The first version of the range, which ends before the next row's.
    since: (u64, u64, u64),
    /// Where the search index runs.
    pub nouveau: NouveauPlace,
    /// How the API's pod is replaced.
    pub api: Strategy,
    /// How the pods of Sentinel, HAProxy and the health check are replaced. CouchDB's are always stopped first.
    pub others: Strategy,
    /// Whether HAProxy asks the health check about a single CouchDB node, too; about several it always does.
    pub always_has_healthcheck: bool,
    /// Whether an upgrade service can be there, which changes images on behalf of the API.
    pub has_upgrade_service: bool,
    /// Whether the API and Sentinel are told their mode and the verbosity of their logs.
    pub sets_node_env: bool,
    /// How long the pods of the API, HAProxy and CouchDB have to end; Kubernetes' default where there is nothing.
    pub grace_seconds: Option<i64>,
    /// Whether the Services of a cluster's nodes have CouchDB's port for its set-up, which CouchDB 3 no longer listens
    /// on.
    pub has_cluster_port: bool,
}

/// Where the search index runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NouveauPlace {
    /// There is none: freetext search is part of the views.
    Nowhere,
    /// In a pod of its own, with the volume of the first CouchDB node.
    OwnPod,
    /// In the pod of the first CouchDB node.
    FirstNode,
    /// In the pod of each CouchDB node.
    EachNode,
}

/// How a pod is replaced by a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The old one ends before the new one starts.
    Recreate,
    /// The old one is told to end, then the new one starts.
    OneByOne,
    /// The new one is ready before the old one ends.
    Overlapping,
}

/// All layouts, oldest first.
const LAYOUTS: [Layout; 5] = [
    Layout {
        since: (4, 0, 0),
        nouveau: NouveauPlace::Nowhere,
        api: Strategy::OneByOne,
        others: Strategy::Overlapping,
        always_has_healthcheck: true,
        has_upgrade_service: true,
        sets_node_env: false,
        grace_seconds: None,
        has_cluster_port: true,
    },
    Layout {
        since: (5, 0, 0),
        nouveau: NouveauPlace::OwnPod,
        api: Strategy::Overlapping,
        others: Strategy::Overlapping,
        always_has_healthcheck: false,
        has_upgrade_service: false,
        sets_node_env: false,
        grace_seconds: Some(0),
        has_cluster_port: false,
    },
    Layout {
        since: (5, 0, 1),
        nouveau: NouveauPlace::FirstNode,
        api: Strategy::Recreate,
        others: Strategy::Recreate,
        always_has_healthcheck: false,
        has_upgrade_service: false,
        sets_node_env: false,
        grace_seconds: Some(0),
        has_cluster_port: false,
    },
    Layout {
        since: (5, 2, 0),
        nouveau: NouveauPlace::FirstNode,
        api: Strategy::Recreate,
        others: Strategy::Recreate,
        always_has_healthcheck: false,
        has_upgrade_service: false,
        sets_node_env: true,
        grace_seconds: Some(0),
        has_cluster_port: false,
    },
    Layout {
        since: (5, 3, 0),
        nouveau: NouveauPlace::EachNode,
        api: Strategy::Recreate,
        others: Strategy::Recreate,
        always_has_healthcheck: false,
        has_upgrade_service: false,
        sets_node_env: true,
        grace_seconds: Some(0),
        has_cluster_port: false,
    },
];

impl Layout {
    /// The layout of a version; that of the newest version for all that come after it. Betas and feature releases have
    /// the layout of the release that they lead to.
    #[must_use]
    pub fn of(version: &ChtVersion) -> &'static Layout {
        let number = (version.major, version.minor, version.patch);
        let of_range = LAYOUTS.iter().rev().find(|layout| layout.since <= number);
        of_range.unwrap_or(&LAYOUTS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(version: &str) -> &'static Layout {
        Layout::of(&version.parse().expect("a version"))
    }

    #[test]
    fn each_version_has_the_layout_of_its_range() {
        for (versions, since) in [
            (["4.0.0", "4.22.0", "4.99.99"], (4, 0, 0)),
            (["5.0.0", "5.0.0-beta.1", "5.0.0-FR-nouveau"], (5, 0, 0)),
            (["5.0.1", "5.1.3", "5.1.99"], (5, 0, 1)),
            (["5.2.0", "5.2.1-beta.4", "5.2.9"], (5, 2, 0)),
            (["5.3.0-FR-archive-beta.1", "5.3.1", "6.0.0"], (5, 3, 0)),
        ] {
            for version in versions {
                assert_eq!(layout(version).since, since, "{version}");
            }
        }
    }

    #[test]
    fn the_rows_are_in_order() {
        assert!(LAYOUTS.is_sorted_by(|one, next| one.since < next.since));
    }

    #[test]
    fn an_upgrade_service_and_a_search_index_are_never_there_together() {
        for row in &LAYOUTS {
            assert_ne!(row.has_upgrade_service, row.nouveau != NouveauPlace::Nowhere, "{row:?}");
        }
    }
}
