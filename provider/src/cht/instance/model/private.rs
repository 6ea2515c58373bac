//! What is kept beside the state, where no user sees it.

use serde::{Deserialize, Serialize};

/// What is kept beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The namespace of the instance that a planned one replaces: the host is handed over. The core plans the second
    /// half of a replacement like any creation, and this is what it passes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cht::instance) replaces: Option<String>,
    /// What tells the cluster of the instance from others, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cht::instance) cluster: Option<String>,
    /// When the instance was made or taken, as its record says until something is changed: who took it since has
    /// another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cht::instance) made: Option<String>,
}

impl Private {
    /// That of an instance in a cluster.
    pub(in crate::cht::instance) fn in_cluster(cluster: Option<String>) -> Self {
        Private {
            cluster,
            ..Private::default()
        }
    }
}
