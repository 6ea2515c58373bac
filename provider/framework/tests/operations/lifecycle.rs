//! What a user sees when nothing goes wrong on the remote side: plans, applies, refreshes, imports.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tf_framework::path::Path;
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};
use tf_framework::value::Value;

use crate::thing::Things;
use crate::world::{Step, World};

pub(crate) fn core() -> (Core<Things>, Arc<World>) {
    let world = Arc::new(World::default());
    (Core::new(Things(Arc::clone(&world)), "test_thing"), world)
}

fn planned(plan: &tf_framework::testing::Change, attribute: &str) -> Value {
    plan.planned.attribute_or_null(attribute).clone()
}

#[tokio::test]
async fn trap_01_computed_attributes_are_unknown_in_the_plan_of_a_creation() {
    let (mut core, _) = core();
    let plan = core.plan(json!({ "name": "a" })).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Create);
    assert!(planned(&plan, "id").is_unknown() && planned(&plan, "revision").is_unknown());
    assert_eq!(planned(&plan, "size"), 1.into());
    let state = core.apply(json!({ "name": "a" })).await.unwrap();
    let timeouts = Json::Null;
    let expected = json!({
        "name": "a", "size": 1, "zone": null, "passphrase": null, "id": "a-id", "revision": 1, "timeouts": timeouts
    });
    assert_eq!(state, expected);
}

#[tokio::test]
async fn trap_02_a_second_plan_is_empty_and_an_update_keeps_what_it_keeps() {
    let (mut core, _) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    assert!(core.plan(json!({ "name": "a" })).await.unwrap().is_empty());
    let plan = core.plan(json!({ "name": "a", "size": 2 })).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update);
    assert_eq!(planned(&plan, "id"), "a-id".into());
    assert!(planned(&plan, "revision").is_unknown());
    let state = core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
    assert_eq!(state["revision"], 2);
}

#[tokio::test]
async fn trap_04_another_spelling_is_no_drift_and_another_value_is() {
    let (mut core, world) = core();
    let config = json!({ "name": "a", "zone": "Africa" });
    core.apply(config.clone()).await.unwrap();
    assert!(core.plan(config.clone()).await.unwrap().is_empty());
    assert_eq!(core.state().unwrap()["zone"], "Africa");
    world.resize("a-id", 7);
    let plan = core.plan(config).await.unwrap();
    assert_eq!((plan.action, planned(&plan, "size")), (ChangeAction::Update, 1.into()));
}

#[tokio::test]
async fn trap_13_private_state_survives_refreshes_plans_and_updates() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a", "passphrase": "12345" })).await.unwrap();
    core.refresh().await.unwrap();
    core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
    core.destroy().await.unwrap();
    let log = world.take_log();
    let with_private: Vec<_> = log.iter().filter(|line| line.contains("private")).collect();
    for operation in ["read", "shape", "update", "delete"] {
        assert!(
            with_private.iter().any(|line| line.starts_with(operation)),
            "{operation}: {log:?}"
        );
    }
    assert!(with_private.iter().all(|line| line.ends_with("private 5")), "{log:?}");
}

#[tokio::test]
async fn trap_14_states_of_this_and_of_older_versions_are_read() {
    let (core, world) = core();
    core.with_state(2, json!({}))
        .refresh()
        .await
        .expect_err("there is no name in it");
    for (version, size) in [(2, 3), (1, 3000)] {
        let world = Arc::clone(&world);
        let mut maker = Core::new(Things(Arc::clone(&world)), "test_thing");
        maker.apply(json!({ "name": "a", "size": 3 })).await.unwrap();
        // Without some attributes, and with one that is no more.
        let stored = json!({ "name": "a", "size": size, "id": "a-id", "color": "red" });
        let mut core = Core::new(Things(world), "test_thing").with_state(version, stored);
        let plan = core.plan(json!({ "name": "a", "size": 3 })).await.unwrap();
        assert!(plan.is_empty(), "{plan:?}");
    }
}

