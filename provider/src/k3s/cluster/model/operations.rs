//! How servers are changed and removed, and how their data is brought back.

use std::time::Duration;

use secrecy::SecretString;
use tf_framework::custom_types::Text;
use tf_framework::schema::Validator;
use tf_framework::{Model, WriteOnly};

/// How servers, and agents with them, are changed.
#[derive(Clone, Default, Model)]
pub struct Upgrade {
    /// Whether pods are moved away before a server gets another version. Default: `true` where there is another node to
    /// move them to.
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
    /// Whether hosts are cleaned up although they have volumes or volumes are attached to them, whose data is lost or
    /// could be harmed, whether a server that does not answer is taken for gone although its node is ready or it
    /// refuses the login, and whether a cluster is given up none of whose servers answers. Default: `false`.
    pub force: Option<bool>,
}

/// A snapshot of etcd that takes the place of the data.
#[derive(Clone, Model)]
pub struct RestoreFrom {
    /// Path of the snapshot on a server, or its name in the bucket of `snapshots.s3`. The data source
    /// `cht_k3s_snapshots` lists them.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub snapshot: String,
    /// Name of the server that has the snapshot, and is the first to come up. Default: the first of `servers`.
    pub server: Option<String>,
    /// Token that the cluster had when the snapshot was taken, if not the one that it has now; never stored in a plan
    /// or the state. The cluster goes on with it.
    #[tf(validate(Validator::not_empty()))]
    pub token: WriteOnly<SecretString>,
}
