//! Plans by the rules of a core. No host of these clusters answers; what hosts say is tested with real ones.

use serde_json::{Value as Json, json};
use tf_framework::testing::{Change, ChangeAction, Core, UNKNOWN};

use crate::provider::ChtProvider;

/// The servers `a`, `b` and so on. Nothing listens on their port, so that nobody has to be waited for.
fn servers(names: &[&str]) -> Json {
    let server = |name: &&str| {
        let host = format!("127.0.0.{}", name.bytes().map(u32::from).sum::<u32>() % 200 + 10);
        ((*name).to_owned(), json!({ "host": host }))
    };
    Json::Object(names.iter().map(server).collect())
}

fn configuration(changes: Json) -> Json {
    let mut configuration = json!({
        "version": "v1.36.3+k3s1",
        "servers": servers(&["a", "b", "c"]),
        "ssh": { "port": 1, "password": "x", "host_key_policy": "accept-new" },
    });
    configuration
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    configuration
}

/// The state of three servers that run, as releases wrote it that did not tell the print of a host's key.
fn state(changes: Json) -> Json {
    let status = |host: &str| json!({ "version": "v1.36.3+k3s1", "address": format!("https://{host}:6443"), "ready": true, "voter": true, "host_key": null });
    let mut state = configuration(json!({
        "https_listen_port": 6443, "cluster_domain": "cluster.local", "flannel_backend": "vxlan", "secrets_encryption": false,
        "embedded_registry": false, "docker": false, "selinux": false, "kubeconfig_mode": "0600", "deletion_protection": true,
        "id": "0123456789abcdef",
        "kubernetes": way("https://127.0.0.107:6443"),
        "kubeconfig": "x",
        "join": {
            "cluster_id": "0123456789abcdef",
            "servers": ["https://127.0.0.107:6443", "https://127.0.0.108:6443", "https://127.0.0.109:6443"],
            "ca_hash": CA, "token": "K10x::node:agents", "version": "v1.36.3+k3s1", "external_cloud_provider": false,
            "kubernetes": way("https://127.0.0.107:6443"), "max_unavailable": 1,
        },
        "server_token": "generated", "previous_tokens": [], "ca_hash": CA,
        "status": { "a": status("127.0.0.107"), "b": status("127.0.0.108"), "c": status("127.0.0.109") },
        "drift": [],
    }));
    state
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    state
}

const CA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn way(host: &str) -> Json {
    json!({ "host": host, "cluster_ca_certificate": "authority", "client_certificate": "certificate", "client_key": "key" })
}

fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_k3s_cluster")
}

fn core_with(changes: Json) -> Core<ChtProvider> {
    core().with_state(0, state(changes))
}

async fn planned(changes: Json) -> Change {
    let plan = core_with(json!({})).plan(configuration(changes.clone())).await;
    plan.unwrap_or_else(|failure| panic!("{changes}: {failure}"))
}

#[track_caller]
fn assert_known(plan: &Change, attributes: &[&str], known: bool) {
    for attribute in attributes {
        let value = plan.planned.attribute_or_null(attribute);
        assert_eq!(value.is_wholly_known() && !value.is_null(), known, "{attribute}");
    }
}

async fn refused(changes: Json) -> String {
    let plan = core_with(json!({})).plan(configuration(changes.clone())).await;
    plan.map(|_| ()).expect_err(&changes.to_string()).to_string()
}

#[tokio::test]
async fn a_cluster_on_hosts_that_do_not_exist_yet_is_planned_from_the_configuration_alone() {
    for servers in [
        json!(UNKNOWN),
        json!({ "a": { "host": UNKNOWN, "provider_id": UNKNOWN } }),
    ] {
        let plan = core().plan(configuration(json!({ "servers": servers }))).await.unwrap();
        assert_eq!(plan.action, ChangeAction::Create);
        assert_known(&plan, &["id", "kubernetes", "join"], false);
        assert_known(&plan, &["drift"], true);
    }
}

#[tokio::test]
async fn hosts_that_do_not_answer_are_told_of_and_do_not_stop_a_plan() {
    let mut core = core();
    core.plan(configuration(json!({}))).await.unwrap();
    let warnings = core.take_warnings().to_string();
    for name in ["\"a\"", "\"b\"", "\"c\""] {
        assert!(warnings.contains(name), "{warnings}");
    }
}

