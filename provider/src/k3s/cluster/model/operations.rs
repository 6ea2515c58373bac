//! How servers are changed and removed.

use std::time::Duration;

use tf_framework::Model;
use tf_framework::custom_types::Text;
use tf_framework::schema::Validator;

/// How servers, and agents with them, are changed.
#[derive(Clone, Default, Model)]
pub struct Upgrade {
    /// Whether pods are moved away before a server gets another version. Default: `true` where there is another node to move them to.
    pub drain: Option<bool>,
    /// How long moving pods away may take for each server. Default: `5m`.
    pub drain_timeout: Option<Text<Duration>>,
    /// Whether a snapshot of etcd is taken before anything that could harm it. Default: `true`.
    pub snapshot: Option<bool>,
    /// How many agents are changed at the same time. Servers are always changed one by one. Default: 1.
    #[tf(validate(Validator::between(1..=1000)))]
    pub max_unavailable: Option<i64>,
}

/// What happens when the cluster, or a server of it, is removed.
#[derive(Clone, Default, Model)]
pub struct OnDestroy {
    /// Whether pods are moved away before a server is removed from a cluster that goes on. Default: `true`.
    pub drain: Option<bool>,
    /// Whether the snapshots of etcd stay on the hosts. Default: `false`.
    pub keep_snapshots: Option<bool>,
    /// Whether hosts are cleaned up although volumes are attached to them, whose data could be harmed. Default: `false`.
    pub force: Option<bool>,
}
