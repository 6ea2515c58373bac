//! What looks at hosts become.

use serde_json::json;

use super::*;
use crate::k3s::cluster::fixtures::{cluster, looked, model, server, servers, with};
use crate::k3s::host::Probed;
use crate::k3s::probe::HostState;

#[test]
fn a_server_that_a_failed_change_has_begun_is_in_the_state() {
    let before = cluster();
    let after = model(&with(servers(json!({
        "a": {"host": "10.0.0.1"}, "c": {"host": "10.0.0.3"}, "d": {"host": "10.0.0.4"}
    }))));
    let mut looked = looked([server("a"), server("b")]);
    let (begun, bare) = (server("c"), HostState::default());
    looked.hosts.insert(
        "c".to_owned(),
        Ok(Probed {
            state: begun,
            asked_at: 0,
        }),
    );
    looked.hosts.insert(
        "d".to_owned(),
        Ok(Probed {
            state: bare,
            asked_at: 0,
        }),
    );
    let reached = with_begun(&before, &after.servers, &looked);
    assert_eq!(reached.servers.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn of_a_server_that_does_not_answer_what_was_known_stays() {
    let mut cluster = cluster();
    let key = HostKey {
        print: "SHA256:aaaa".to_owned(),
        line: "ssh-ed25519 AAAA".to_owned(),
        is_new: false,
    };
    let keys = [("a".to_owned(), key)].into();
    let mut state = server("a");
    state.binary_version = "v1.36.3+k3s1".parse().ok();
    store_seen(&mut cluster, &looked([state, HostState::default()]), &keys);
    let status = |cluster: &ClusterModel| cluster.status.known().and_then(|all| all.get("a")).cloned();
    let before = status(&cluster).expect("it was seen");
    assert_eq!(before.version.as_deref(), Some("v1.36.3+k3s1"));
    let of_key = (before.host_key.as_deref(), before.host_key_print.as_deref());
    assert_eq!(of_key, (Some("ssh-ed25519 AAAA"), Some("SHA256:aaaa")));
    store_seen(&mut cluster, &Looked::default(), &BTreeMap::new());
    assert_eq!(status(&cluster), Some(ServerStatus { ready: false, ..before }));
}