#[tokio::test]
async fn what_has_not_changed_has_no_plan() {
    assert!(planned(json!({})).await.is_empty());
}

#[tokio::test]
async fn the_way_into_the_cluster_stays_known_when_something_else_changes() {
    let plan = planned(json!({ "disable": ["traefik"], "version": "v1.36.4+k3s1" })).await;
    assert_eq!(plan.action, ChangeAction::Update);
    assert_known(
        &plan,
        &["id", "kubernetes", "kubeconfig", "join", "ca_hash", "server_token"],
        true,
    );
    assert_known(&plan, &["status"], false);
    let join = plan.planned.attribute_or_null("join");
    assert_eq!(join.attribute_or_null("version"), &"v1.36.4+k3s1".into());
}

#[tokio::test]
async fn another_endpoint_is_in_all_that_is_exported() {
    let plan = planned(json!({ "endpoint": "k3s.example" })).await;
    let host = |attribute: &str| {
        let way = plan.planned.attribute_or_null(attribute);
        let way = if attribute == "join" {
            way.attribute_or_null("kubernetes")
        } else {
            way
        };
        way.attribute_or_null("host").clone()
    };
    for attribute in ["kubernetes", "join"] {
        assert_eq!(host(attribute), "https://k3s.example:6443".into(), "{attribute}");
    }
    let kubeconfig = plan
        .planned
        .attribute_or_null("kubeconfig")
        .as_str()
        .unwrap()
        .to_owned();
    assert!(kubeconfig.contains("k3s.example:6443"));
}

#[tokio::test]
async fn clients_keep_their_server_for_as_long_as_there_is_one() {
    let kept =
        planned(json!({ "servers": servers(&["a", "b", "c", "A"].map(|name| if name == "A" { "0" } else { name })) }))
            .await;
    let host = |plan: &Change| {
        plan.planned
            .attribute_or_null("kubernetes")
            .attribute_or_null("host")
            .clone()
    };
    assert_eq!(
        host(&kept),
        "https://127.0.0.107:6443".into(),
        "a new server that sorts before it"
    );
    let gone = planned(json!({ "servers": servers(&["b", "c"]) })).await;
    assert_eq!(host(&gone), "https://127.0.0.108:6443".into());
}

#[tokio::test]
async fn agents_know_their_cluster_while_a_server_is_made_in_the_same_apply() {
    let mut with_new = servers(&["a", "b", "c"]);
    with_new["d"] = json!({ "host": UNKNOWN });
    let plan = planned(json!({ "servers": with_new })).await;
    let join = plan.planned.attribute_or_null("join");
    assert_eq!(join.attribute_or_null("cluster_id"), &"0123456789abcdef".into());
    assert!(join.attribute_or_null("servers").is_unknown());
}

#[tokio::test]
async fn the_way_into_the_cluster_stays_known_while_the_machine_of_a_server_is_made() {
    let mut with_new = servers(&["a", "b", "c"]);
    with_new["d"] = json!({ "host": "127.0.0.9", "provider_id": UNKNOWN });
    let plan = planned(json!({ "servers": with_new })).await;
    assert_known(&plan, &["kubernetes", "kubeconfig", "join"], true);
    let join = plan.planned.attribute_or_null("join");
    let servers = format!("{:?}", join.attribute_or_null("servers"));
    assert!(servers.contains("https://127.0.0.9:6443"), "{servers}");
}

#[tokio::test]
async fn another_token_is_known_after_the_apply() {
    let plan = planned(json!({ "token_version": 2 })).await;
    assert_known(&plan, &["server_token", "previous_tokens"], false);
    assert_known(&plan, &["kubernetes", "join"], true);
}

#[tokio::test]
async fn another_token_of_agents_leaves_the_way_into_the_cluster_known() {
    let plan = planned(json!({ "token_version": 2, "agent_token_version": 1 })).await;
    assert_eq!(plan.action, ChangeAction::Update);
    assert_known(&plan, &["kubernetes", "kubeconfig"], true);
    assert_known(&plan, &["join"], false);
}

#[tokio::test]
async fn agents_get_no_other_token_without_the_servers() {
    let refused = refused(json!({ "agent_token_version": 1 })).await;
    assert!(refused.contains("`token_version`"), "{refused}");
    let mut core = core_with(json!({ "agent_token_version": 1 }));
    let left_out = core.plan(configuration(json!({}))).await.unwrap();
    assert_known(&left_out, &["join"], true);
}