#[tokio::test]
async fn trap_14_a_state_from_before_an_attribute_with_a_default_is_read() {
    let (mut maker, world) = core();
    maker.apply(json!({ "name": "a", "size": 3 })).await.unwrap();
    let older = json!({ "name": "a", "id": "a-id" });
    let mut core = Core::new(Things(Arc::clone(&world)), "test_thing").with_state(2, older.clone());
    assert!(core.plan(json!({ "name": "a", "size": 3 })).await.unwrap().is_empty());
    assert_eq!(core.refresh().await.unwrap().unwrap()["size"], 3);
    let mut core = Core::new(Things(Arc::clone(&world)), "test_thing").with_state(2, older);
    core.destroy().await.unwrap();
    assert_eq!(world.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn trap_14_states_of_which_nothing_is_known_are_refused() {
    for (version, reason) in [(3, "too new"), (0, "never released")] {
        let (core, _) = core();
        let mut core = core.with_state(version, json!({ "name": "a" }));
        let failure = core.refresh().await.map(|_| ()).unwrap_err();
        assert!(failure.to_string().contains(reason), "{failure}");
        assert!(core.state().is_some());
    }
}

#[tokio::test]
async fn trap_15_a_plan_that_changes_while_it_is_applied_is_found_out() {
    let (mut core, world) = core();
    world.script("plan", &[Step::PlanAnything]);
    let failure = core.apply(json!({ "name": "a" })).await.unwrap_err().to_string();
    assert!(
        failure.contains("inconsistent") && failure.contains("revision"),
        "{failure}"
    );
    assert!(world.ids().is_empty());
}

#[tokio::test]
async fn trap_16_a_replacement_is_planned_once_more_as_a_creation() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    world.take_log();
    let plan = core.plan(json!({ "name": "b" })).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Replace);
    assert_eq!(plan.requires_replace, [Path::new("name")]);
    assert!(planned(&plan, "id").is_unknown());
    let plans: Vec<_> = world
        .take_log()
        .into_iter()
        .filter(|line| line.starts_with("plan"))
        .collect();
    assert_eq!(plans, [r#"plan Update of Some("a")"#, "plan Create of None"]);
    core.apply(json!({ "name": "b" })).await.unwrap();
    assert_eq!(world.ids(), ["b-id"]);
}

#[tokio::test]
async fn trap_17_a_deletion_is_planned_with_what_there_is_and_may_come_late() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    world.take_log();
    core.destroy().await.unwrap();
    assert!(world.take_log().contains(&r#"plan Delete of Some("a")"#.to_owned()));
    assert_eq!((core.state(), world.ids()), (None, Vec::new()));
    core.destroy().await.unwrap();
    core.apply(json!({ "name": "a" })).await.unwrap();
    world.remove("a-id");
    core.destroy().await.unwrap();
    assert_eq!(core.state(), None);
}

#[tokio::test]
async fn trap_18_a_write_only_value_reaches_the_operation_and_no_state() {
    let (mut core, world) = core();
    let state = core
        .apply(json!({ "name": "a", "passphrase": "hunter2" }))
        .await
        .unwrap();
    assert!(!state.to_string().contains("hunter2"));
    core.refresh().await.unwrap();
    assert!(world.take_log().contains(&"read, private 7".to_owned()));
    let plan = core
        .plan(json!({ "name": "a", "size": 2, "passphrase": "hunter2" }))
        .await
        .unwrap();
    assert!(planned(&plan, "passphrase").is_null());
}

#[tokio::test]
async fn trap_24_what_is_not_known_when_planning_is_known_when_applying() {
    let (mut core, world) = core();
    let plan = core.plan(json!({ "name": UNKNOWN, "size": UNKNOWN })).await.unwrap();
    assert!(planned(&plan, "name").is_unknown() && planned(&plan, "size").is_unknown());
    let config = json!({ "name": "a", "size": 3 });
    let state = core
        .apply_later_known(json!({ "name": UNKNOWN, "size": UNKNOWN }), config)
        .await
        .unwrap();
    assert_eq!((&state["name"], &state["size"]), (&json!("a"), &json!(3)));
    assert_eq!(world.ids(), ["a-id"]);
    // Whether the name changes is not known, so nothing but a replacement can be planned.
    let plan = core.plan(json!({ "name": UNKNOWN, "size": 3 })).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Replace);
}

#[tokio::test]
async fn trap_25_every_phase_is_a_process_and_validation_is_not_configured() {
    let (core, world) = core();
    let mut core = core.with_provider_config(json!({ "endpoint": "e" }));
    let failure = core.plan(json!({ "name": "a", "size": 101 })).await.unwrap_err();
    assert!(failure.to_string().contains("Too large"));
    assert_eq!(world.take_log(), Vec::<String>::new());
    core.apply(json!({ "name": "a" })).await.unwrap();
    let log = world.take_log();
    assert_eq!(
        log.iter().filter(|line| *line == "configure for e").count(),
        2,
        "{log:?}"
    );
}

#[tokio::test]
async fn trap_27_an_imported_thing_is_complete_and_not_replaced() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a", "size": 5 })).await.unwrap();
    let mut other = Core::new(Things(world), "test_thing");
    let state = other.import("a-id").await.unwrap();
    assert_eq!((&state["name"], &state["size"]), (&json!("a"), &json!(5)));
    assert!(other.plan(json!({ "name": "a", "size": 5 })).await.unwrap().is_empty());
    let failure = core.import("b-id").await.unwrap_err();
    assert!(failure.to_string().contains("already"));
}

#[tokio::test]
async fn a_generated_configuration_says_what_is_needed_and_changes_nothing() {
    let (mut core, _) = core();
    let config = json!({ "name": "a", "size": 5, "passphrase": "p", "timeouts": { "delete": "1m" } });
    core.apply(config).await.unwrap();
    let generated = core.generate_config().await.unwrap();
    let written: Vec<&String> = generated
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(written, ["name", "size"]);
    let plan = core.plan(generated).await.unwrap();
    assert_eq!(planned(&plan, "revision"), 1.into());
}

#[tokio::test]
async fn trap_28_other_timeouts_are_no_change_of_the_object() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    let config = json!({ "name": "a", "timeouts": { "delete": "1m" } });
    let plan = core.plan(config.clone()).await.unwrap();
    assert_eq!(
        (plan.action, planned(&plan, "revision")),
        (ChangeAction::Update, 1.into())
    );
    world.take_log();
    let state = core.apply(config.clone()).await.unwrap();
    assert_eq!(
        (&state["timeouts"]["delete"], &state["revision"]),
        (&json!("1m"), &json!(1))
    );
    let log = world.take_log();
    assert!(!log.iter().any(|line| line.starts_with("update")), "{log:?}");
    assert!(core.plan(config).await.unwrap().is_empty());
    core.apply(json!({ "name": "a", "size": 2 })).await.unwrap();
    let log = world.take_log();
    assert!(log.iter().any(|line| line.starts_with("update")), "{log:?}");
}

