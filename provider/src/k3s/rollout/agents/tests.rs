//! Tests of what is done with agents.

use super::*;

fn version(text: &str) -> K3sVersion {
    text.parse().unwrap()
}

/// An agent that is well.
fn well() -> Agent {
    Agent {
        owner: Owner::Us,
        is_server: false,
        unit: UnitPhase::Running,
        installed: true,
        cause: None,
        has_password: true,
        node: true,
        ready: true,
        running: Some(version("v1.36.3+k3s1")),
        restart_pending: false,
        files_differ: false,
        stale_node: false,
        labels_differ: false,
        cordoned: false,
    }
}

fn bare() -> Agent {
    Agent {
        owner: Owner::Nobody,
        unit: UnitPhase::Absent,
        installed: false,
        has_password: false,
        node: false,
        ready: false,
        running: None,
        ..well()
    }
}

fn step(agent: &Agent) -> Result<Option<AgentStep>, AgentRefusal> {
    next(&version("v1.36.3+k3s1"), &[version("v1.36.3+k3s1")], agent)
}

#[test]
fn each_state_of_an_agent_has_its_step() {
    let to = version("v1.36.3+k3s1");
    let down = |cause| Agent {
        unit: UnitPhase::Starting,
        ready: false,
        cause,
        ..well()
    };
    for (agent, expected) in [
        (well(), None),
        (bare(), Some(AgentStep::Join { version: to })),
        (Agent { node: true, ..bare() }, Some(AgentStep::DeleteNode)),
        (
            Agent {
                installed: false,
                ..well()
            },
            Some(AgentStep::Join { version: to }),
        ),
        (down(None), Some(AgentStep::Start)),
        (down(Some(Cause::ServerUnreachable)), Some(AgentStep::Start)),
        (down(Some(Cause::NodePassword)), Some(AgentStep::DeleteNode)),
        (
            Agent {
                node: false,
                running: None,
                ..down(None)
            },
            Some(AgentStep::Join { version: to }),
        ),
        (
            Agent {
                node: false,
                running: None,
                ..down(Some(Cause::NodePassword))
            },
            Some(AgentStep::Join { version: to }),
        ),
        (
            Agent {
                files_differ: true,
                ..down(Some(Cause::UnknownFlag))
            },
            Some(AgentStep::Start),
        ),
        (
            Agent {
                running: Some(version("v1.35.0+k3s1")),
                restart_pending: true,
                ..well()
            },
            Some(AgentStep::Upgrade { version: to }),
        ),
        (
            Agent {
                stale_node: true,
                ..well()
            },
            Some(AgentStep::Register),
        ),
        (
            Agent {
                restart_pending: true,
                files_differ: true,
                ..well()
            },
            Some(AgentStep::Restart),
        ),
        (
            Agent {
                files_differ: true,
                ..well()
            },
            Some(AgentStep::WriteFiles),
        ),
        (
            Agent {
                labels_differ: true,
                ..well()
            },
            Some(AgentStep::PatchNode),
        ),
        (
            Agent {
                cordoned: true,
                ..well()
            },
            Some(AgentStep::Uncordon),
        ),
    ] {
        assert_eq!(step(&agent), Ok(expected), "{agent:?}");
    }
}

#[test]
fn what_an_agent_cannot_be_is_refused() {
    assert_eq!(
        step(&Agent {
            is_server: true,
            ..well()
        }),
        Err(AgentRefusal::RoleChange)
    );
    assert_eq!(
        step(&Agent {
            owner: Owner::Other,
            ..bare()
        }),
        Err(AgentRefusal::Foreign)
    );
    let newer = Agent {
        running: Some(version("v1.36.4+k3s1")),
        ..well()
    };
    assert!(matches!(
        step(&newer),
        Err(AgentRefusal::Upgrade(UpgradeError::Downgrade { .. }))
    ));
    let failing = Agent {
        unit: UnitPhase::Starting,
        ready: false,
        cause: Some(Cause::OtherCluster),
        ..well()
    };
    let error = step(&failing).expect_err("it fails").to_string();
    assert!(
        error.starts_with("k3s does not start: its token is that of another cluster. Check"),
        "{error}"
    );
    let ahead = next(&version("v1.36.3+k3s1"), &[version("v1.35.9+k3s1")], &bare());
    assert!(matches!(ahead, Err(AgentRefusal::Skew(SkewError::KubeletNewer { .. }))));
}

#[test]
fn some_agents_may_always_be_away_and_never_more_than_said() {
    for (text, agents, expected) in [
        ("1", 9, 1),
        ("3", 9, 3),
        ("10%", 9, 1),
        ("10%", 25, 2),
        ("100%", 4, 4),
        ("50%", 0, 1),
    ] {
        assert_eq!(
            text.parse::<MaxUnavailable>().unwrap().of(agents),
            expected,
            "{text} of {agents}"
        );
    }
    for text in ["", "0", "0%", "101%", "-1", "half", "10 %", "1.5"] {
        assert!(text.parse::<MaxUnavailable>().is_err(), "{text}");
    }
}
