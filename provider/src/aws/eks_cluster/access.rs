//! Who may do what in a cluster: the access entries of `access`. Others are left alone.

use std::collections::BTreeSet;

use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::access_entry::{is_unknown_principal, wanted_policies};
use super::super::diagnostics::explain;
use super::super::eks::access::{EntryId, NewEntry};
use super::super::eks::refusals::is_in_use;
use super::super::error::Error;
use super::super::tags;
use super::live::{Entry, Live, entry};
use super::model::{Access, EksClusterModel};
use super::steps::Work;

const SUMMARY: &str = "Unable to give access to the EKS cluster";

/// The type of entries for people and programs.
const STANDARD: &str = "STANDARD";

/// Brings the entries to what is wanted; those that were wanted before and are not any more are removed.
pub(super) async fn settle(work: &Work<'_>, prior: Option<&EksClusterModel>, live: &Live) -> Result<(), Diagnostics> {
    let wanted = principals(work.model);
    for principal in surplus(prior, &wanted) {
        let deleted = work.account.delete_access_entry(id(work, principal)).await;
        deleted.map_err(|error| explain(SUMMARY, &error).at(EksClusterModel::ACCESS))?;
    }
    for (name, access) in work.model.access.iter().flatten() {
        let path = || Path::new(EksClusterModel::ACCESS).key(name);
        let was_managed = prior.is_some_and(|prior| principals(prior).contains(access.principal_arn.as_str()));
        let has = match live.entries.get(&access.principal_arn) {
            Some(has) => {
                if !was_managed && !is_ours(has) {
                    work.cx.warn(taken_over(&access.principal_arn).at(path()));
                }
                has.clone()
            }
            None => make(work, access).await.map_err(|errors| errors.at(path()))?,
        };
        let brought = bring(work, access, &has).await;
        brought.map_err(|error| explain(SUMMARY, &error).at(path()))?;
    }
    Ok(())
}

/// The users and roles of `access`.
fn principals(model: &EksClusterModel) -> BTreeSet<&str> {
    let access = model.access.iter().flatten();
    access.map(|(_, access)| access.principal_arn.as_str()).collect()
}

/// Those that were wanted before, and are not any more.
fn surplus<'a>(prior: Option<&'a EksClusterModel>, wanted: &BTreeSet<&str>) -> Vec<&'a str> {
    let before = prior.map(principals).unwrap_or_default();
    before
        .into_iter()
        .filter(|principal| !wanted.contains(principal))
        .collect()
}

/// Makes an entry. A user or role that was made a moment ago is not known everywhere.
async fn make(work: &Work<'_>, access: &Access) -> Result<Entry, Diagnostics> {
    let what = format!("EKS to know {}", access.principal_arn);
    let id = id(work, &access.principal_arn);
    work.cx
        .wait(&what, Backoff::QUICK, async || {
            let new = NewEntry {
                kind: STANDARD.to_owned(),
                user_name: None,
                groups: groups(access),
                tags: work.tags(),
            };
            match work.account.create_access_entry(id, new).await {
                Ok(()) => {}
                Err(error) if is_unknown_principal(&error) => return Ok(Progress::Pending(error.to_string())),
                Err(error) if is_in_use(&error) || error.is_unanswered() => {}
                Err(error) => return Err(explain(SUMMARY, &error)),
            }
            let found = entry(work.account, id.cluster, id.principal).await;
            let found = found.map_err(|error| explain(SUMMARY, &error))?;
            let listed = || Progress::Pending("it is not listed yet".to_owned());
            Ok(found.map_or_else(listed, |(_, entry)| Progress::Ready(entry)))
        })
        .await
}

/// Brings an entry that is there to what is wanted.
async fn bring(work: &Work<'_>, access: &Access, has: &Entry) -> Result<(), Error> {
    let id = id(work, &access.principal_arn);
    let groups = groups(access);
    if has.entry.kubernetes_groups() != groups {
        work.account.update_access_entry(id, None, groups).await?;
    }
    let wanted = wanted_policies(&access.principal_arn, access.policies.as_ref());
    work.account.set_access_policies(id, &has.policies, &wanted).await?;
    let Some(arn) = has.entry.access_entry_arn() else {
        return Ok(());
    };
    let tags = has.entry.tags().cloned().unwrap_or_default().into_iter().collect();
    work.account.set_eks_tags(arn, &tags, &work.tags(), work.own_keys).await
}

fn is_ours(has: &Entry) -> bool {
    let tags = has.entry.tags().cloned().unwrap_or_default();
    tags::are_ours(&tags.into_iter().collect())
}

fn id<'a>(work: &Work<'a>, principal: &'a str) -> EntryId<'a> {
    EntryId {
        cluster: &work.model.name,
        principal,
    }
}

fn groups(access: &Access) -> Vec<String> {
    access.kubernetes_groups.iter().flatten().cloned().collect()
}

fn taken_over(principal: &str) -> Diagnostic {
    let detail = format!(
        "The cluster has an access entry for {principal} that somebody else has made. It is in `access`, so it is managed from now on: it \
         has what stands there, and goes when it is taken out."
    );
    Diagnostic::warning("Access entry is taken over", detail)
}
