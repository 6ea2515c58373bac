//! What there is in an account and region, and how it changes with time: a change begins, takes as long as the test
//! says, and then becomes visible, or fails.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::control::{Issue, Work};
use super::merge;
use super::surroundings::{Done, Errand};

/// Add-ons that run on nodes of their own choice, and have to wait for the first.
const NEEDS_NODES: [&str; 5] = [
    "aws-ebs-csi-driver",
    "cert-manager",
    "coredns",
    "metrics-server",
    "snapshot-controller",
];

/// Everything in an account and region.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// How many items a list has at most.
    pub(super) page_size: usize,
    /// Whether nodes leave their network interfaces behind.
    pub(super) leaves_interfaces: bool,
    /// Versions whose support ends otherwise than in the catalog: minor, end of standard and of extended support.
    pub(super) calendar: BTreeMap<String, (String, String)>,
    pub(super) pace: BTreeMap<Work, Duration>,
    pub(super) failures: Vec<(Work, Issue)>,
    errands: Vec<Errand>,
}

/// A cluster with what belongs to it.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    pub(super) item: Item,
    pub(super) node_groups: BTreeMap<String, Item>,
    pub(super) addons: BTreeMap<String, Item>,
    /// By the ARN of the principal.
    pub(super) access_entries: BTreeMap<String, AccessEntry>,
    /// By their ids.
    pub(super) associations: BTreeMap<String, Item>,
    pub(super) updates: Vec<Update>,
    /// The last minor version that it was raised from.
    pub(super) raised_from: Option<String>,
}

/// Who may do what in a cluster.
#[derive(Debug, Default)]
pub(super) struct AccessEntry {
    pub(super) item: Item,
    /// By the ARN of the policy.
    pub(super) policies: BTreeMap<String, Value>,
}

/// Something with a document, and what happens to it.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) document: Value,
    /// What it was created with: the same again is no second one.
    pub(super) request: Value,
    pub(super) change: Option<Change>,
    /// What was made for it elsewhere.
    pub(super) made: Vec<(String, String)>,
}

/// A change that has begun.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) work: Work,
    pub(super) since: Instant,
    /// What becomes of the document, or nothing if it vanishes.
    pub(super) becomes: Option<Value>,
}

/// What is known of a change that was asked for.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) document: Value,
    pub(super) request: Value,
    /// `None` is the cluster itself.
    pub(super) of: Option<Part>,
}

/// A part of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    NodeGroup(String),
    Addon(String),
}

impl Default for World {
    fn default() -> Self {
        Self {
            clusters: BTreeMap::new(),
            page_size: 100,
            leaves_interfaces: false,
            calendar: BTreeMap::new(),
            pace: BTreeMap::new(),
            failures: Vec::new(),
            errands: Vec::new(),
        }
    }
}

impl World {
    /// Lets happen what is due, and answers what is to be done elsewhere.
    pub(super) fn settle(&mut self) -> Vec<Errand> {
        let mut errands = std::mem::take(&mut self.errands);
        let pace = &self.pace;
        for (name, cluster) in &mut self.clusters {
            for group in cluster.node_groups.values_mut() {
                if group.settle(pace) == Settled::Vanished {
                    let leaves = self.leaves_interfaces.then(|| name.clone());
                    errands.push(Errand::RemoveNodes(std::mem::take(&mut group.made), leaves));
                }
            }
            cluster.node_groups.retain(|_, item| !item.document.is_null());
            for addon in cluster.addons.values_mut() {
                if addon.settle(pace) == Settled::Vanished {
                    let arn = addon.request["addonArn"].clone();
                    cluster
                        .associations
                        .retain(|_, association| association.document["ownerArn"] != arn);
                }
            }
            cluster.addons.retain(|_, item| !item.document.is_null());
            if cluster.item.settle(pace) == Settled::Vanished {
                errands.push(Errand::RemoveNetwork(std::mem::take(&mut cluster.item.made)));
            }
            cluster.finish_updates();
            cluster.look_for_nodes();
        }
        self.clusters.retain(|_, cluster| !cluster.item.document.is_null());
        errands
    }

    /// Leaves something to be done elsewhere before the request is answered.
    pub(super) fn errand(&mut self, errand: Errand) {
        self.errands.push(errand);
    }

