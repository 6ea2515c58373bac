//! Whether a cluster is gone, and what has to hold before its state is let go: without it, nobody could find the
//! cluster again, and its tokens are gone.

use tf_framework::diagnostics::Diagnostics;

use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::host::HostError;
use crate::k3s::probe::HostState;

/// Whether nothing of a cluster is left: every host answers, and none has anything of it.
pub(super) fn is_gone(model: &ClusterModel, looked: &Looked) -> bool {
    let mut names = model.servers.keys();
    !model.servers.is_empty() && names.all(|name| looked.state(name).is_some_and(|state| is_free(model, state)))
}

/// The servers that answer and have something of the cluster.
pub(super) fn left<'a>(model: &'a ClusterModel, looked: &Looked) -> Vec<&'a str> {
    let names = model.servers.keys();
    names
        .filter(|name| looked.state(name).is_some_and(|state| !is_free(model, state)))
        .map(String::as_str)
        .collect()
}

/// Refuses to destroy a cluster whose hosts cannot be asked. Single hosts that are gone are passed over; but where none
/// answers, or one answers that does not let us in, the cluster goes on.
///
/// # Errors
/// Fails with what each of these hosts says, unless removal is forced.
pub(super) fn check_answers(model: &ClusterModel, fleet: &Fleet, looked: Looked) -> Result<Looked, Diagnostics> {
    let is_forced = model.on_destroy.as_ref().and_then(|given| given.force) == Some(true);
    let none_answers = looked.hosts.values().all(Result::is_err);
    let is_refusal = |error: &HostError| !is_forced && (none_answers || !error.is_unreachable());
    if !looked.failures().any(|(_, error)| is_refusal(error)) {
        return Ok(looked);
    }
    let mut diagnostics = Diagnostics::new();
    for (name, answer) in looked.hosts {
        if let (Err(error), Some(host)) = (answer, fleet.host(&name))
            && is_refusal(&error)
        {
            diagnostics.append(host.diagnose(error));
        }
    }
    if none_answers {
        diagnostics.append(Diagnostics::error(
            "No server answers",
            "The cluster may go on on its hosts, so it is not given up. If they are gone for good, apply `on_destroy = { force = true }`, \
             and destroy it then; or take it out of the state.",
        ));
    }
    Err(diagnostics)
}

/// Checks that nothing is left of a cluster on the hosts that answer.
///
/// # Errors
/// Fails if something is.
pub(super) fn check_gone(model: &ClusterModel, looked: &Looked) -> Result<(), Diagnostics> {
    let left = left(model, looked);
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

/// Whether a host has nothing of the cluster. What has lost its marker is free only if it has no k3s, or that of
/// another cluster.
fn is_free(model: &ClusterModel, state: &HostState) -> bool {
    match (&state.marker, &state.ca_sha256, model.ca_hash.known()) {
        (Some(marker), ..) => Some(&marker.cluster) != model.id.known(),
        (None, Some(is), Some(ours)) => is != ours,
        (None, ..) => !state.has_k3s() && !state.has_foreign_marker,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::cluster::fixtures::{cluster, looked, server};

    #[test]
    fn a_cluster_is_gone_only_if_every_host_says_so() {
        let bare = HostState::default;
        let unmarked = || HostState {
            marker: None,
            ..server("b")
        };
        let others = || HostState {
            ca_sha256: Some("other".to_owned()),
            ..unmarked()
        };
        for (case, states, gone) in [
            ("it is there", [server("a"), server("b")], false),
            ("one is there", [bare(), server("b")], false),
            ("nothing is there", [bare(), bare()], true),
            ("a mark was lost", [bare(), unmarked()], false),
            ("somebody else has it by now", [bare(), others()], true),
        ] {
            let looked = looked(states);
            assert_eq!(is_gone(&cluster(), &looked), gone, "{case}");
            assert_eq!(left(&cluster(), &looked).is_empty(), gone, "{case}");
        }
        let mut silent = looked([bare(), bare()]);
        silent.hosts.remove("b");
        assert!(!is_gone(&cluster(), &silent), "one does not answer");
    }
}
