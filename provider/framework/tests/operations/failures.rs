//! What is left in the state when operations fail.

use serde_json::json;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::testing::{ChangeAction, Core};
use tf_framework::{Attr, WriteOnly};

use crate::lifecycle::core;
use crate::thing::{ThingModel, Things};
use crate::world::Step;

/// Every way in which an operation can fail by itself.
const FAILURES: [Step; 3] = [Step::Fail, Step::FailWithoutSayingWhy, Step::Panic];

fn assert_failed<T>(outcome: Result<T, Diagnostics>) -> String {
    match outcome {
        Ok(_) => panic!("it succeeded"),
        Err(failure) => failure.to_string(),
    }
}

#[tokio::test]
async fn trap_10_a_creation_that_fails_after_a_checkpoint_is_tainted_and_can_be_finished() {
    for failure in FAILURES {
        let (mut core, world) = core();
        world.script("create", &[Step::Checkpoint, failure]);
        let text = assert_failed(core.apply(json!({ "name": "a", "passphrase": "hunter2" })).await);
        assert!(text.contains("untaint") && !text.contains("hunter2"), "{text}");
        assert_eq!(core.state().expect("it is not lost")["id"], "a-id");
        assert!(!core.state().unwrap().to_string().contains("hunter2"));
        assert!(core.is_tainted());

        world.script("create", &[]);
        assert_eq!(
            core.plan(json!({ "name": "a" })).await.unwrap().action,
            ChangeAction::Replace
        );
        core.untaint();
        let state = core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
        assert_eq!(state["revision"], 2);
        core.destroy().await.unwrap();
        assert!(world.ids().is_empty());
    }
}

#[tokio::test]
async fn trap_10_a_creation_that_fails_without_a_checkpoint_leaves_no_state() {
    for failure in FAILURES {
        let (mut core, world) = core();
        world.script("create", &[failure]);
        let text = assert_failed(core.apply(json!({ "name": "a" })).await);
        assert!(!text.contains("untaint"), "{text}");
        assert_eq!(core.state(), None);
    }
}

#[tokio::test]
async fn trap_11_an_update_that_fails_tells_what_it_has_done_and_no_more() {
    for failure in FAILURES {
        for (script, size) in [(vec![failure], 1), (vec![Step::Checkpoint, failure], 2)] {
            let (mut core, world) = core();
            core.apply(json!({ "name": "a" })).await.unwrap();
            world.script("update", &script);
            assert_failed(core.apply(json!({ "name": "a", "size": 2 })).await);
            assert_eq!(core.state().unwrap()["size"], size);
            assert!(!core.is_tainted());
        }
    }
}

#[tokio::test]
async fn trap_12_unknown_attributes_after_an_apply_are_an_error_and_the_state_is_kept() {
    let (mut core, world) = core();
    world.script("create", &[Step::Change(|thing| thing.revision = Attr::Unknown)]);
    let text = assert_failed(core.apply(json!({ "name": "a" })).await);
    assert!(text.contains("revision"), "{text}");
    assert_eq!(core.state().unwrap()["id"], "a-id");
    assert_eq!(core.state().unwrap()["revision"], json!(null));
}

#[tokio::test]
async fn an_answer_that_contradicts_the_plan_is_an_error_and_the_state_is_kept() {
    let (mut core, world) = core();
    world.script("create", &[Step::Change(|thing| thing.size = 9)]);
    let text = assert_failed(core.apply(json!({ "name": "a" })).await);
    assert!(text.contains("`size`"), "{text}");
    assert_eq!(core.state().unwrap()["size"], 9);
}

#[tokio::test]
async fn a_deletion_that_fails_keeps_the_state() {
    for failure in FAILURES {
        let shrink: fn(&mut ThingModel) = |thing| thing.size = 0;
        for (script, size) in [
            (vec![failure], 1),
            (vec![Step::Change(shrink), Step::Checkpoint, failure], 0),
        ] {
            let (mut core, world) = core();
            core.apply(json!({ "name": "a" })).await.unwrap();
            world.script("delete", &script);
            assert_failed(core.destroy().await);
            assert_eq!(core.state().expect("it is still there")["size"], size);
        }
    }
}

#[tokio::test]
async fn a_refresh_or_a_plan_that_fails_changes_nothing() {
    for operation in ["read", "plan"] {
        for failure in FAILURES {
            let (mut core, world) = core();
            core.apply(json!({ "name": "a" })).await.unwrap();
            let before = core.state().cloned();
            world.script(operation, &[failure]);
            assert_failed(core.apply(json!({ "name": "a", "size": 2 })).await);
            assert_failed(core.destroy().await);
            assert_eq!(core.state().cloned(), before);
        }
    }
}

#[tokio::test]
async fn a_read_that_leaves_attributes_unknown_keeps_the_state() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    world.script("read", &[Step::Change(|thing| thing.revision = Attr::Unknown)]);
    let text = assert_failed(core.refresh().await);
    assert!(text.contains("left attributes unknown"), "{text}");
    assert_eq!(core.state().unwrap()["revision"], 1);
}

#[tokio::test]
async fn an_import_that_fails_leaves_nothing() {
    let (mut core, world) = core();
    assert!(assert_failed(core.import("a-id").await).contains("No such thing"));
    core.apply(json!({ "name": "a" })).await.unwrap();
    let mut other = Core::new(Things(world.clone()), "test_thing");
    for failure in FAILURES {
        world.script("import", &[failure]);
        assert_failed(other.import("a-id").await);
        assert_eq!(other.state(), None);
    }
}

#[tokio::test]
async fn trap_18_write_only_values_are_in_no_answer_whatever_the_resource_does() {
    let tell: fn(&mut ThingModel) = |thing| thing.passphrase = WriteOnly::new(Some("hunter2".into()));
    let (mut core, world) = core();
    for operation in ["create", "read", "update", "import"] {
        world.script(operation, &[Step::Change(tell), Step::Checkpoint]);
    }
    core.apply(json!({ "name": "a", "passphrase": "x" })).await.unwrap();
    core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
    core.refresh().await.unwrap();
    assert_eq!(core.state().unwrap()["passphrase"], json!(null));
    let mut other = Core::new(Things(world), "test_thing");
    assert_eq!(other.import("a-id").await.unwrap()["passphrase"], json!(null));
}