    /// Takes down what was made elsewhere, and for whom.
    pub(super) fn note(&mut self, done: Done) {
        let Some(cluster) = self.clusters.get_mut(&done.cluster) else {
            return;
        };
        let item = match &done.node_group {
            None => &mut cluster.item,
            Some(name) => match cluster.node_groups.get_mut(name) {
                Some(group) => group,
                None => return,
            },
        };
        item.made.extend(done.made);
        match &mut item.change {
            // It is told when the change is over.
            Some(Change {
                becomes: Some(becomes), ..
            }) => merge(becomes, &done.becomes),
            _ => merge(&mut item.document, &done.becomes),
        }
    }

    /// The failure that is planned for the next work of a kind.
    pub(super) fn failure(&mut self, work: Work) -> Option<Issue> {
        let position = self.failures.iter().position(|(planned, _)| *planned == work)?;
        Some(self.failures.remove(position).1)
    }
}

/// What became of a change.
#[derive(Debug, PartialEq)]
enum Settled {
    No,
    Changed,
    Vanished,
}

impl Item {
    /// With a document and the request that it came from.
    pub(super) fn new(document: Value, request: Value) -> Self {
        Self {
            document,
            request,
            ..Self::default()
        }
    }

    /// Begins a change.
    pub(super) fn begin(&mut self, work: Work, status: &str, becomes: Option<Value>) {
        merge(&mut self.document, &json!({"status": status}));
        self.change = Some(Change {
            work,
            since: Instant::now(),
            becomes,
        });
    }

    /// Its status.
    pub(super) fn status(&self) -> &str {
        self.document["status"].as_str().unwrap_or_default()
    }

    /// The name of something that was made for it.
    pub(super) fn made(&self, kind: &str) -> Option<&str> {
        let found = self.made.iter().find(|(made, _)| made == kind);
        found.map(|(_, name)| name.as_str())
    }

    fn settle(&mut self, pace: &BTreeMap<Work, Duration>) -> Settled {
        let due = |change: &mut Change| change.since.elapsed() >= pace.get(&change.work).copied().unwrap_or_default();
        let Some(change) = self.change.take_if(due) else {
            return Settled::No;
        };
        match change.becomes {
            Some(becomes) => {
                merge(&mut self.document, &becomes);
                Settled::Changed
            }
            None => {
                // The request still tells what it was.
                merge(&mut self.request, &json!({"addonArn": self.document["addonArn"]}));
                self.document = Value::Null;
                Settled::Vanished
            }
        }
    }
}

impl Cluster {
    /// The item of a part, or the cluster's own.
    pub(super) fn part(&self, part: &Option<Part>) -> Option<&Item> {
        match part {
            None => Some(&self.item),
            Some(Part::NodeGroup(name)) => self.node_groups.get(name),
            Some(Part::Addon(name)) => self.addons.get(name),
        }
    }

    /// Updates are over when what they change has changed. One that fails was told so from the start.
    fn finish_updates(&mut self) {
        let over: Vec<bool> = self
            .updates
            .iter()
            .map(|update| self.part(&update.of).is_none_or(|item| item.change.is_none()))
            .collect();
        for (update, over) in self.updates.iter_mut().zip(over) {
            if over && update.document["status"] == "InProgress" {
                let errors = update.request["errors"].clone();
                let failed = errors.is_array();
                let status = if failed { "Failed" } else { "Successful" };
                merge(&mut update.document, &json!({"status": status}));
                if failed {
                    merge(&mut update.document, &json!({"errors": errors}));
                }
            }
        }
    }

    /// Whether there are nodes.
    fn has_nodes(&self) -> bool {
        let mut groups = self.node_groups.values();
        self.item.document["computeConfig"]["enabled"] == true
            || groups.any(|group| matches!(group.status(), "ACTIVE" | "UPDATING" | "DEGRADED"))
    }

    /// Add-ons whose pods have no node are degraded until there is one.
    fn look_for_nodes(&mut self) {
        let has_nodes = self.has_nodes();
        for (name, addon) in &mut self.addons {
            if !NEEDS_NODES.contains(&name.as_str()) {
                continue;
            }
            let waits = addon.document["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas";
            match addon.status() {
                "ACTIVE" if !has_nodes => {
                    let message = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
                    let issue = json!({"code": "InsufficientNumberOfReplicas", "message": message});
                    let change = json!({"status": "DEGRADED", "health": {"issues": [issue]}});
                    merge(&mut addon.document, &change);
                }
                "DEGRADED" if has_nodes && waits => {
                    merge(
                        &mut addon.document,
                        &json!({"status": "ACTIVE", "health": {"issues": []}}),
                    );
                }
                _ => {}
            }
        }
    }
}
