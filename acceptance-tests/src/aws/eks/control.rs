//! What a test says to EKS: how long things take, and how they end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::Running;
use super::merge;
use super::world::World;

/// What takes its time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Work {
    /// Until a cluster is active.
    CreateCluster,
    /// Until a change of a cluster, its version among them, is through.
    UpdateCluster,
    /// Until a cluster is gone.
    DeleteCluster,
    /// Until the nodes of a group have joined.
    CreateNodegroup,
    /// Until a change of a node group is through.
    UpdateNodegroup,
    /// Until the nodes of a group are gone.
    DeleteNodegroup,
    /// Until an add-on runs.
    CreateAddon,
    /// Until a change of an add-on is through.
    UpdateAddon,
    /// Until an add-on is gone.
    DeleteAddon,
}

/// What EKS says is wrong.
#[derive(Clone, Debug)]
pub struct Issue {
    code: String,
    message: String,
    resource_ids: Vec<String>,
}

impl Issue {
    /// An issue with a code such as `NodeCreationFailure`, and what is said to people.
    pub fn new(code: &str, message: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            resource_ids: Vec::new(),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn about(mut self, resource_ids: &[&str]) -> Self {
        self.resource_ids = resource_ids.iter().map(|&id| id.to_owned()).collect();
        self
    }

    /// As the health of something has it.
    pub(super) fn health(&self) -> Value {
        json!({"issues": [{"code": self.code, "message": self.message, "resourceIds": self.resource_ids}]})
    }

    /// As the errors of an update have it.
    pub(super) fn errors(&self) -> Value {
        json!([{"errorCode": self.code, "errorMessage": self.message, "resourceIds": self.resource_ids}])
    }
}

/// EKS in an account and region.
#[derive(Debug)]
pub struct Eks<'a> {
    running: &'a Arc<Running>,
    account: &'a str,
    region: &'a str,
}

impl<'a> Eks<'a> {
    pub(in super::super) fn new(running: &'a Arc<Running>, account: &'a str, region: &'a str) -> Self {
        Self {
            running,
            account,
            region,
        }
    }

    /// From now on work takes this time, also what has begun already. With a long time, and none at all later, a test
    /// holds a status for as long as it likes. Without this it takes no time: the next look finds it done.
    pub fn takes(&self, work: Work, time: Duration) {
        self.with(|world| {
            world.pace.insert(work, time);
        });
    }

    /// Lets the next work of a kind fail.
    pub fn fails(&self, work: Work, issue: Issue) {
        self.with(|world| world.failures.push((work, issue)));
    }

    /// Lets a node group fall sick, until [`Eks::heals_node_group`].
    pub fn degrades_node_group(&self, cluster: &str, name: &str, issue: &Issue) {
        self.node_group(cluster, name, &json!({"status": "DEGRADED", "health": issue.health()}));
    }

    /// Lets a node group be well again.
    pub fn heals_node_group(&self, cluster: &str, name: &str) {
        self.node_group(cluster, name, &json!({"status": "ACTIVE", "health": {"issues": []}}));
    }

    /// Changes what a cluster says of itself, as AWS or somebody else would: members of its document.
    pub fn changes_cluster(&self, name: &str, change: &Value) {
        self.with(|world| {
            if let Some(cluster) = world.clusters.get_mut(name) {
                merge(&mut cluster.item.document, change);
            }
        });
    }

    /// Lets lists have at most so many items.
    pub fn pages_of(&self, items: usize) {
        self.with(|world| world.page_size = items.max(1));
    }

    /// Lets nodes that end leave network interfaces behind.
    pub fn leaves_interfaces(&self) {
        self.with(|world| world.leaves_interfaces = true);
    }

    /// Lets the support of a minor version end on other days, such as `2026-12-02`.
    pub fn supports(&self, version: &str, standard_until: &str, extended_until: &str) {
        let days = (standard_until.to_owned(), extended_until.to_owned());
        self.with(|world| drop(world.calendar.insert(version.to_owned(), days)));
    }

    fn node_group(&self, cluster: &str, name: &str, change: &Value) {
        self.with(|world| {
            let cluster = world.clusters.get_mut(cluster);
            if let Some(group) = cluster.and_then(|cluster| cluster.node_groups.get_mut(name)) {
                merge(&mut group.document, change);
            }
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.running.shared().clusters.world(self.account, self.region, look)
    }
}
