//! What hosts say of a creation that was killed: it leaves no state, but marks on them.

use std::collections::BTreeSet;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::Server;
use crate::k3s::config::Role;
use crate::k3s::fleet::Looked;
use crate::k3s::marker::Marker;

/// A new id: 16 hexadecimal digits.
pub(super) fn new_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// The id of the one cluster that was begun on the hosts and not finished, if there is one.
pub(super) fn unfinished(looked: &Looked) -> Option<String> {
    let markers: Vec<&Marker> = markers(looked).map(|(_, marker)| marker).collect();
    let ids: BTreeSet<&String> = markers.iter().map(|marker| &marker.cluster).collect();
    let is_unfinished = markers.iter().all(|marker| marker.creating);
    (ids.len() == 1 && is_unfinished)
        .then(|| ids.into_iter().next().cloned())
        .flatten()
}

/// Refuses hosts that have a cluster of this provider which was finished.
///
/// # Errors
/// Fails if there is one: it would be lost.
pub(super) fn check_free(looked: &Looked) -> Result<(), Diagnostics> {
    let finished = markers(looked).filter(|(_, marker)| !marker.creating);
    let mut diagnostics = Diagnostics::new();
    for (name, marker) in finished {
        let detail = format!(
            "{name} is a server of the cluster {} already. If that is the cluster of this very resource, whose creation failed, `untaint` \
             it, and the next apply goes on in place. Else import that cluster by the address of one of its servers, or give another \
             host.",
            marker.cluster
        );
        diagnostics.push(Diagnostic::error("k3s cluster exists already", detail).at(of_server(name, Server::HOST)));
    }
    diagnostics.into_result(())
}

/// The marks on servers. Whose agents hosts are is told by who judges them.
fn markers(looked: &Looked) -> impl Iterator<Item = (&str, &Marker)> {
    let names = looked.hosts.keys();
    let all = names.filter_map(|name| Some((name.as_str(), looked.state(name)?.marker.as_ref()?)));
    all.filter(|(_, marker)| marker.role == Role::Server.command())
}

/// Whether hosts have the cluster that a planned one replaces, which is removed before that is made.
pub(super) fn is_replaced(looked: &Looked, replaced: Option<&String>) -> bool {
    replaced.is_some() && markers(looked).any(|(_, marker)| Some(&marker.cluster) == replaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::host::Probed;
    use crate::k3s::marker::Phase;
    use crate::k3s::probe::HostState;

    fn looked(markers: &[Option<(&str, bool)>]) -> Looked {
        let probed = |(index, marker): (usize, &Option<(&str, bool)>)| {
            let name = format!("s{index}");
            let marker = marker.map(|(cluster, creating)| Marker {
                creating,
                ..Marker::new(cluster, &name, Role::Server, Phase::Joining)
            });
            let state = HostState {
                marker,
                ..HostState::default()
            };
            (name, Ok(Probed { state, asked_at: 0 }))
        };
        let mut looked = Looked::default();
        looked.hosts = markers.iter().enumerate().map(probed).collect();
        looked
    }

    #[test]
    fn a_creation_goes_on_where_only_its_own_marks_are() {
        for (markers, id) in [
            (&[Some(("c1", true)), None][..], Some("c1")),
            (&[Some(("c1", true)), Some(("c1", true))], Some("c1")),
            (&[None, None], None),
            (&[Some(("c1", true)), Some(("c2", true))], None),
            (&[Some(("c1", true)), Some(("c1", false))], None),
        ] {
            assert_eq!(unfinished(&looked(markers)).as_deref(), id, "{markers:?}");
        }
    }

    #[test]
    fn marks_of_agents_begin_no_cluster() {
        let mut looked = looked(&[Some(("c1", true))]);
        for probed in looked.hosts.values_mut().flatten() {
            probed.state.marker = Some(Marker {
                creating: true,
                ..Marker::new("c2", "s0", Role::Agent, Phase::Joining)
            });
        }
        assert_eq!(unfinished(&looked), None);
    }

    #[test]
    fn a_cluster_that_is_replaced_is_known_by_its_mark() {
        let looked = looked(&[Some(("c1", false)), None]);
        assert!(is_replaced(&looked, Some(&"c1".to_owned())));
        assert!(!is_replaced(&looked, Some(&"c2".to_owned())) && !is_replaced(&looked, None));
    }

    #[test]
    fn a_finished_cluster_is_to_be_imported() {
        assert_eq!(check_free(&looked(&[None, Some(("c1", true))])), Ok(()));
        let refused = check_free(&looked(&[None, Some(("c1", false))])).unwrap_err();
        assert!(refused.to_string().contains("import that cluster"), "{refused}");
        let path = refused
            .iter()
            .next()
            .and_then(|one| one.path.as_ref())
            .map(ToString::to_string);
        assert_eq!(path.as_deref(), Some("servers[\"s1\"].host"));
    }

    #[test]
    fn ids_are_of_one_form_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert!(one.len() == 16 && one.chars().all(|c| c.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }
}
