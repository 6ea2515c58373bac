//! Tests of what is decided without any host: files, tokens, and what users are told.

use secrecy::ExposeSecret as _;

use super::*;
use crate::k3s::config::{Datastore, Join, Role};
use crate::k3s::fleet::files::Which;
use crate::k3s::host::Probed;
use crate::k3s::journal::{Cause, Finding};
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::probe::{DatastoreKind, HostState, NodeState, UnitState};
use crate::k3s::rollout::Refusal;
use crate::k3s::wait::Failure;
use crate::k3s::{digest, paths};

fn spec(servers: &[&str]) -> Spec {
    let node = |name: &&str| {
        let node = NodeSettings {
            name: (*name).to_owned(),
            ..NodeSettings::default()
        };
        ((*name).to_owned(), node)
    };
    let address = |name: &str| (name.to_owned(), format!("https://{name}:6443"));
    Spec {
        cluster_id: "c1".to_owned(),
        creating: false,
        version: "v1.36.3+k3s1".parse().unwrap(),
        steps: Vec::new(),
        settings: ClusterSettings {
            has_agent_token: true,
            ..ClusterSettings::default()
        },
        servers: servers.iter().map(node).collect(),
        addresses: ["a", "b", "c", "gone"].map(address).into(),
        outer_addresses: BTreeMap::new(),
        registries: Registries::default(),
        proxy: Proxy::default(),
        bootstrapped: true,
        ca_sha256: None,
        token: None,
        renews_agent_token: false,
        remembered: None,
        program: Source::default(),
        images: Vec::new(),
        drain: None,
        snapshot: true,
        adopt: false,
        on_removal: OnDestroy::default(),
    }
}

fn fleet(servers: &[&str]) -> Fleet {
    Fleet::new(spec(servers), BTreeMap::new())
}

/// A server that is part of the cluster, whose file names another to join through.
fn member(name: &str, through: Option<&str>) -> HostState {
    let node = NodeState {
        name: name.to_owned(),
        ready: true,
        ..NodeState::default()
    };
    HostState {
        marker: Some(Marker::new("c1", name, Role::Server, Phase::Joined)),
        datastore: Some(DatastoreKind::Etcd),
        ca_sha256: Some(digest::sha256(b"ca")),
        joins_through: through.map(|through| format!("https://{through}:6443")),
        readyz: Some(Ok(())),
        server_unit: Some(UnitState {
            active: "active".to_owned(),
            ..UnitState::default()
        }),
        nodes: Some(vec![node]),
        ..HostState::default()
    }
}

fn looked<const N: usize>(states: [(&str, HostState); N]) -> Looked {
    let probed = |(name, state): (&str, HostState)| (name.to_owned(), Ok(Probed { state, asked_at: 0 }));
    Looked {
        hosts: states.map(probed).into(),
        ..Looked::default()
    }
}

fn through(name: &str) -> Join {
    Join::Through(format!("https://{name}:6443"))
}

#[test]
fn a_server_begins_a_cluster_only_while_there_is_no_other() {
    let fleet = fleet(&["a", "b"]);
    let bare = looked([("a", HostState::default()), ("b", HostState::default())]);
    assert_eq!(fleet.join(&bare, "a"), Join::Init);
    let begun = looked([("a", member("a", None)), ("b", HostState::default())]);
    assert_eq!(fleet.join(&begun, "a"), Join::Init, "the other has not joined yet");
    assert_eq!(fleet.join(&begun, "b"), through("a"));
    let both = looked([("a", member("a", None)), ("b", member("b", Some("a")))]);
    assert_eq!(fleet.join(&both, "a"), through("b"));
}

#[test]
fn what_a_file_says_to_join_through_stays_as_long_as_it_is_another_server() {
    let fleet = fleet(&["a", "b", "c"]);
    for (stated, wanted) in [("c", "c"), ("b", "b"), ("a", "b"), ("gone", "b"), ("elsewhere", "b")] {
        let all = looked([
            ("a", member("a", Some(stated))),
            ("b", member("b", None)),
            ("c", member("c", None)),
        ]);
        assert_eq!(fleet.join(&all, "a"), through(wanted), "{stated}");
    }
}

#[test]
fn nobody_joins_where_etcd_is_not_on_the_servers() {
    let mut spec = spec(&["a", "b"]);
    spec.settings.datastore = Datastore::External {
        endpoint: "mysql://".into(),
        ca_file: None,
        cert_file: None,
        key_file: None,
    };
    let fleet = Fleet::new(spec, BTreeMap::new());
    let both = looked([("a", member("a", None)), ("b", member("b", None))]);
    assert_eq!(fleet.join(&both, "a"), Join::Alone);
    assert_eq!(fleet.join_through(Some("b")), Join::Alone);
}

