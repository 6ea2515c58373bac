//! Plans and validation, by the rules of a core. What needs hosts is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::Model as _;
use tf_framework::model::FromValue as _;
use tf_framework::testing::{ChangeAction, Core, UNKNOWN};
use tf_framework::wire::json::decode_state;

use super::*;
use crate::k3s::paths;
use crate::provider::ChtProvider;

pub(super) fn cluster() -> Value {
    json!({
        "cluster_id": "0123456789abcdef",
        "servers": ["https://10.0.0.1:6443"],
        "ca_hash": "a".repeat(64),
        "token": format!("K10{}::node:agents", "a".repeat(64)),
        "version": "v1.36.3+k3s1",
        "external_cloud_provider": false,
        "kubernetes": { "host": "https://10.0.0.1:6443", "token": "t" },
        "max_unavailable": 1,
    })
}

/// An agent on a host that does not answer: nothing listens there.
fn agent(changes: Value) -> Value {
    let ssh = json!({ "port": 1, "host_key_policy": "accept-new" });
    let mut agent = json!({ "cluster": cluster(), "name": "worker-1", "host": "127.0.0.1", "ssh": ssh });
    agent
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    agent
}

/// An agent as operations get it.
pub(super) fn model() -> AgentModel {
    let json = agent(json!({ "docker": false, "selinux": false }));
    let value = decode_state(json.to_string().as_bytes(), &AgentModel::schema().value_type()).unwrap();
    AgentModel::from_value(&value).unwrap()
}

fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_k3s_agent")
}

/// A state that an apply has left.
fn state(changes: Value) -> Value {
    let mut state = agent(json!({
        "docker": false,
        "selinux": false,
        "id": "0123456789abcdef/worker-1",
        "ready": true,
        "running_version": "v1.36.3+k3s1",
        "host_key": "ssh-ed25519 AAAA",
        "drift": [],
    }));
    state
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    state
}

fn core_with(changes: Value) -> Core<ChtProvider> {
    core()
        .with_state(0, state(changes))
        .with_identity(0, json!({ "name": "worker-1", "host": null }))
}

fn cluster_with(changes: Value) -> Value {
    let mut cluster = cluster();
    cluster
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    json!({ "cluster": cluster })
}

async fn refused(changes: Value) -> String {
    let refused = core().plan(agent(changes.clone())).await;
    refused.map(|_| ()).expect_err(&changes.to_string()).to_string()
}

