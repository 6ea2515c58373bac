//! What a plan of a volume shows, and what it refuses.

use aws_sdk_ec2::types::Snapshot;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Draft, Plan};

use super::super::diagnostics::explain;
use super::super::ec2::volumes::is_complete;
use super::super::error::Error;
use super::VolumeResource;
use super::model::{GP3, VolumeModel, WITH_IOPS};
use crate::provider::Clients;

/// Checks what concerns several attributes.
pub(super) fn validate(config: &Draft<VolumeResource>, diagnostics: &mut Diagnostics) {
    if config.size.is_null() && config.snapshot_id.is_null() {
        let detail = "A volume has the `size` that is given, or that of its `snapshot_id`. Give one of them.";
        diagnostics.push(Diagnostic::error("Size is needed", detail).at(VolumeModel::SIZE));
    }
    if config.encrypted == Attr::Known(false) && config.kms_key_id.known().is_some() {
        let detail = "The volume is not encrypted, so there is nothing to do for the key. Leave it out, or leave out `encrypted`.";
        diagnostics.push(Diagnostic::error("Key without encryption", detail).at(VolumeModel::KMS_KEY_ID));
    }
    let kind = match &config.r#type {
        Attr::Known(kind) => kind.as_str(),
        Attr::Null => GP3,
        Attr::Unknown => return,
    };
    if config.iops.known().is_some() && !WITH_IOPS.contains(&kind) {
        let detail = format!("The IOPS of a `{kind}` follow from its size. Leave them out, or choose `gp3`.");
        diagnostics.push(Diagnostic::error("IOPS cannot be chosen", detail).at(VolumeModel::IOPS));
    }
    if config.iops.is_null() && kind.starts_with("io") {
        let detail = format!("A `{kind}` has as many IOPS as are paid for. Say how many, or choose `gp3`.");
        diagnostics.push(Diagnostic::error("IOPS are needed", detail).at(VolumeModel::IOPS));
    }
    if config.throughput.known().is_some() && kind != GP3 {
        let detail =
            format!("The throughput of a `{kind}` follows from its size and IOPS. Leave it out, or choose `gp3`.");
        diagnostics.push(Diagnostic::error("Throughput cannot be chosen", detail).at(VolumeModel::THROUGHPUT));
    }
}

/// Shows what follows from what is configured, and refuses what would lose data.
pub(super) async fn check(
    cx: &Context<VolumeResource>,
    plan: &mut Plan<'_, '_, VolumeResource>,
) -> Result<(), Diagnostics> {
    if plan.action() != Action::Delete {
        plan.set(VolumeModel::DRIFT, &Vec::<String>::new());
    }
    let Some(prior) = plan.prior.clone() else {
        return check_snapshot(cx, plan).await;
    };
    check_protection(plan, &prior)?;
    let Some(planned) = plan.planned().filter(|_| plan.requires_replace().is_empty()) else {
        return Ok(());
    };
    if let (Attr::Known(is), Attr::Known(wanted)) = (&prior.size, &planned.size)
        && wanted < is
    {
        return Err(shrinks(*is, *wanted));
    }
    let named = plan.config.snapshot_id.known().cloned();
    let other = named.filter(|named| prior.snapshot_id.as_ref() != Some(named));
    if let Some(other) = other {
        cx.warn(keeps_its_data(&prior, &other));
    }
    Ok(())
}

/// Refuses to lose what is on a volume that is protected.
fn check_protection(plan: &Plan<'_, '_, VolumeResource>, prior: &VolumeModel) -> Result<(), Diagnostics> {
    let replaced = plan.requires_replace();
    if !prior.deletion_protection || (plan.action() != Action::Delete && replaced.is_empty()) {
        return Ok(());
    }
    let names: Vec<String> = replaced.iter().map(|path| format!("`{path}`")).collect();
    let what = match names.is_empty() {
        true => "destroyed".to_owned(),
        false => format!(
            "replaced, as {} can only be changed with a new volume",
            names.join(", ")
        ),
    };
    let detail = format!(
        "{} ({}) would be {what}. The data on it are lost with it.\n\nMake a `cht_ebs_snapshot` of it if they may be needed: another volume \
         can be made of that, also in another zone. If it is meant, set `deletion_protection = false`, apply, and try again.",
        prior.name,
        prior.id()
    );
    Err(Diagnostic::error("Volume is protected", detail)
        .at(VolumeModel::DELETION_PROTECTION)
        .into())
}