#[tokio::test]
async fn trap_28_timeouts_without_a_limit_stay_as_they_are_configured() {
    let (mut core, _) = core();
    let without = json!({ "create": null, "read": null, "update": null, "delete": null });
    for timeouts in [json!({}), json!({ "create": null })] {
        let config = |size: i64| json!({ "name": "a", "size": size, "timeouts": timeouts });
        let state = core.apply(config(1)).await.unwrap();
        assert_eq!(state["timeouts"], without);
        core.refresh().await.unwrap();
        assert!(core.plan(config(1)).await.unwrap().is_empty());
        let state = core.apply(config(2)).await.unwrap();
        assert_eq!(state["timeouts"], without);
        core.destroy().await.unwrap();
    }
}

#[tokio::test]
async fn an_object_that_is_gone_leaves_the_state_and_is_made_again() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    world.remove("a-id");
    assert_eq!(core.refresh().await.unwrap(), None);
    assert_eq!(
        core.plan(json!({ "name": "a" })).await.unwrap().action,
        ChangeAction::Create
    );
}

#[tokio::test]
async fn warnings_of_all_operations_reach_the_user() {
    let (mut core, world) = core();
    for operation in ["plan", "create", "read", "update", "delete"] {
        world.script(operation, &[Step::Warn]);
        for size in [1, 2] {
            core.apply(json!({ "name": "a", "size": size })).await.unwrap();
        }
        core.destroy().await.unwrap();
        let warnings = core.take_warnings();
        assert_eq!(warnings.iter().count(), 1, "{operation}");
        world.script(operation, &[]);
    }
}

#[tokio::test]
async fn every_process_of_the_simulator_gives_back_what_its_clients_hold() {
    let (mut core, world) = core();
    core.apply(json!({ "name": "a" })).await.unwrap();
    // The last one gives it back after it has answered.
    tokio::task::yield_now().await;
    let log = world.take_log();
    let closed = log.iter().filter(|line| *line == "close").count();
    assert!(closed >= 2, "that of the plan and that of the apply: {log:?}");
}
