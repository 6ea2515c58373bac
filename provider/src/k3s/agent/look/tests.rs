//! What hosts and Nodes show of an agent, and what of that is drift.

use super::*;
use crate::k3s::agent::tests::model;
use crate::k3s::nodes::Noted;
use crate::k3s::nodes::noted;
use crate::k3s::probe::node::CORDONED_BY;
use crate::k3s::probe::{FileState, Machine, UnitState};

/// A host that is as the model wants it.
fn joined(model: &AgentModel) -> HostState {
    let files = model.files("https://10.0.0.1:6443", &[]);
    let mut marker = Marker::new(&model.cluster.cluster_id, &model.name, Role::Agent, Phase::Joined);
    marker.started = Some(files.restart_hash());
    HostState {
        binary_sha256: Some("b".to_owned()),
        agent_unit: Some(UnitState {
            active: "active".to_owned(),
            sub: "running".to_owned(),
            file: "enabled".to_owned(),
            ..UnitState::default()
        }),
        files: files
            .files
            .iter()
            .map(|file| (file.path.to_owned(), on_host(file.mode, &file.sha256())))
            .collect(),
        joins_through: Some("https://10.0.0.1:6443".to_owned()),
        marker: Some(marker),
        agent_data: true,
        machine: Machine {
            machine_id: Some("m".to_owned()),
            ..Machine::default()
        },
        ..HostState::default()
    }
}

fn on_host(mode: u32, sha256: &str) -> FileState {
    FileState {
        mode,
        owner: "root".to_owned(),
        sha256: sha256.to_owned(),
    }
}

fn node(model: &AgentModel) -> NodeState {
    NodeState {
        name: model.name.clone(),
        ready: true,
        version: model.wanted_version().ok(),
        ..NodeState::default()
    }
}

struct Scene {
    model: AgentModel,
    state: HostState,
    nodes: Option<Vec<NodeState>>,
    private: Private,
    is_known: bool,
}

impl Scene {
    /// An agent that is as it is wanted.
    fn well() -> Self {
        let model = model();
        Self {
            state: joined(&model),
            nodes: Some(vec![node(&model)]),
            private: Private {
                machine_id: Some("m".to_owned()),
                ..Private::default()
            },
            is_known: true,
            model,
        }
    }

    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut scene = Self::well();
        change(&mut scene);
        scene
    }

    fn node(&mut self) -> &mut NodeState {
        &mut self.nodes.as_mut().unwrap()[0]
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            model: &self.model,
            version: self.model.wanted_version().unwrap(),
            state: &self.state,
            nodes: self.nodes.as_deref(),
            images: &[],
            private: &self.private,
            is_known: self.is_known,
        }
    }
}

#[test]
fn an_agent_that_is_as_it_is_wanted_has_no_drift_and_nothing_is_done() {
    let scene = Scene::well();
    assert_eq!(scene.seen().drift(), Vec::<String>::new());
    assert_eq!(scene.seen().next(), Ok(None));
    assert!(scene.seen().is_own() && !scene.seen().has_nothing());
}

