//! What a plan of a snapshot shows and refuses.

use aws_sdk_ec2::types::SnapshotState;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;

use super::SnapshotResource;
use super::model::SnapshotModel;

/// Makes the plan show what becomes of one that is not completed, and refuses to lose one that is protected.
pub(super) fn check(plan: &mut Plan<'_, '_, SnapshotResource>) -> Result<(), Diagnostics> {
    let Some(prior) = plan.prior.clone() else {
        return Ok(());
    };
    if plan.action() != Action::Delete {
        let state = prior.state.known().map(String::as_str);
        if state != Some(SnapshotState::Completed.as_str()) {
            // The next apply goes on with the wait, or makes another one.
            plan.set_unknown(SnapshotModel::STATE);
        }
        if state == Some(SnapshotState::Error.as_str()) {
            plan.require_replace(SnapshotModel::STATE);
            return Ok(());
        }
    }
    match prior.deletion_protection && (plan.action() == Action::Delete || !plan.requires_replace().is_empty()) {
        true => Err(protected(&prior)),
        false => Ok(()),
    }
}

fn protected(prior: &SnapshotModel) -> Diagnostics {
    let detail = format!(
        "{} ({}) would be destroyed, and what was on its volume then with it.\n\nIf that is meant, set `deletion_protection = false`, apply, and \
         try again.",
        prior.name,
        prior.id()
    );
    Diagnostic::error("Snapshot is protected", detail)
        .at(SnapshotModel::DELETION_PROTECTION)
        .into()
}
