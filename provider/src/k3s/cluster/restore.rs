//! A snapshot that is brought back: when that is asked for, and with what.

use secrecy::ExposeSecret as _;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::{ClusterModel, RestoreFrom};
use crate::k3s::fleet::{Fleet, Looked, Restore};
use crate::k3s::token::Token;

/// What is to be brought back before anything else is done: what an update newly asks for, or what a run that was
/// killed has begun. A creation has it until there is data.
///
/// # Errors
/// Fails if the token is none.
pub(super) fn wanted(
    prior: Option<&ClusterModel>,
    plan: &ClusterModel,
    looked: &Looked,
) -> Result<Option<Restore>, Diagnostics> {
    let Some(from) = &plan.restore_from else {
        return Ok(None);
    };
    let is_new = match prior {
        Some(prior) if prior.was_begun() => prior.restore_from.as_ref().is_none_or(|before| !before.is_same(from)),
        Some(_) | None => !looked.has_data(),
    };
    let is_begun = looked.hosts.keys().any(|name| {
        let marker = looked.state(name).and_then(|state| state.marker.as_ref());
        marker.is_some_and(|marker| marker.restoring)
    });
    if !is_new && !is_begun {
        return Ok(None);
    }
    let first = || plan.servers.keys().next().cloned().unwrap_or_default();
    let token = from.token.get().map(|token| Token::parse_found(token.expose_secret()));
    let token = token.transpose().map_err(|error| {
        let detail = format!("No cluster had this token: {error}.");
        Diagnostic::error("Unusable token", detail).at(path(RestoreFrom::TOKEN))
    })?;
    Ok(Some(Restore {
        on: from.server.clone().unwrap_or_else(first),
        snapshot: from.snapshot.clone(),
        token,
    }))
}

/// Brings the snapshot back, if that is wanted; answers what was seen last.
///
/// # Errors
/// Fails if it could lead to two clusters, or does not work.
pub(super) async fn restore(
    cx: &Context<ClusterResource>,
    fleet: &Fleet,
    wanted: Option<Restore>,
    looked: Looked,
) -> Result<Looked, Diagnostics> {
    match wanted {
        Some(wanted) => fleet
            .restore(cx, &looked, &wanted)
            .await
            .map_err(|stopped| fleet.diagnose(stopped)),
        None => Ok(looked),
    }
}

/// Tells of a plan with what will be lost, and refuses one that could not work.
///
/// # Errors
/// Fails if a cluster is to be made of a snapshot without the token that it needs.
pub(super) fn check(cx: &Context<ClusterResource>, plan: &Plan<'_, '_, ClusterResource>) -> Result<(), Diagnostics> {
    let Some(from) = plan.config.restore_from.known() else {
        return Ok(());
    };
    if !plan.changed(ClusterModel::RESTORE_FROM) {
        return Ok(());
    }
    let has_token = !from.token.is_null() || !plan.config.token.is_null();
    if !plan.prior.as_ref().is_some_and(ClusterModel::was_begun) {
        if has_token {
            return Ok(());
        }
        let detail = "Snapshots are encrypted with the token that the cluster had when they were taken: give it. The cluster goes on \
                      with it.";
        return Err(Diagnostic::error("Snapshot needs its token", detail)
            .at(path(RestoreFrom::TOKEN))
            .into());
    }
    let snapshot = from.snapshot.known().map_or("The snapshot", String::as_str);
    let detail = format!(
        "{snapshot} takes the place of what is in the cluster. All servers stop, and everything that was written since it was taken is \
         lost."
    );
    cx.warn(Diagnostic::warning("Snapshot takes the place of the data", detail).at(ClusterModel::RESTORE_FROM));
    Ok(())
}

fn path(attribute: &str) -> Path {
    Path::new(ClusterModel::RESTORE_FROM).attribute(attribute)
}

impl RestoreFrom {
    /// Whether it is the same snapshot of the same server.
    fn is_same(&self, other: &Self) -> bool {
        self.snapshot == other.snapshot && self.server == other.server
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};
    use tf_framework::Attr;

    use super::*;
    use crate::k3s::cluster::fixtures::{model, with};
    use crate::k3s::config::Role;
    use crate::k3s::host::Probed;
    use crate::k3s::marker::{Marker, Phase};
    use crate::k3s::probe::{DatastoreKind, HostState};

    fn cluster(restore_from: Json, begun: bool) -> ClusterModel {
        let mut cluster = model(&with(json!({ "restore_from": restore_from })));
        cluster.ca_hash = if begun {
            Attr::Known("hash".to_owned())
        } else {
            Attr::Null
        };
        cluster
    }

    fn looked(restoring: bool) -> Looked {
        let state = HostState {
            datastore: Some(DatastoreKind::Etcd),
            marker: Some(Marker {
                restoring,
                ..Marker::new("c1", "a", Role::Server, Phase::Joined)
            }),
            ..HostState::default()
        };
        let mut looked = Looked::default();
        looked.hosts.insert("a".to_owned(), Ok(Probed { state, asked_at: 0 }));
        looked
    }

    #[test]
    fn a_snapshot_is_brought_back_once() {
        let snapshot = json!({ "snapshot": "s1" });
        let other = json!({ "snapshot": "s2", "server": "b" });
        for (case, prior, plan, looked, on) in [
            ("nothing is asked for", json!(null), json!(null), looked(false), None),
            ("it is new", json!(null), snapshot.clone(), looked(false), Some("a")),
            ("it is another", snapshot.clone(), other, looked(false), Some("b")),
            ("it was done", snapshot.clone(), snapshot.clone(), looked(false), None),
            (
                "it was begun",
                snapshot.clone(),
                snapshot.clone(),
                looked(true),
                Some("a"),
            ),
            (
                "it is not asked for any more",
                snapshot,
                json!(null),
                looked(false),
                None,
            ),
        ] {
            let wanted = wanted(Some(&cluster(prior, true)), &cluster(plan, true), &looked).unwrap();
            assert_eq!(wanted.map(|wanted| wanted.on).as_deref(), on, "{case}");
        }
    }

    #[test]
    fn a_cluster_is_begun_with_a_snapshot_until_it_has_data() {
        let plan = cluster(json!({ "snapshot": "s1" }), false);
        assert!(wanted(None, &plan, &Looked::default()).unwrap().is_some());
        assert!(wanted(None, &plan, &looked(false)).unwrap().is_none(), "it goes on");
        assert!(wanted(None, &plan, &looked(true)).unwrap().is_some(), "it was killed");
    }
}
