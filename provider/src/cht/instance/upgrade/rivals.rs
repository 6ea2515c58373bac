//! Versions that somebody else prepares, as on the admin page: a plan says what becomes of them. An update that comes
//! to them finds the same by itself.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::prepare::is_direct;
use super::refusals::failed;
use crate::cht::application::Way;
use crate::cht::client::Client;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::cht::upgrade::Rival;
use crate::cht::version::ChtVersion;

/// Refuses an upgrade while somebody has begun another one, and warns of a version that makes room for it.
///
/// # Errors
/// Fails if another upgrade is in the way.
pub(super) async fn check(
    cx: &Context<InstanceResource>,
    client: &Client<Way>,
    model: &InstanceModel,
    target: &ChtVersion,
) -> Result<(), Diagnostics> {
    let log = match client.upgrades().await {
        Ok(upgrades) => upgrades.upgrade_doc,
        Err(error) => {
            tracing::info!(
                error = error_chain(&error),
                "it cannot be told whether another upgrade was begun"
            );
            return Ok(());
        }
    };
    let rival = log.and_then(|log| Some((Rival::of(&log, target, &model.couchdb.admin_user)?, log.to.version)));
    match rival {
        // An image of another version takes no notice of what is prepared, and removes it.
        Some((Rival::InTheWay(_), version)) if is_direct(model) => cx.warn(given_up(&version)),
        Some((Rival::InTheWay(failure), _)) => return Err(failed(target, &failure)),
        Some((Rival::MakesRoom(version), _)) => cx.warn(given_up(&version)),
        None => {}
    }
    Ok(())
}

/// The words for a version that makes room.
pub(super) fn given_up(version: &str) -> Diagnostic {
    let detail = format!(
        "CHT {version} was staged before, and is given up for the version that is configured, with the indexes that were built for \
         it. Write `cht_version = \"{version}\"` to install that one."
    );
    Diagnostic::warning("Staged CHT release is given up", detail).at(InstanceModel::CHT_VERSION)
}
