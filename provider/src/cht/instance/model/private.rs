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
    /// The creation that made the instance or took it, as its record says: who took it since is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cht::instance) creation: Option<String>,
    /// The creation with whose instance that one goes on, which the record names until it is written anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cht::instance) goes_on_from: Option<String>,
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
