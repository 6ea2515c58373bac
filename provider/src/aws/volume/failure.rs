//! What users are told when a volume cannot be made or changed, and what to do about it.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explain;
use super::super::error::Error;
use super::super::time::rfc3339;
use super::CREATE;
use super::model::VolumeModel;

/// Whether the last change of a volume is not long enough ago.
pub(super) fn is_too_early(error: &Error) -> bool {
    error.is_refused_with("VolumeModificationRateExceeded") || error.is_refused_with("IncorrectModificationState")
}

pub(super) async fn too_early(account: &Account, id: &str, error: &Error) -> Diagnostics {
    let last = account.volume_modification(id).await.ok().flatten();
    let begun = last.as_ref().and_then(|last| last.start_time()).and_then(rfc3339);
    let state = last
        .as_ref()
        .and_then(|last| last.modification_state())
        .map(|state| state.as_str());
    let when = match (begun, state) {
        (Some(begun), Some(state)) => format!("Its last change began at {begun} and is {state}. "),
        _ => String::new(),
    };
    let said = error.refusal().map(ToString::to_string).unwrap_or_default();
    let detail = format!(
        "AWS takes no other change of {id} yet: {said}.\n\n{when}After a change, a volume cannot be changed again for some hours, six as a rule. \
         It goes on to work, as it is. Apply again later."
    );
    Diagnostics::error("Volume was changed too recently", detail)
}

/// An error at the attribute that EC2 blames.
pub(super) fn blame(error: &Error) -> Diagnostics {
    let explained = explain(CREATE, error);
    let code = error.refusal().map(|refusal| refusal.code.as_str()).unwrap_or_default();
    match code {
        "InvalidZone.NotFound" => explained.at(VolumeModel::AVAILABILITY_ZONE),
        "InvalidSnapshot.NotFound" => explained.at(VolumeModel::SNAPSHOT_ID),
        "VolumeIOPSLimit" => explained.at(VolumeModel::IOPS),
        "MaxIOPSLimitExceeded" | "VolumeLimitExceeded" => explained.at(VolumeModel::SIZE),
        _ if code.contains("Kms") => explained.at(VolumeModel::KMS_KEY_ID),
        _ => explained,
    }
}

pub(super) fn found_again(id: &str) -> Diagnostic {
    let detail =
        format!("An earlier apply has begun to make {id} of this name, and nothing was saved of that. It is taken.");
    Diagnostic::warning("Volume is there already", detail).at(VolumeModel::NAME)
}

pub(super) fn taken(plan: &VolumeModel, id: &str) -> Diagnostics {
    let detail = format!(
        "An apply of the last day has made {id} with the name `{}`, and no state is known to have it. It may have data. If it is the one that is \
         meant, import it: `tofu import cht_ebs_volume.NAME {id}`. If another configuration has it, choose another name.",
        plan.name
    );
    Diagnostic::error("Volume exists already", detail)
        .at(VolumeModel::NAME)
        .into()
}

pub(super) fn failed(id: &str) -> Diagnostics {
    let detail = format!(
        "AWS could not make {id}, and does not say why. Most often the key of KMS cannot be used: it is disabled or to be deleted, or its policy \
         does not let EC2 use it for whoever applies. Once the cause is removed, apply again."
    );
    Diagnostic::error("Volume could not be made", detail)
        .at(VolumeModel::KMS_KEY_ID)
        .into()
}

pub(super) fn not_changed(id: &str, why: &str) -> Diagnostics {
    let detail = format!(
        "AWS has given up the change of {id}: {why}\n\nThe volume works as before. Apply again once the cause is removed."
    );
    Diagnostics::error("Volume could not be changed", detail)
}
