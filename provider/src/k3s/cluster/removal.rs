//! What has to hold before the state of a cluster is let go: without it, nobody could find the cluster again, and its tokens are gone.

use tf_framework::diagnostics::Diagnostics;

use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::observe;
use crate::k3s::fleet::{Fleet, Looked};

/// Refuses to destroy a cluster whose hosts cannot be asked. Single hosts that are gone are passed over; but where none answers, or
/// one answers that does not let us in, the cluster goes on.
///
/// # Errors
/// Fails with what each of these hosts says, unless removal is forced.
pub(super) fn check_answers(model: &ClusterModel, fleet: &Fleet, looked: Looked) -> Result<(), Diagnostics> {
    let is_forced = model.on_destroy.as_ref().and_then(|given| given.force) == Some(true);
    let none_answers = looked.hosts.values().all(Result::is_err);
    let mut diagnostics = Diagnostics::new();
    for (name, answer) in looked.hosts {
        let (Err(error), Some(host)) = (answer, fleet.host(&name)) else {
            continue;
        };
        if !is_forced && (none_answers || !error.is_unreachable()) {
            diagnostics.append(host.diagnose(error));
        }
    }
    if none_answers && !diagnostics.is_empty() {
        diagnostics.append(Diagnostics::error(
            "No server answers",
            "The cluster may go on on its hosts, so it is not given up. If they are gone for good, apply `on_destroy = { force = true }`, \
             and destroy it then; or take it out of the state.",
        ));
    }
    diagnostics.into_result(())
}

/// Checks that nothing is left of a cluster on the hosts that answer.
///
/// # Errors
/// Fails if something is.
pub(super) fn check_gone(model: &ClusterModel, looked: &Looked) -> Result<(), Diagnostics> {
    let left = observe::left(model, looked);
    if left.is_empty() {
        return Ok(());
    }
    Err(Diagnostics::error(
        "Cluster is not gone",
        format!(
            "Parts of the cluster are still there on {}, although they were removed. Does something put them back? Destroy it again.",
            left.join(", ")
        ),
    ))
}
