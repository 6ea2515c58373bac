//! EKS: what moto has too little of. Everything that takes AWS minutes takes as long here as a test says, and ends as
//! it says. Parameters come as botocore reads them, and every answer is held to botocore's description of the service.
//!
//! API: rest-json; the members of documents are AWS's own, so they are kept as they are answered.
//!
//! - `world`: what there is in an account and region, and how it changes with time.
//! - `clusters`, `node_groups`, `addons`, `updates`, `access`, `pod_identity`, `tags`: the operations.
//! - `catalog`: versions of Kubernetes and of add-ons.
//! - `surroundings`: what EKS reads and makes in EC2, Auto Scaling and IAM, which moto plays.
//! - `control`: what a test says.

mod access;
mod addons;
mod catalog;
mod clusters;
mod control;
mod node_groups;
mod pod_identity;
mod refusals;
mod surroundings;
mod tags;
mod updates;
mod world;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::gateway::{Caller, Read};
use super::moto::Moto;
use super::refusal::Answered;
use crate::k3s::certificates;
use surroundings::Surroundings;
use world::World;

pub(super) use catalog::seconds;
pub use control::{Eks, Issue, Work};

/// The clusters of all accounts and regions.
#[derive(Debug)]
pub(super) struct Clusters {
    worlds: Mutex<BTreeMap<(String, String), World>>,
    api_server: Mutex<ApiServer>,
}

/// What a cluster says of its API server.
#[derive(Clone, Debug)]
pub(super) struct ApiServer {
    /// Its URL; if there is none, one that leads nowhere.
    pub(super) endpoint: Option<String>,
    /// The certificate of the authority that signed its own.
    pub(super) ca_pem: String,
}

/// Who somebody is in a cluster.
#[derive(Debug, PartialEq)]
pub(super) struct Identity {
    pub(super) username: String,
    pub(super) uid: String,
    pub(super) groups: Vec<String>,
}

/// One request, with all that an operation works on.
struct Asked<'a> {
    world: &'a mut World,
    parameters: &'a Map<String, Value>,
    account: &'a str,
    region: &'a str,
    caller: &'a Caller,
    surroundings: &'a Surroundings,
    api_server: ApiServer,
}

/// What an operation answers.
type Outcome = Result<Value, Answered>;

impl Clusters {
    pub(super) fn new() -> Result<Self> {
        let authority = certificates::authority("eks-ca")?;
        Ok(Self {
            worlds: Mutex::default(),
            api_server: Mutex::new(ApiServer {
                endpoint: None,
                ca_pem: authority.certificate,
            }),
        })
    }

    /// Which API server clusters have from now on, also those that are there.
    pub(super) fn serve(&self, endpoint: &str, ca_pem: &str) {
        *self.api_server.lock().unwrap_or_else(PoisonError::into_inner) = ApiServer {
            endpoint: Some(endpoint.to_owned()),
            ca_pem: ca_pem.to_owned(),
        };
    }

    /// Carries out a request: an answer, or an error in the words of EKS.
    pub(super) async fn answer(&self, moto: &Moto, read: &Read, caller: &Caller) -> Result<Outcome> {
        let operation = read.operation.as_deref().unwrap_or_default();
        let empty = Map::new();
        let parameters = read.parameters.as_object().unwrap_or(&empty);
        self.settle(moto, &caller.account, &read.region).await?;
        let surroundings = Surroundings::look(moto, operation, parameters, caller, &read.region).await?;
        let outcome = {
            let api_server = self.api_server.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (caller.account.clone(), read.region.clone());
            operate(
                operation,
                Asked {
                    world: worlds.entry(key).or_default(),
                    parameters,
                    account: &caller.account,
                    region: &read.region,
                    caller,
                    surroundings: &surroundings,
                    api_server,
                },
            )
        };
        // What the operation left to do elsewhere is done before it is answered.
        self.settle(moto, &caller.account, &read.region).await?;
        Ok(outcome)
    }

    /// The names of the clusters of a region, in whatever account.
    pub(super) fn names(&self, region: &str) -> Vec<String> {
        let worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        let here = worlds.iter().filter(|((_, other), _)| other == region);
        here.flat_map(|(_, world)| world.clusters.keys().cloned()).collect()
    }

    /// Who a caller is in a cluster of the same account, or why nobody.
    pub(super) fn identify(&self, caller: &Caller, region: &str, cluster: &str) -> Result<Identity, String> {
        self.world(&caller.account, region, |world| match world.clusters.get(cluster) {
            None => Err(format!("there is no cluster {cluster} in the account of the caller")),
            Some(cluster) => access::identify(cluster, caller),
        })
    }

    /// Lets happen what is due.
    async fn settle(&self, moto: &Moto, account: &str, region: &str) -> Result<()> {
        let errands = self.world(account, region, World::settle);
        for errand in errands {
            let done = surroundings::run(moto, account, region, errand).await?;
            self.world(account, region, |world| world.note(done));
        }
        Ok(())
    }