#[tokio::test]
async fn an_agent_of_a_cluster_that_does_not_exist_yet_is_planned() {
    for unknown in [
        json!({ "cluster": UNKNOWN }),
        json!({ "cluster": UNKNOWN, "host": UNKNOWN, "provider_id": UNKNOWN, "ssh": { "private_key": UNKNOWN } }),
        cluster_with(json!({ "token": UNKNOWN, "version": UNKNOWN })),
    ] {
        let plan = core().plan(agent(unknown.clone())).await.expect("it is planned");
        assert_eq!(plan.action, ChangeAction::Create, "{unknown}");
        assert!(
            plan.planned.attribute_or_null("running_version").is_unknown(),
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn a_plan_shows_what_the_agent_will_be() {
    let plan = core().plan(agent(json!({}))).await.unwrap();
    let planned = |name: &str| plan.planned.attribute_or_null(name).clone();
    assert_eq!(planned("id"), "0123456789abcdef/worker-1".into());
    assert_eq!(planned("running_version"), "v1.36.3+k3s1".into());
    assert_eq!(planned("ready"), true.into());
    assert!(planned("host_key").is_unknown());
    let older = core().plan(agent(json!({ "version": "v1.35.1+k3s1" }))).await.unwrap();
    assert_eq!(
        older.planned.attribute_or_null("running_version"),
        &"v1.35.1+k3s1".into()
    );
}

#[tokio::test]
async fn what_no_agent_can_be_is_refused_at_the_attribute_to_blame() {
    for (changes, attribute) in [
        (json!({ "name": "Worker_1" }), "name"),
        (json!({ "host": "https://10.0.0.1" }), "host"),
        (json!({ "version": "stable" }), "version"),
        (json!({ "labels": { "a b": "c" } }), "labels"),
        (json!({ "taints": [{ "key": "a", "effect": "Never" }] }), "taints"),
        (json!({ "node_ip": ["10.0.0.1", "fd00::1", "10.0.0.2"] }), "node_ip"),
        (json!({ "kubelet_args": ["--v=2"] }), "kubelet_args"),
        (json!({ "kubelet_args": ["provider-id=x"] }), "kubelet_args"),
        (json!({ "data_dir": "srv" }), "data_dir"),
        (json!({ "extra_config": "{\"tls-san\": [\"a\"]}" }), "option of servers"),
        (json!({ "extra_config": "{\"node-label\": [\"a=b\"]}" }), "`labels`"),
        (
            json!({ "binary": { "path": "k3s", "url": "https://mirror.health.example" } }),
            "binary",
        ),
        (cluster_with(json!({ "servers": [] })), "cluster"),
        (cluster_with(json!({ "kubernetes": {} })), "cluster"),
    ] {
        let message = refused(changes.clone()).await;
        assert!(message.contains(attribute), "{changes}: {message}");
    }
}

#[tokio::test]
async fn an_agent_is_never_newer_than_its_servers_and_at_most_three_minor_versions_older() {
    let newer = refused(json!({ "version": "v1.37.0+k3s1" })).await;
    assert!(newer.contains("Upgrade the servers first"), "{newer}");
    let older = refused(json!({ "version": "v1.32.0+k3s1" })).await;
    assert!(older.contains("more than 3 minor versions"), "{older}");
    assert!(core().plan(agent(json!({ "version": "v1.33.0+k3s1" }))).await.is_ok());
}

#[tokio::test]
async fn the_agent_of_a_state_is_planned_without_changes() {
    assert!(core_with(json!({})).plan(agent(json!({}))).await.unwrap().is_empty());
}

#[tokio::test]
async fn drift_is_planned_to_be_repaired() {
    let mut core = core_with(json!({ "drift": ["k3s does not run: inactive (dead)"], "ready": false }));
    let plan = core.plan(agent(json!({}))).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update);
    assert_eq!(
        plan.planned.attribute_or_null("drift"),
        &tf_framework::value::Value::List(Vec::new())
    );
    assert_eq!(plan.planned.attribute_or_null("ready"), &true.into());
}

#[tokio::test]
async fn an_upgrade_of_the_servers_upgrades_the_agent_in_place() {
    let upgraded = cluster_with(json!({ "version": "v1.37.1+k3s1" }));
    let plan = core_with(json!({})).plan(agent(upgraded)).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update);
    assert_eq!(
        plan.planned.attribute_or_null("running_version"),
        &"v1.37.1+k3s1".into()
    );
    let while_it_is_planned = cluster_with(json!({ "version": UNKNOWN, "servers": UNKNOWN }));
    let plan = core_with(json!({})).plan(agent(while_it_is_planned)).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update, "{:?}", plan.requires_replace);
    assert!(plan.planned.attribute_or_null("running_version").is_unknown());
}

#[tokio::test]
async fn there_is_no_way_back_to_an_older_version() {
    let older = agent(json!({ "version": "v1.35.0+k3s1" }));
    let error = core_with(json!({}))
        .plan(older)
        .await
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot go back to v1.35.0+k3s1"), "{error}");
}

#[tokio::test]
async fn another_name_or_folder_replaces_the_agent_and_all_else_changes_it() {
    for (changes, action) in [
        (
            cluster_with(json!({ "cluster_id": "fedcba9876543210" })),
            ChangeAction::Update,
        ),
        (json!({ "cluster": UNKNOWN }), ChangeAction::Update),
        (json!({ "name": "worker-2" }), ChangeAction::Replace),
        (json!({ "data_dir": "/srv/k3s" }), ChangeAction::Replace),
        (json!({ "data_dir": UNKNOWN }), ChangeAction::Replace),
        (json!({ "data_dir": paths::DATA_DIR }), ChangeAction::Update),
        (json!({ "host": "127.0.0.2" }), ChangeAction::Update),
        (json!({ "host": UNKNOWN }), ChangeAction::Update),
        (json!({ "labels": { "tier": "db" } }), ChangeAction::Update),
        (json!({ "provider_id": "vsphere://4230" }), ChangeAction::Update),
        (json!({ "on_destroy": { "force": true } }), ChangeAction::Update),
        (cluster_with(json!({ "token": "K10other" })), ChangeAction::Update),
    ] {
        let plan = core_with(json!({})).plan(agent(changes.clone())).await;
        assert_eq!(plan.expect("it is planned").action, action, "{changes}");
    }
}

