//! Scenes in which something stands in the way, and what is warned of.

use super::scenes::{NOW, dead, down, seen, three, told, well, with};
use super::*;

#[test]
fn what_would_lose_the_cluster_is_refused_with_what_to_do() {
    let bootstrapped = Wanted {
        bootstrapped: true,
        ..wanted("a b c")
    };
    let bare = || seen(["a", "b", "c"].map(|name| (name, Server::bare())));
    let unreachable = |seen: Seen| with(seen, "b", |server| server.reachable = false);
    let cases = [
        (wanted(""), three(), "a cluster has at least one server"),
        (
            wanted("a b c"),
            unreachable(bare()),
            "b does not answer, and a cluster is begun only when all",
        ),
        (
            bootstrapped.clone(),
            bare(),
            "there was a cluster, and no server has its data any more",
        ),
        (
            bootstrapped,
            unreachable(bare()),
            "no server that answers has the data of the cluster; b does not",
        ),
        (
            wanted("a"),
            three(),
            "2 of 3 servers would be removed at once, and at most 1 may be",
        ),
        (
            wanted("a b c"),
            seen([("a", dead(NOW)), ("b", dead(NOW)), ("c", well(NOW))]),
            "1 of 3 servers are healthy, and etcd can decide nothing with so few: bring a or b back",
        ),
        (
            wanted("a b c"),
            with(three(), "a", |server| server.running = Some(version("v1.37.1+k3s1"))),
            "the cluster runs v1.37.1+k3s1, and k3s cannot go back to v1.36.3+k3s1",
        ),
        (
            wanted("a b c"),
            with(three(), "a", |server| server.running = Some(version("v1.34.1+k3s1"))),
            "the cluster runs v1.34.1+k3s1, and v1.36.3+k3s1 is 2 minor versions ahead",
        ),
        (
            wanted("a b c"),
            with(three(), "a", |server| server.owner = Owner::Other),
            "a runs k3s already, and not for this cluster",
        ),
        (
            wanted("a b c"),
            with(three(), "a", |server| server.role = Some(Role::Agent)),
            "a is an agent, and a host cannot become a server while it is one",
        ),
        (
            wanted("a b c"),
            with(three(), "c", |server| server.ca_sha256 = Some("other".to_owned())),
            "c has the data of another cluster than a",
        ),
        (
            Wanted {
                datastore: WantedDatastore::Sqlite,
                ..wanted("a b")
            },
            bare(),
            "SQLite is for a single server",
        ),
    ];
    for (wanted, seen, reason) in cases {
        let told = told(&wanted, &seen);
        let expected = format!("refused: {reason}");
        assert!(
            told.len() == 1 && told[0].starts_with(&expected),
            "{told:?}, not {expected}"
        );
    }
}

#[test]
fn no_server_stops_while_another_is_unwell() {
    let changed = with(three(), "a", |server| server.restart_pending = true);
    let seen = with(changed, "b", |server| *server = dead(NOW));
    assert_eq!(
        told(&wanted("a b c"), &seen),
        ["refused: a is not touched while b is not healthy: bring b back first, or remove it"]
    );
    let rotation = Seen {
        old_token: true,
        ..with(three(), "b", |server| *server = dead(NOW))
    };
    assert!(told(&wanted("a b c"), &rotation)[0].starts_with("refused: the token cannot be changed while b"));
}

#[test]
fn a_server_that_cannot_start_is_named_with_its_cause() {
    let failing = with(three(), "c", |server| {
        *server = down(NOW);
        server.unit = UnitPhase::Starting;
        server.cause = Some(Cause::CriticalMismatch);
    });
    assert_eq!(
        told(&wanted("a b c"), &failing),
        [
            "refused: k3s on c does not start: it was told other things than the servers that are there. Give all servers the \
             same values for these options."
        ]
    );
    let mended = with(failing, "c", |server| server.files_differ = true);
    let steps = told(&wanted("a b c"), &mended);
    assert_eq!(steps, ["start c", "wait for c"], "other files may be the cure");
}

#[test]
fn servers_are_not_upgraded_away_from_their_agents() {
    let mut old = seen(["a"].map(|name| (name, well("v1.35.1+k3s1"))));
    old.agents.insert("w".to_owned(), version("v1.32.4+k3s1"));
    assert!(
        told(&wanted("a"), &old)[0].starts_with("refused: w cannot run beside the servers: an agent with v1.32.4+k3s1")
    );
    old.agents.insert("w".to_owned(), version("v1.33.4+k3s1"));
    assert_eq!(told(&wanted("a"), &old), ["upgrade a to v1.36.3+k3s1"]);
}

#[test]
fn even_numbers_of_servers_are_warned_of() {
    let bare = |text: &'static str| seen(text.split(' ').map(|name| (name, Server::bare())).collect::<Vec<_>>());
    let warnings = |text: &'static str| plan(&wanted(text), &bare(text)).warnings;
    assert_eq!(warnings("a"), []);
    assert_eq!(warnings("a b c"), []);
    assert_eq!(
        warnings("a b c d")[0].to_string(),
        "4 servers bear no more failures than 3: have an odd number."
    );
    assert!(
        warnings("a b")[0]
            .to_string()
            .starts_with("Two servers are worse than one")
    );
}

#[test]
fn the_data_of_a_single_server_is_never_left_behind() {
    let sqlite = Server {
        data: Some(DatastoreKind::Sqlite),
        member: Member::None,
        ..well(NOW)
    };
    let seen = seen([("a", sqlite), ("b", Server::bare())]);
    for datastore in [WantedDatastore::Sqlite, WantedDatastore::Etcd] {
        let wanted = Wanted {
            datastore,
            bootstrapped: true,
            ..wanted("b")
        };
        let told = told(&wanted, &seen);
        assert!(
            told.len() == 1 && told[0].starts_with("refused: a has the data of the cluster in SQLite"),
            "{told:?}"
        );
    }
}

#[test]
fn a_host_keeps_the_name_that_it_joined_with() {
    let renamed = with(three(), "c", |server| server.other_name = Some("old-c".to_owned()));
    let told = told(&wanted("a b c"), &renamed);
    assert!(
        told[0].starts_with("refused: the host of c is the server old-c of this cluster"),
        "{told:?}"
    );
}

#[test]
fn a_token_is_not_changed_where_k3s_cannot_do_it() {
    let seen = Seen {
        old_token: true,
        ..seen([("a", well("v1.25.14+k3s1"))])
    };
    let wanted = Wanted {
        version: version("v1.25.14+k3s1"),
        ..wanted("a")
    };
    let told = told(&wanted, &seen);
    assert!(
        told[0].starts_with("refused: the servers run v1.25.14+k3s1, which cannot change its token"),
        "{told:?}"
    );
}

#[test]
fn a_cluster_is_not_begun_while_a_host_was_not_looked_at() {
    let told = told(&wanted("a b"), &seen([("a", Server::bare())]));
    assert!(told[0].starts_with("refused: b does not answer"), "{told:?}");
}

#[test]
fn nothing_is_done_to_a_cluster_that_is_half_restored() {
    let restoring = with(three(), "b", |server| server.restoring = true);
    let told = told(&wanted("a b c"), &restoring);
    assert!(
        told.len() == 1
            && told[0].starts_with("refused: a snapshot was being restored when the last apply ended, and b"),
        "{told:?}"
    );
}
