//! The add-ons that come with a cluster. Those that run without nodes are waited for; what waits for nodes itself is
//! only begun, and a cluster without nodes is none the worse for it.

use aws_sdk_eks::operation::create_addon::builders::CreateAddonInputBuilder;
use aws_sdk_eks::operation::update_addon::builders::UpdateAddonInputBuilder;
use aws_sdk_eks::types::{Addon as Installed, AddonStatus, ResolveConflicts};
use tf_framework::Attr;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostics, error_chain};
use tf_framework::path::Path;

use super::super::diagnostics::{explain, explained};
use super::super::eks::addons::{AddonId, default_version};
use super::super::eks::refusals::is_in_use;
use super::live::Live;
use super::model::{Addon, EksClusterModel};
use super::steps::Work;

const SUMMARY: &str = "Unable to make the add-on";

/// Add-ons that are well without any node: what they run is one pod for each.
const WITHOUT_NODES: [&str; 4] = [
    "eks-node-monitoring-agent",
    "eks-pod-identity-agent",
    "kube-proxy",
    "vpc-cni",
];

/// What EKS is asked for.
enum Order {
    New(CreateAddonInputBuilder),
    Change(UpdateAddonInputBuilder),
}

/// Brings the add-ons to what is wanted; those that were wanted before and are not any more are removed.
pub(super) async fn settle(work: &Work<'_>, prior: Option<&EksClusterModel>, live: &Live) -> Result<(), Diagnostics> {
    let cluster = &work.model.name;
    for name in surplus(prior, work.model) {
        let deleted = work.account.delete_addon(AddonId { cluster, name }, false).await;
        deleted.map_err(|error| explain("Unable to remove the add-on", &error).at(EksClusterModel::ADDONS))?;
        wait(work, name).await?;
    }
    for (name, addon) in &work.model.addons {
        begin(work, name, addon, live.addons.get(name))
            .await
            .map_err(|errors| errors.at(path(name)))?;
    }
    for name in work.model.addons.keys() {
        wait(work, name).await.map_err(|errors| errors.at(path(name)))?;
    }
    Ok(())
}

/// Those that were wanted before, and are not any more.
fn surplus<'a>(prior: Option<&'a EksClusterModel>, wanted: &EksClusterModel) -> Vec<&'a str> {
    let before = prior.into_iter().flat_map(|prior| prior.addons.keys());
    let surplus = before.filter(|name| !wanted.addons.contains_key(*name));
    surplus.map(String::as_str).collect()
}

fn path(name: &str) -> Path {
    Path::new(EksClusterModel::ADDONS).key(name)
}

/// Begins to make an add-on, or to bring the one that is there to what is wanted.
async fn begin(work: &Work<'_>, name: &str, addon: &Addon, has: Option<&Installed>) -> Result<(), Diagnostics> {
    let mut has = has;
    if has.is_some_and(|has| has.status() == Some(&AddonStatus::CreateFailed)) {
        let deleted = work.account.delete_addon(id(work, name), false).await;
        deleted.map_err(explained(SUMMARY))?;
        wait(work, name).await?;
        has = None;
    }
    let Some(has) = has else {
        let version = addon.version.known().cloned();
        return order(work, name, &Order::New(creation(work, name, addon, version))).await;
    };
    let version = match &addon.version {
        Attr::Known(version) => Some(version.clone()),
        // The cluster has another version now, or it is an add-on of an earlier apply.
        _ => {
            let kubernetes = &work.model.version;
            let versions = work.account.versions_of_addon(name, kubernetes).await;
            default_version(&versions.map_err(explained(SUMMARY))?, kubernetes).map(str::to_owned)
        }
    };
    let is_other = version.is_some() && version.as_deref() != has.addon_version();
    let configured = has.configuration_values().filter(|values| *values != "{}");
    if !is_other && addon.configuration_values.as_deref() == configured {
        return Ok(());
    }
    order(work, name, &Order::Change(change(work, name, addon, version))).await
}

/// What names an add-on of the cluster.
fn id<'a>(work: &Work<'a>, name: &'a str) -> AddonId<'a> {
    AddonId {
        cluster: &work.model.name,
        name,
    }
}