#[tokio::test]
async fn what_moves_pods_away_is_warned_of() {
    for (changes, part) in [
        (json!({ "host": "127.0.0.2" }), "Address of an agent changes"),
        (
            cluster_with(json!({ "cluster_id": "fedcba9876543210" })),
            "Agent goes to another cluster",
        ),
        (json!({ "provider_id": "vsphere://4230" }), "Node registers anew"),
        (json!({ "node_ip": ["10.0.0.21"] }), "Node registers anew"),
    ] {
        let mut core = core_with(json!({}));
        core.plan(agent(changes)).await.unwrap();
        let warnings = core.take_warnings().to_string();
        assert!(warnings.contains(part), "{warnings}");
    }
    let mut core = core_with(json!({ "provider_id": "vsphere://4230" }));
    core.plan(agent(json!({}))).await.unwrap();
    let warnings = core.take_warnings().to_string();
    assert!(
        !warnings.contains("registers anew"),
        "a node keeps an id that is not given any more: {warnings}"
    );
}

#[tokio::test]
async fn what_only_counts_later_is_applied_without_a_host() {
    let mut core = core_with(json!({}));
    let applied = core
        .apply(agent(
            json!({ "on_destroy": { "force": true }, "drain": { "timeout": "10m" } }),
        ))
        .await;
    assert_eq!(applied.expect("nobody is asked")["on_destroy"]["force"], true);
}

#[test]
fn a_state_after_an_import_is_that_of_its_first_plan() {
    let imported = AgentModel::imported("worker-1".to_owned(), "10.0.0.21".to_owned());
    assert!(imported.is_imported() && !model().is_imported());
    assert_eq!(AgentModel::from_value(&imported.to_value()).unwrap().name, "worker-1");
}

/// The state after an import from a host where k3s has its data in this folder.
fn imported(data_dir: Value) -> Value {
    let unknown = json!({
        "cluster_id": "0123456789abcdef", "servers": [], "ca_hash": "", "token": "", "version": "",
        "external_cloud_provider": false, "kubernetes": {}, "max_unavailable": 1,
    });
    json!({ "cluster": unknown, "data_dir": data_dir, "ready": null, "running_version": null, "drift": null })
}

#[tokio::test]
async fn the_first_plan_after_an_import_fills_in_what_is_not_known() {
    let plan = core_with(imported(json!("/srv/k3s")))
        .plan(agent(json!({ "labels": { "tier": "db" }, "data_dir": "/srv/k3s" })))
        .await
        .unwrap();
    assert_eq!(plan.action, ChangeAction::Update, "{:?}", plan.requires_replace);
}

#[tokio::test]
async fn an_imported_agent_keeps_its_data_where_it_is() {
    for (found, given, expected) in [
        (json!("/srv/k3s"), json!(null), Some("/srv/k3s")),
        (json!("/srv/k3s"), json!("/data/k3s"), Some("/srv/k3s")),
        (json!(null), json!("/srv/k3s"), Some(paths::DATA_DIR)),
        (json!(null), json!(paths::DATA_DIR), None),
        (json!("/srv/k3s"), json!(UNKNOWN), None),
    ] {
        let mut core = core_with(imported(found.clone()));
        let planned = core.plan(agent(json!({ "data_dir": given }))).await;
        let refused = planned.map(|_| ()).err().map(|error| error.to_string());
        let says = |folder: &str| {
            refused
                .as_ref()
                .is_some_and(|error| error.contains(&format!("data_dir = \"{folder}\"")))
        };
        match expected {
            Some(folder) => assert!(says(folder), "{found} {given}: {refused:?}"),
            None => assert_eq!(refused, None, "{found} {given}"),
        }
    }
}

#[tokio::test]
async fn an_agent_that_was_only_imported_does_not_leave_a_cluster_of_which_nothing_is_known() {
    let unknown = json!({
        "cluster_id": "fedcba9876543210", "servers": [], "ca_hash": "", "token": "", "version": "",
        "external_cloud_provider": false, "kubernetes": {}, "max_unavailable": 1,
    });
    let refused = core_with(json!({ "cluster": unknown })).plan(agent(json!({}))).await;
    let error = refused.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("fedcba9876543210"), "{error}");
}