#[test]
fn whatever_is_to_be_done_shows_as_drift() {
    let cases: Vec<(&str, Scene)> = vec![
        (
            "k3s does not run",
            Scene::with(|scene| scene.state.agent_unit.as_mut().unwrap().active = "inactive".to_owned()),
        ),
        (
            "/etc/rancher/k3s/config.yaml was changed",
            Scene::with(|scene| {
                scene
                    .state
                    .files
                    .insert(paths::CONFIG.to_owned(), on_host(0o600, "other"));
            }),
        ),
        (
            "another program",
            Scene::with(|scene| {
                scene.private.program = Some(crate::k3s::agent::ways::Installed {
                    version: "v1.36.3+k3s1".to_owned(),
                    sha256: "c".to_owned(),
                });
            }),
        ),
        ("has no node", Scene::with(|scene| scene.nodes = Some(Vec::new()))),
        ("not ready", Scene::with(|scene| scene.node().ready = false)),
        (
            "not been restarted",
            Scene::with(|scene| scene.state.marker.as_mut().unwrap().started = None),
        ),
        (
            "not finished",
            Scene::with(|scene| scene.state.marker.as_mut().unwrap().phase = Phase::Joining),
        ),
        (
            "takes no pods",
            Scene::with(|scene| {
                let cluster = scene.model.cluster.cluster_id.clone();
                scene.node().unschedulable = true;
                scene.node().annotations.insert(CORDONED_BY.to_owned(), cluster);
            }),
        ),
        (
            "not wanted any more",
            Scene::with(|scene| {
                let noted = Noted {
                    labels: ["tier".to_owned()].into(),
                    ..Noted::default()
                };
                let text = serde_json::to_string(&noted).unwrap();
                scene.node().annotations.insert(noted::ANNOTATION.to_owned(), text);
            }),
        ),
    ];
    for (line, scene) in cases {
        let drift = scene.seen().drift();
        assert!(drift.iter().any(|one| one.contains(line)), "{line}: {drift:?}");
        assert!(matches!(scene.seen().next(), Ok(Some(_))), "{line}");
    }
}

#[test]
fn what_nobody_told_of_nodes_is_no_drift() {
    let scene = Scene::with(|scene| scene.nodes = None);
    assert_eq!(scene.seen().drift(), Vec::<String>::new());
}

#[test]
fn a_host_that_has_lost_our_note_is_known_by_machine_and_token_unless_it_is_to_be_new() {
    let lost = |change: fn(&mut Scene)| {
        let mut scene = Scene::with(|scene| scene.state.marker = None);
        change(&mut scene);
        scene.seen().next()
    };
    assert_eq!(lost(|_| {}), Ok(Some(AgentStep::Restart)));
    assert_eq!(lost(|scene| scene.is_known = false), Err(AgentRefusal::Foreign));
    let other_token = |scene: &mut Scene| {
        scene
            .state
            .files
            .insert(paths::TOKEN.to_owned(), on_host(0o600, "other"));
    };
    assert_eq!(lost(other_token), Err(AgentRefusal::Foreign));
    let other_machine = |scene: &mut Scene| scene.private.machine_id = Some("another".to_owned());
    assert_eq!(
        lost(other_machine),
        Err(AgentRefusal::Foreign),
        "all agents have the same token"
    );
}

#[test]
fn only_a_host_that_shows_nothing_of_the_cluster_has_nothing() {
    let of = |change: fn(&mut Scene)| Scene::with(change).seen().has_nothing();
    assert!(of(|scene| scene.state = HostState::default()));
    assert!(of(
        |scene| scene.state.marker.as_mut().unwrap().cluster = "another".to_owned()
    ));
    assert!(!of(|scene| scene.state.marker = None), "k3s is there, whoever's it is");
    assert!(!of(|scene| {
        scene.state = HostState {
            has_foreign_marker: true,
            ..HostState::default()
        };
    }));
}

#[test]
fn the_servers_that_run_count_for_the_skew_and_not_what_is_said_of_them() {
    let old_server = |scene: &mut Scene| {
        let mut server = node(&scene.model);
        server.name = "server-1".to_owned();
        server.version = "v1.35.0+k3s1".parse().ok();
        server
            .labels
            .insert("node-role.kubernetes.io/control-plane".to_owned(), "true".to_owned());
        scene.nodes.as_mut().unwrap().push(server);
    };
    assert!(matches!(
        Scene::with(old_server).seen().next(),
        Err(AgentRefusal::Skew(_))
    ));
}

#[test]
fn an_agent_that_others_have_set_up_is_known_by_the_machine_of_its_node() {
    let made_by_others = |machine_of_node: &str| {
        let mut scene = Scene::with(|scene| {
            scene.state.marker = None;
            scene.state.files.clear();
            scene.private = Private::default();
        });
        scene.node().machine_id = Some(machine_of_node.to_owned());
        scene.seen().next()
    };
    assert_eq!(made_by_others("m"), Ok(Some(AgentStep::Restart)));
    assert_eq!(made_by_others("another"), Err(AgentRefusal::Foreign));
}
