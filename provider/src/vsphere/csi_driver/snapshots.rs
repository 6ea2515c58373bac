//! Snapshots that there are: their kinds are not taken away while anybody has some, as that would delete them all.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::model::CsiDriverModel;
use crate::kubernetes::{Access, Kind, Looked};

/// How many are named.
const NAMED: usize = 10;

/// Refuses what would take the kinds away or leave snapshots alone, while there are any.
///
/// # Errors
/// Fails if there are, or if the cluster does not answer, or does not let it be asked.
pub(super) async fn refuse_left(
    access: &Access,
    prior: &CsiDriverModel,
    planned: Option<&CsiDriverModel>,
) -> Result<(), Diagnostics> {
    let Some(before) = &prior.snapshots else { return Ok(()) };
    let after = planned.and_then(|planned| planned.snapshots.as_ref());
    if after.is_some_and(|after| after.controller || !before.controller) {
        return Ok(());
    }
    let looked = access.cluster.look_at_all(Kind::SNAPSHOT).await;
    let names = match looked.map_err(access.explain("Unable to look for snapshots"))? {
        Looked::Known(all) => all.iter().map(|one| one.key().to_string()).collect::<Vec<_>>(),
        Looked::Forbidden => vec!["some, perhaps: these credentials may not list them".to_owned()],
    };
    if names.is_empty() {
        return Ok(());
    }
    let more = names.len().saturating_sub(NAMED);
    let mut named = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        named = format!("{named} and {more} more");
    }
    let detail = format!(
        "Without what takes snapshots, those that there are would be lost, or could not be deleted any more: {named}. Delete them first."
    );
    Err(Diagnostic::error("Snapshots are there", detail)
        .at(CsiDriverModel::SNAPSHOTS)
        .into())
}