#[tokio::test]
async fn a_token_that_was_given_stays_out_of_the_state() {
    let mut core = core_with(json!({ "server_token": null }));
    let plan = core
        .plan(configuration(json!({ "disable": ["traefik"] })))
        .await
        .unwrap();
    assert!(plan.planned.attribute_or_null("server_token").is_null());
}

#[tokio::test]
async fn drift_is_repaired() {
    let mut core = core_with(json!({ "drift": ["a: k3s does not run: failed (failed)"] }));
    let plan = core.plan(configuration(json!({}))).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update);
    assert_eq!(
        plan.planned.attribute_or_null("drift"),
        &tf_framework::value::Value::List(Vec::new())
    );
}

#[tokio::test]
async fn a_creation_that_was_not_finished_is_planned_to_be() {
    for ca_hash in [json!(null), json!(CA)] {
        let mut core = core_with(json!({
            "drift": ["the cluster is not finished"], "ca_hash": ca_hash, "kubernetes": null, "join": null, "kubeconfig": null,
            "server_token": null, "previous_tokens": null, "status": null,
        }));
        let plan = core.plan(configuration(json!({}))).await.unwrap();
        assert_known(
            &plan,
            &["kubernetes", "kubeconfig", "join", "server_token", "previous_tokens"],
            false,
        );
        assert_known(&plan, &["ca_hash"], !ca_hash.is_null());
        assert_known(&plan, &["id"], true);
    }
}

#[tokio::test]
async fn what_would_lose_the_cluster_is_refused_at_its_attribute() {
    for (changes, attribute, part) in [
        (json!({ "version": "v1.35.4+k3s1" }), "version", "cannot go back"),
        (
            json!({ "version": "v1.38.0+k3s1" }),
            "version",
            "give a release of 1.37",
        ),
        (json!({ "servers": servers(&["a"]) }), "servers", "in several applies"),
        (
            json!({ "servers": servers(&["x", "y", "z"]) }),
            "servers",
            "in several applies",
        ),
        (
            json!({ "cluster_cidr": ["10.50.0.0/16"] }),
            "cluster_cidr",
            "Put the old value",
        ),
        (
            json!({ "datastore": { "type": "external", "endpoint": "mysql://a" } }),
            "datastore.type",
            "no other way",
        ),
    ] {
        let refused = refused(changes).await;
        assert!(refused.contains(attribute) && refused.contains(part), "{refused}");
    }
    let steps = json!({ "version": "v1.38.0+k3s1", "upgrade_path": ["v1.37.2+k3s1"] });
    assert_eq!(planned(steps).await.action, ChangeAction::Update);
}

#[tokio::test]
async fn servers_that_are_gone_may_be_left_out_of_a_snapshot_that_comes_back() {
    let restore = json!({ "snapshot": "/srv/etcd-snapshot-a", "server": "a" });
    let changes = json!({ "servers": servers(&["a"]), "restore_from": restore });
    assert_eq!(planned(changes.clone()).await.action, ChangeAction::Update);
    let mut before = core_with(json!({ "restore_from": restore }));
    let refused = before.plan(configuration(changes)).await.map(|_| ());
    let refused = refused.expect_err("nothing comes back again").to_string();
    assert!(refused.contains("in several applies"), "{refused}");
}

#[tokio::test]
async fn a_server_that_gets_another_name_is_refused() {
    let mut renamed = servers(&["a", "b", "c"]);
    let c = renamed.as_object_mut().unwrap().remove("c").unwrap();
    renamed["d"] = c;
    let refused = refused(json!({ "servers": renamed })).await;
    assert!(
        refused.contains("servers[\"d\"].host") && refused.contains("`c`"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_cluster_with_data_is_protected() {
    let refused = core_with(json!({})).destroy().await.unwrap_err().to_string();
    assert!(
        refused.contains("deletion_protection = false") && refused.contains("untaint"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_even_number_of_servers_is_warned_of() {
    let mut core = core();
    core.plan(configuration(json!({ "servers": servers(&["a", "b"]) })))
        .await
        .unwrap();
    assert!(
        core.take_warnings()
            .to_string()
            .contains("Two servers are worse than one")
    );
}