/// A new add-on. What it finds in the cluster under its names becomes its own.
fn creation(work: &Work<'_>, name: &str, addon: &Addon, version: Option<String>) -> CreateAddonInputBuilder {
    CreateAddonInputBuilder::default()
        .cluster_name(&work.model.name)
        .addon_name(name)
        .set_addon_version(version)
        .set_configuration_values(addon.configuration_values.clone())
        .resolve_conflicts(ResolveConflicts::Overwrite)
        .set_tags(Some(work.tags().into_iter().collect()))
}

/// A change of an add-on. Without a configuration it has its defaults again.
fn change(work: &Work<'_>, name: &str, addon: &Addon, version: Option<String>) -> UpdateAddonInputBuilder {
    let configuration = addon.configuration_values.as_deref();
    UpdateAddonInputBuilder::default()
        .cluster_name(&work.model.name)
        .addon_name(name)
        .set_addon_version(version)
        .configuration_values(configuration.unwrap_or("{}"))
        .resolve_conflicts(ResolveConflicts::Overwrite)
}

/// Orders an add-on, or a change of it, as soon as nothing else is done with it.
async fn order(work: &Work<'_>, name: &str, order: &Order) -> Result<(), Diagnostics> {
    let what = format!("EKS to begin with the add-on `{name}`");
    let is_new = matches!(order, Order::New(_));
    work.cx
        .wait(&what, Backoff::QUICK, async || {
            let ordered = match order {
                Order::New(new) => work.account.create_addon(new.clone()).await,
                Order::Change(change) => work.account.update_addon(change.clone()).await.map(drop),
            };
            match ordered {
                Ok(()) => Ok(Progress::Ready(())),
                // A lost answer to an earlier try has made it.
                Err(error) if is_new && (is_in_use(&error) || error.is_unanswered()) => {
                    let found = work.account.addon(id(work, name)).await;
                    match found.map_err(explained(SUMMARY))? {
                        Some(_) => Ok(Progress::Ready(())),
                        None => Ok(Progress::Pending(error_chain(&error))),
                    }
                }
                Err(error) if is_in_use(&error) || error.is_not_carried_out() => {
                    Ok(Progress::Pending(error_chain(&error)))
                }
                Err(error) => Err(explain(SUMMARY, &error)),
            }
        })
        .await
}

/// Waits until an add-on is done with what it was told, if it can be without nodes, or is gone.
async fn wait(work: &Work<'_>, name: &str) -> Result<(), Diagnostics> {
    let what = format!("the add-on `{name}`");
    work.cx
        .wait(&what, Backoff::QUICK, async || {
            let found = match work.account.addon(id(work, name)).await {
                Ok(found) => found,
                Err(error) if error.is_unseen() => return Ok(Progress::Pending(error_chain(&error))),
                Err(error) => return Err(explain(SUMMARY, &error)),
            };
            let Some(addon) = found else {
                return Ok(Progress::Ready(()));
            };
            match addon.status() {
                Some(AddonStatus::CreateFailed | AddonStatus::UpdateFailed | AddonStatus::DeleteFailed) => {
                    Err(failed(name, &addon))
                }
                Some(AddonStatus::Creating | AddonStatus::Updating) if WITHOUT_NODES.contains(&name) => {
                    Ok(Progress::Pending(issues(&addon)))
                }
                Some(AddonStatus::Deleting) => Ok(Progress::Pending(issues(&addon))),
                _ => Ok(Progress::Ready(())),
            }
        })
        .await
}

/// How an add-on is, with what is wrong.
fn issues(addon: &Installed) -> String {
    let status = addon.status().map_or("unknown", AddonStatus::as_str);
    let issues = addon.health().map(|health| health.issues()).unwrap_or_default();
    let told = issues.iter().map(|issue| {
        let code = issue.code().map_or("Unknown", |code| code.as_str());
        format!("\n{code}: {}", issue.message().unwrap_or_default())
    });
    format!("{status}{}", told.collect::<String>())
}

fn failed(name: &str, addon: &Installed) -> Diagnostics {
    let detail = format!(
        "EKS says of the add-on `{name}`: {}\n\nRemove the cause and apply again. What runs in the cluster is as it was before.",
        issues(addon)
    );
    Diagnostics::error("Add-on failed", detail)
}
