//! The add-ons that come with a cluster. Those that run without nodes are waited for; what waits for nodes itself is
//! only begun, and a cluster without nodes is none the worse for it.

use aws_sdk_eks::types::{Addon as Installed, AddonStatus};
use tf_framework::Attr;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostics, error_chain};
use tf_framework::path::Path;

use super::super::diagnostics::{explain, explained};
use super::super::eks::addons::AddonId;
use super::super::eks::core_addons::AddonSpec;
use super::live::Live;
use super::model::{Addon, EksClusterModel};
use super::steps::{Work, is_in_use, is_passing, is_unseen};

const SUMMARY: &str = "Unable to make the add-on";

/// Add-ons that are well without any node: what they run is one pod for each.
const WITHOUT_NODES: [&str; 4] = [
    "eks-node-monitoring-agent",
    "eks-pod-identity-agent",
    "kube-proxy",
    "vpc-cni",
];

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
        return order(work, spec(work, name, addon, addon.version.known().cloned()), true).await;
    };
    let version = match &addon.version {
        Attr::Known(version) => Some(version.clone()),
        // The cluster has another version now, or it is an add-on of an earlier apply.
        _ => {
            let default = work.account.default_addon_version(name, &work.model.version).await;
            default.map_err(explained(SUMMARY))?
        }
    };
    let is_other = version.is_some() && version.as_deref() != has.addon_version();
    let configured = has.configuration_values().filter(|values| *values != "{}");
    if !is_other && addon.configuration_values.as_deref() == configured {
        return Ok(());
    }
    order(work, spec(work, name, addon, version), false).await
}

/// What names an add-on of the cluster.
fn id<'a>(work: &Work<'a>, name: &'a str) -> AddonId<'a> {
    AddonId {
        cluster: &work.model.name,
        name,
    }
}

fn spec<'a>(work: &Work<'a>, name: &'a str, addon: &Addon, version: Option<String>) -> AddonSpec<'a> {
    AddonSpec {
        cluster: &work.model.name,
        name,
        version,
        configuration: addon.configuration_values.clone(),
        tags: work.tags(),
    }
}

/// Orders an add-on, or a change of it, as soon as nothing else is done with it.
async fn order(work: &Work<'_>, spec: AddonSpec<'_>, is_new: bool) -> Result<(), Diagnostics> {
    let what = format!("EKS to begin with the add-on `{}`", spec.name);
    work.cx
        .wait(&what, Backoff::QUICK, async || {
            let ordered = match is_new {
                true => work.account.create_core_addon(spec.clone()).await,
                false => work.account.update_core_addon(spec.clone()).await,
            };
            match ordered {
                Ok(()) => Ok(Progress::Ready(())),
                // A lost answer to an earlier try has made it.
                Err(error) if is_new && (is_in_use(&error) || error.is_unanswered()) => {
                    let found = work.account.addon(spec.id()).await;
                    match found.map_err(explained(SUMMARY))? {
                        Some(_) => Ok(Progress::Ready(())),
                        None => Ok(Progress::Pending(error_chain(&error))),
                    }
                }
                Err(error) if is_in_use(&error) || is_passing(&error) => Ok(Progress::Pending(error_chain(&error))),
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
                Err(error) if is_unseen(&error) => return Ok(Progress::Pending(error_chain(&error))),
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