/// Refuses a snapshot that a volume like this cannot be made of.
async fn check_snapshot(cx: &Context<VolumeResource>, plan: &Plan<'_, '_, VolumeResource>) -> Result<(), Diagnostics> {
    let (Some(planned), false) = (plan.planned(), cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let Attr::Known(id) = planned.snapshot_id else {
        return Ok(());
    };
    let snapshot = match Clients::aws(cx).await?.snapshot(&id).await {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => return Err(no_snapshot(&id)),
        Err(Error::Denied { .. }) => return Ok(()),
        Err(error) => return Err(explain("Unable to look up the snapshot", &error)),
    };
    let size = planned.size.known().copied();
    refused(&snapshot, &id, size, planned.encrypted == Attr::Known(false)).map_or(Ok(()), |error| Err(error.into()))
}

fn refused(snapshot: &Snapshot, id: &str, size: Option<u32>, is_plain: bool) -> Option<Diagnostic> {
    let has = snapshot
        .volume_size()
        .and_then(|size| u32::try_from(size).ok())
        .unwrap_or_default();
    if let Some(size) = size.filter(|size| *size < has) {
        let detail =
            format!("The volume of `{id}` had {has} GiB, and {size} GiB are asked for: there is no room for the data.");
        return Some(Diagnostic::error("Volume is smaller than its snapshot", detail).at(VolumeModel::SIZE));
    }
    if is_plain && snapshot.encrypted() == Some(true) {
        let detail = format!("`{id}` is encrypted, and so is every volume that is made of it. Leave `encrypted` out.");
        return Some(Diagnostic::error("Snapshot is encrypted", detail).at(VolumeModel::ENCRYPTED));
    }
    if !is_complete(snapshot) {
        let state = snapshot.state().map(|state| state.as_str()).unwrap_or_default();
        let progress = snapshot.progress().unwrap_or_default();
        let detail = format!("`{id}` is {state} {progress}: a volume can be made of it when it is completed.");
        return Some(Diagnostic::error("Snapshot is not complete", detail).at(VolumeModel::SNAPSHOT_ID));
    }
    None
}

fn no_snapshot(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no snapshot `{id}` in this region. Check the id and `aws.region`: a snapshot of another region has to be copied, and one of \
         another account has to be shared."
    );
    Diagnostic::error("No such snapshot", detail)
        .at(VolumeModel::SNAPSHOT_ID)
        .into()
}

fn shrinks(is: u32, wanted: u32) -> Diagnostics {
    let detail = format!(
        "The volume has {is} GiB, and {wanted} GiB are asked for: volumes of AWS can only grow. Give `size = {is}`, or make a smaller volume \
         beside it and let CouchDB replicate into that."
    );
    Diagnostic::error("Volume cannot shrink", detail)
        .at(VolumeModel::SIZE)
        .into()
}

fn keeps_its_data(prior: &VolumeModel, other: &str) -> Diagnostic {
    let from = prior.snapshot_id.as_deref().unwrap_or("no snapshot");
    let detail = format!(
        "{} was made of {from}, and `{other}` is named now. It keeps its data: nothing is changed. For the data of that snapshot, make another \
         volume.",
        prior.id()
    );
    Diagnostic::warning("Volume keeps its data", detail).at(VolumeModel::SNAPSHOT_ID)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::SnapshotState;

    use super::*;

    fn snapshot(state: SnapshotState, encrypted: bool) -> Snapshot {
        Snapshot::builder()
            .state(state)
            .encrypted(encrypted)
            .volume_size(100)
            .build()
    }

    #[test]
    fn a_snapshot_that_no_such_volume_can_be_made_of_is_refused() {
        let complete = snapshot(SnapshotState::Completed, true);
        assert!(refused(&complete, "snap-1", Some(100), false).is_none());
        assert!(refused(&complete, "snap-1", None, false).is_none());
        for (snapshot, size, is_plain, summary) in [
            (&complete, Some(99), false, "Volume is smaller than its snapshot"),
            (&complete, None, true, "Snapshot is encrypted"),
            (
                &snapshot(SnapshotState::Pending, false),
                None,
                true,
                "Snapshot is not complete",
            ),
        ] {
            assert_eq!(refused(snapshot, "snap-1", size, is_plain).unwrap().summary, summary);
        }
    }
}
