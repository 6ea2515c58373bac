//! What hosts say of a creation that was killed: it leaves no state, but marks on them.

use std::collections::BTreeSet;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::Server;
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
            "{name} is a {} of the cluster {} already. Import that cluster by the address of one of its servers, or give another host.",
            marker.role, marker.cluster
        );
        diagnostics.push(Diagnostic::error("k3s cluster exists already", detail).at(of_server(name, Server::HOST)));
    }
    diagnostics.into_result(())
}

fn markers(looked: &Looked) -> impl Iterator<Item = (&str, &Marker)> {
    let names = looked.hosts.keys();
    names.filter_map(|name| Some((name.as_str(), looked.state(name)?.marker.as_ref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::config::Role;
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
    fn a_finished_cluster_is_to_be_imported() {
        assert_eq!(check_free(&looked(&[None, Some(("c1", true))])), Ok(()));
        let refused = check_free(&looked(&[None, Some(("c1", false))])).unwrap_err();
        assert!(refused.to_string().contains("Import"), "{refused}");
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
