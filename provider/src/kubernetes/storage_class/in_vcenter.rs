//! Whether the storage policy and the datastore that a class of vSphere names are in the vCenter. If one is not, the
//! class can be made, and every claim for it waits for ever; so does a pod on a node whose host does not reach the
//! datastore.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::StorageClassResource;
use super::model::{StorageClassModel, StorageClassModelDraft};
use crate::kubernetes::LiveObject;
use crate::kubernetes::in_plan::known_cluster;
use crate::provider::Clients;

/// What makes volumes by storage policies and on datastores.
const PROVISIONER: &str = "csi.vsphere.vmware.com";
/// How it is told which policy, in whatever case.
const POLICY: &str = "storagepolicyname";
/// How it is told which datastore.
const DATASTORE: &str = "datastoreurl";

/// What the provider ids of nodes on vSphere begin with.
const SCHEME: &str = "vsphere://";

/// How many datastores are told where one is not found.
const LISTED: usize = 20;

/// Asks the vCenter of the provider block, if there is one and it tells, for what a class names that is to be made. A
/// class that is to name something else is replaced, and so planned once more as a new one.
pub(super) async fn check(
    cx: &Context<StorageClassResource>,
    plan: &Plan<'_, '_, StorageClassResource>,
) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned().filter(|_| plan.prior.is_none()) else {
        return Ok(());
    };
    let mut diagnostics = Diagnostics::new();
    if let Some((key, policy)) = named(&planned, POLICY)
        && let Some(policies) = Clients::storage_policies(cx).await
        && is_missing(&policies, &policy)
    {
        diagnostics.push(no_policy(&policy, &policies).at(path(&key)));
    }
    if let Some((key, url)) = named(&planned, DATASTORE)
        && let Some(datastores) = Clients::datastores_by_url(cx).await
    {
        match problem_of(&datastores, &url) {
            Some(problem) => diagnostics.push(problem.at(path(&key))),
            None => warn_of_reach(cx, plan, &url, path(&key)).await?,
        }
    }
    diagnostics.into_result(())
}

/// Warns of nodes of the cluster whose hosts do not reach a datastore, as far as that can be seen.
async fn warn_of_reach(
    cx: &Context<StorageClassResource>,
    plan: &Plan<'_, '_, StorageClassResource>,
    url: &str,
    path: Path,
) -> Result<(), Diagnostics> {
    let Some(access) = known_cluster(cx, &plan.config.kubernetes).await? else {
        return Ok(());
    };
    // Who may not list nodes is told nothing of them.
    let nodes = access.cluster.nodes().await.unwrap_or_default();
    let machines: Vec<&str> = nodes
        .iter()
        .filter_map(provider_id)
        .filter(|id| id.starts_with(SCHEME))
        .collect();
    let without = Clients::out_of_reach(cx, url, &machines).await.unwrap_or_default();
    if !without.is_empty() {
        let is_without = |node: &&LiveObject| provider_id(node).is_some_and(|id| without.contains(&id));
        let names: Vec<&str> = nodes
            .iter()
            .filter(is_without)
            .map(|node| node.key().name.as_str())
            .collect();
        let detail = format!(
            "The hosts of these nodes do not reach the datastore `{url}`: {}. Pods on them cannot use volumes of the class. Connect the \
             datastore to all hosts of the cluster, or name one that they share.",
            names.join(", ")
        );
        cx.warn(Diagnostic::warning("Datastore out of reach of nodes", detail).at(path));
    }
    Ok(())
}

fn provider_id(node: &LiveObject) -> Option<&str> {
    node.json().pointer("/spec/providerID").and_then(Json::as_str)
}

/// What a class tells vSphere by a parameter, and how that is written.
fn named(planned: &StorageClassModelDraft, parameter: &str) -> Option<(String, String)> {
    let provisioner = planned.storage_provisioner.known()?;
    let mut parameters = planned.parameters.known()?.iter();
    let (key, value) = parameters.find(|(key, _)| key.eq_ignore_ascii_case(parameter))?;
    match value {
        Attr::Known(value) if provisioner == PROVISIONER => Some((key.clone(), value.clone())),
        _ => None,
    }
}

fn path(parameter: &str) -> Path {
    Path::new(StorageClassModel::PARAMETERS).key(parameter)
}

fn no_policy(policy: &str, policies: &[String]) -> Diagnostic {
    let detail = format!(
        "The vCenter of the provider block has no storage policy `{policy}`, so no volume of the class could be made. The policies \
         that its user may see are: {}.\n\nGive the name of one of them as it is written there. If the volumes are made in another \
         vCenter, let the class use a provider block that has that one, or none.",
        policies.join(", ")
    );
    Diagnostic::error("Storage policy not found", detail)
}

/// Whether a vCenter that shows these policies lacks one. Each has some: whoever is shown none may not see them.
fn is_missing(policies: &[String], policy: &str) -> bool {
    !policies.is_empty() && policies.iter().all(|other| other != policy)
}

/// What is wrong with a URL in a vCenter that shows these datastores. Whoever is shown none may not see them.
fn problem_of(datastores: &BTreeMap<String, String>, url: &str) -> Option<Diagnostic> {
    // The driver compares them like this.
    if datastores.is_empty() || datastores.keys().any(|other| other.trim() == url.trim()) {
        return None;
    }
    let first = datastores.iter().take(LISTED);
    let mut there: Vec<String> = first.map(|(url, name)| format!("`{url}` ({name})")).collect();
    if datastores.len() > LISTED {
        there.push(format!("and {} more", datastores.len() - LISTED));
    }
    let detail = format!(
        "The vCenter of the provider block has no datastore with the URL `{url}`, so no volume of the class could be made. The \
         datastores that its user may see are: {}.\n\nGive the URL of one of them as it is written there, slashes included: \
         `data.cht_vsphere_datastore` has it as `url`. If the volumes are made in another vCenter, let the class use a provider \
         block that has that one, or none.",
        there.join(", ")
    );
    Some(Diagnostic::error("Datastore not found", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_see_no_policies_is_not_told_that_one_is_missing() {
        let policies = ["gold".to_owned(), "silver".to_owned()];
        assert!(is_missing(&policies, "Gold"));
        assert!(!is_missing(&policies, "gold"));
        assert!(!is_missing(&[], "gold"));
    }

    #[test]
    fn a_url_is_that_of_a_datastore_to_the_last_slash() {
        let datastores = BTreeMap::from([("ds:///vmfs/volumes/5f2c/".to_owned(), "ssd-1".to_owned())]);
        assert!(problem_of(&datastores, " ds:///vmfs/volumes/5f2c/").is_none());
        let told = problem_of(&datastores, "ds:///vmfs/volumes/5f2c").expect("the driver would not find it");
        assert!(
            told.detail.contains("`ds:///vmfs/volumes/5f2c/` (ssd-1)"),
            "{}",
            told.detail
        );
        assert!(problem_of(&BTreeMap::new(), "ds:///vmfs/volumes/5f2c").is_none());
    }
}