    /// Looks at, or changes, what there is in an account and region.
    fn world<T>(&self, account: &str, region: &str, look: impl FnOnce(&mut World) -> T) -> T {
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        look(worlds.entry((account.to_owned(), region.to_owned())).or_default())
    }
}

fn operate(operation: &str, asked: Asked<'_>) -> Outcome {
    match operation {
        "CreateCluster" => clusters::create(asked),
        "DescribeCluster" => clusters::describe(&asked),
        "ListClusters" => clusters::list(&asked),
        "DeleteCluster" => clusters::delete(asked),
        "UpdateClusterConfig" => clusters::updates::config(asked),
        "UpdateClusterVersion" => clusters::updates::version(asked),
        "AssociateEncryptionConfig" => clusters::updates::encryption(asked),
        "DescribeUpdate" => updates::describe(&asked),
        "ListUpdates" => updates::list(&asked),
        "DescribeClusterVersions" => catalog::cluster_versions(&asked),
        "CreateNodegroup" => node_groups::create(asked),
        "DescribeNodegroup" => node_groups::describe(&asked),
        "ListNodegroups" => node_groups::list(&asked),
        "DeleteNodegroup" => node_groups::delete(asked),
        "UpdateNodegroupConfig" => node_groups::updates::config(asked),
        "UpdateNodegroupVersion" => node_groups::updates::version(asked),
        "CreateAddon" => addons::create(asked),
        "DescribeAddon" => addons::describe(&asked),
        "ListAddons" => addons::list(&asked),
        "UpdateAddon" => addons::update(asked),
        "DeleteAddon" => addons::delete(asked),
        "DescribeAddonVersions" => catalog::addon_versions(&asked),
        "DescribeAddonConfiguration" => catalog::addon_configuration(&asked),
        "CreateAccessEntry" => access::create(asked),
        "DescribeAccessEntry" => access::describe(&asked),
        "ListAccessEntries" => access::list(&asked),
        "UpdateAccessEntry" => access::update(asked),
        "DeleteAccessEntry" => access::delete(asked),
        "AssociateAccessPolicy" => access::associate(asked),
        "DisassociateAccessPolicy" => access::disassociate(asked),
        "ListAssociatedAccessPolicies" => access::associated(&asked),
        "ListAccessPolicies" => access::policies(&asked),
        "CreatePodIdentityAssociation" => pod_identity::create(asked),
        "DescribePodIdentityAssociation" => pod_identity::describe(&asked),
        "ListPodIdentityAssociations" => pod_identity::list(&asked),
        "UpdatePodIdentityAssociation" => pod_identity::update(asked),
        "DeletePodIdentityAssociation" => pod_identity::delete(asked),
        "TagResource" => tags::add(asked),
        "UntagResource" => tags::remove(asked),
        "ListTagsForResource" => tags::list(&asked),
        _ => Err(refusals::unplayed(operation)),
    }
}

impl<'a> Asked<'a> {
    /// A parameter that is text; botocore's description has seen to it that required ones are there.
    fn text(&self, name: &str) -> &'a str {
        self.parameters.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A parameter, or null.
    fn value(&self, name: &str) -> Value {
        self.parameters.get(name).cloned().unwrap_or_default()
    }

    /// The ARN of something.
    fn arn(&self, what: &str) -> String {
        format!("arn:aws:eks:{}:{}:{what}", self.region, self.account)
    }

    /// A page of a list under its name.
    fn page(&self, name: &str, items: Vec<Value>) -> Outcome {
        let size = self.parameters.get("maxResults").and_then(Value::as_u64);
        let size = usize::try_from(size.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let size = size.min(self.world.page_size);
        let start = match self.parameters.get("nextToken").and_then(Value::as_str) {
            None => 0,
            Some(token) => token
                .strip_prefix("from-")
                .and_then(|start| start.parse().ok())
                .ok_or_else(|| refusals::invalid("The nextToken is invalid"))?,
        };
        let page: Vec<&Value> = items.iter().skip(start).take(size).collect();
        let mut answer = json!({name: page});
        if start.saturating_add(size) < items.len() {
            merge(&mut answer, &json!({"nextToken": format!("from-{}", start + size)}));
        }
        Ok(answer)
    }
}

/// Changes a document: members of structures one by one, everything else as a whole; null takes a member away.
fn merge(document: &mut Value, change: &Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *document, change) else {
        *document = change.clone();
        return;
    };
    for (name, change) in changes {
        match change {
            Value::Null => drop(members.remove(name)),
            Value::Object(_) => merge(members.entry(name).or_insert_with(|| json!({})), change),
            change => drop(members.insert(name.clone(), change.clone())),
        }
    }
}

/// The time, as documents have it.
pub(super) fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|since| since.as_secs_f64()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_changes_members_and_replaces_the_rest() {
        let mut document = json!({"a": {"b": 1, "c": [1]}, "d": 1});
        merge(&mut document, &json!({"a": {"c": [2]}, "d": null, "e": {"f": 1}}));
        assert_eq!(document, json!({"a": {"b": 1, "c": [2]}, "e": {"f": 1}}));
    }
}