#[test]
fn a_token_is_short_as_long_as_there_is_no_authority_and_names_it_from_then_on() {
    let fleet = fleet(&["a"]);
    let token = |looked: &Looked, which| {
        let files = fleet.files_with(looked, "a", &Join::Init, which).unwrap();
        let file = files.files.iter().find(|file| file.path == paths::TOKEN).unwrap();
        file.text.expose_secret().to_owned()
    };
    let mut bare = looked([("a", HostState::default())]);
    assert_eq!(token(&bare, Which::Wanted), fleet.fresh.server.short().expose_secret());
    bare.tokens.written = Token::parse("begun").ok();
    assert_eq!(token(&bare, Which::Current), "begun");
    let mut begun = looked([("a", member("a", None))]);
    begun.tokens.cluster = Token::parse("secret").ok();
    let secure = format!("K10{}::server:secret", digest::sha256(b"ca"));
    assert_eq!(token(&begun, Which::Wanted), secure);
}

#[test]
fn a_token_that_is_known_by_its_hash_is_not_missed_on_any_host() {
    let fleet = fleet(&["a"]);
    let mut begun = looked([("a", member("a", None))]);
    begun.tokens.known = Token::parse("secret").ok().map(|token| token.sha256());
    let files = fleet.files(&begun, "a").unwrap();
    assert!(files.files.iter().all(|file| file.path != paths::TOKEN));
    let missing = Drift::FileMissing(paths::TOKEN.to_owned());
    let misses_token = |looked: &Looked| fleet.drift(looked)["a"].contains(&missing);
    assert!(!misses_token(&begun) && !fleet.has_old_token(&begun));
    begun.tokens = Default::default();
    assert!(misses_token(&begun), "it would be written");
}

#[test]
fn while_a_token_is_changed_who_joins_gets_the_one_that_the_cluster_takes() {
    let mut spec = spec(&["a"]);
    spec.token = Token::parse("new").ok();
    let fleet = Fleet::new(spec, BTreeMap::new());
    let mut begun = looked([("a", member("a", None))]);
    begun.tokens.cluster = Token::parse("old").ok();
    assert!(fleet.has_old_token(&begun));
    let hash = |which| {
        fleet
            .files_with(&begun, "a", &Join::Init, which)
            .unwrap()
            .restart_hash()
    };
    assert_ne!(hash(Which::Wanted), hash(Which::Current));
    begun.tokens.cluster = Token::parse("new").ok();
    assert!(!fleet.has_old_token(&begun));
}

#[test]
fn what_ended_a_run_is_told_with_step_cause_journal_and_advice() {
    let failure = Failure {
        finding: Some(Finding {
            cause: Cause::PortTaken,
            line: String::new(),
            keys: Vec::new(),
        }),
        journal: vec!["level=fatal msg=\"address already in use\"".to_owned()],
        restarts: 3,
    };
    let stopped = Stopped::Step {
        step: Step::Restart { server: "a".to_owned() },
        error: Box::new(StepError::Down {
            host: "a".to_owned(),
            failure,
        }),
    };
    let refusal = Refusal::Failing {
        server: "a".to_owned(),
        cause: Cause::DiskFull,
    };
    let refused = Stopped::Refused {
        refusal,
        journal: vec!["no space left on device".to_owned()],
    };
    let fleet = fleet(&["a"]);
    for (stopped, parts) in [
        (
            stopped,
            &[
                "k3s does not start: a port that it needs is taken",
                "level=fatal",
                "Stop what listens on that port",
                "Step: restart a",
                "goes on from there",
            ][..],
        ),
        (refused, &["its disk is full. Make room", "no space left"]),
    ] {
        let said = fleet.diagnose(stopped).to_string();
        for part in parts {
            assert!(said.contains(part), "{part:?} is missing: {said}");
        }
    }
}

#[test]
fn what_hosts_of_other_clusters_say_is_not_about_this_one() {
    let mut all = looked([("a", HostState::default()), ("b", member("b", None))]);
    assert!(all.has_data() && all.is_healthy("b"));
    all.foreign.insert("b".to_owned());
    assert!(!all.has_data() && all.nodes().is_none() && !all.is_healthy("b"));
}
