//! The roles for what only some instances have, each with an instance that has it.

use acceptance_tests::cht::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::enough::is_all_used;
use super::make_namespace;
use super::roles::{Account, Permission, permissions, role, role_names, without};
use crate::application::Application;
use crate::support::{ADDRESS, NAMESPACE, Scene, lab};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_in_a_directory_needs_the_role_for_volumes() {
    let scene = Scene::new("permitted-volume").await;
    let roles = ["cht-instance", "cht-namespaces", "cht-neighbors", "cht-volumes"];
    let account = Account::with_roles("volumes", &roles).await;
    let node = "nodes = [{ node_name = \"lab-node-0\", storage = { host_path = \"/srv/permitted\" } }]\n";
    let instance = scene.instance().couchdb(node);
    let instance = instance.with("ingress = { class = \"lab\" }");
    scene.write(&instance.hcl(&account.way().await));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    let requested = account.requested().await;
    for permission in permissions(&role("cht-volumes")) {
        let is_seen = permission.0 != "create";
        assert!(
            !is_seen || requested.contains(&permission),
            "nobody needs {permission:?}"
        );
    }
}

/// The cluster that is kept beside the state of a scene's instance.
fn kept_cluster(scene: &Scene) -> Value {
    let private = scene.stored()["private"].as_str().unwrap_or_default().to_owned();
    let private = STANDARD.decode(private).expect("it is base64");
    let private: Value = serde_json::from_slice(&private).unwrap_or_default();
    // The command line adds what is its own.
    private["cluster"].clone()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_account_in_a_namespace_knows_its_cluster_by_the_role_for_that() {
    let scene = Scene::new("permitted-identity").await;
    make_namespace(&scene).await;
    let account = Account::from_example("namespace.yaml", &scene.namespace).await;
    let way = account.way().await;
    let instance = scene.instance().with("create_namespace = false");
    scene.write(&instance.hcl(&way));
    scene.apply().await;
    assert_eq!(kept_cluster(&scene), Value::Null, "nobody told which one it is");

    account.bind("cht-identity", "kube-system").await;
    scene.write(&instance.with("api = { log_level = \"debug\" }").hcl(&way));
    scene.apply().await;
    let first = scene
        .object(&NAMESPACE, "kube-system")
        .await
        .expect("every cluster has it");
    assert_eq!(kept_cluster(&scene), json!(first.metadata.uid));
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_of_couchdb_that_was_never_finished_needs_the_role_for_it() {
    let scene = Scene::new("permitted-nodes").await;
    lab().await.cht.inject(&scene.namespace, Fault::UnfinishedCluster);
    let roles = ["cht-instance", "cht-namespaces", "cht-neighbors", "cht-couchdb-cluster"];
    let account = Account::with_roles("nodes", &roles).await;
    scene.write(&scene.instance().couchdb("nodes = [{}, {}]\n").hcl(&account.way().await));
    scene.apply().await;
    scene.destroy().await;
    let requested = account.requested().await;
    assert!(
        requested.contains(&("delete".to_owned(), "pods".to_owned())),
        "{requested:?}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_service_needs_all_that_it_is_given() {
    let scene = Scene::new("permitted-service").await;
    let all = ["cht-instance", "cht-namespaces", "cht-neighbors", "cht-upgrade-service"];
    let rules: Vec<_> = all.iter().flat_map(|name| role(name)).collect();
    let four = scene.instance().with("cht_version = \"4.22.0\"\nupgrade_service = {}");
    let account = Account::with_rules("service", rules.clone()).await;
    scene.write(&four.hcl(&account.way().await));
    scene.apply().await;
    scene.is_settled().await;

    scene.destroy().await;
    let requested = account.requested().await;
    for resource in ["serviceaccounts", "roles", "rolebindings"] {
        for verb in ["get", "list", "patch", "delete"] {
            let permission = (verb.to_owned(), resource.to_owned());
            assert!(requested.contains(&permission), "nobody needs {permission:?}");
        }
    }
}

/// What the service may do is handed on to it: the cluster refuses that to whoever may not do it.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nobody_hands_on_to_an_upgrade_service_what_they_lack() {
    let scene = Scene::new("permitted-handing").await;
    make_namespace(&scene).await;
    let rules: Vec<_> = ["cht-instance", "cht-upgrade-service"]
        .iter()
        .flat_map(|name| role(name))
        .collect();
    let four = scene.instance().with("cht_version = \"4.22.0\"\nupgrade_service = {}");
    let four = four.with("create_namespace = false");
    let handed_on = [
        ("get", "pods"),
        ("watch", "pods"),
        ("update", "pods"),
        ("patch", "pods"),
        ("watch", "deployments"),
        ("update", "deployments"),
    ];
    for (verb, resource) in handed_on {
        let permission: Permission = (verb.to_owned(), resource.to_owned());
        let name = format!("hands-on-without-{verb}-{resource}");
        let lacking = Account::with_rules(&name, without(&rules, &permission)).await;
        scene.write(&four.hcl(&lacking.way().await));
        let refused = scene.plan_fails().await;
        let reason = "attempting to grant RBAC permissions not currently held";
        assert!(refused.detail.contains(reason), "{permission:?}: {refused:#?}");
    }
    let all = Account::with_rules("hands-on", rules).await;
    scene.write(&four.hcl(&all.way().await));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_inside_of_an_instance_needs_no_permission_for_the_instance() {
    let application = Application::new("permitted-user").await;
    let account = Account::with_roles("inside", &["cht-application"]).await;
    let way = account.way().await;
    let user = application.without_state("").await;
    let text = format!(
        "resource \"cht_user\" \"test\" {{
           instance    = {{ kubernetes = {way}, namespace = \"permitted-user\" }}
           username    = \"jane\"
           password_wo = \"Str0ng-Passw0rd\"
           roles       = [\"data_entry\"]
         }}"
    );
    user.scene.write(&text);
    user.scene.apply().await;
    user.scene.is_settled().await;
    application.scene.destroy().await;
    let plan = user.scene.plan().await;
    assert_eq!(
        plan.actions("cht_user.test"),
        ["create"],
        "the user went with the namespace"
    );
    is_all_used(&account, &["cht-application"], &[]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn data_sources_need_no_permission_to_read_secrets() {
    let application = Application::new("permitted-reader").await;
    let account = Account::with_roles("reader", &["cht-reader"]).await;
    let way = account.way().await;
    let reader = application.without_state("").await;
    reader.scene.write(&format!(
        "locals {{
           instance = {{ kubernetes = {way}, namespace = \"permitted-reader\" }}
         }}
         data \"cht_instance\" \"test\" {{ instance = local.instance }}
         data \"cht_monitoring\" \"test\" {{ instance = local.instance }}"
    ));
    reader.scene.apply().await;
    let found = reader.values("data.cht_instance.test").await;
    assert_eq!(found["ready"], true);
    assert!(found["upgrade"].is_null(), "only who logs in is told");
    let requested = account.requested().await;
    for permission in permissions(&role("cht-reader")) {
        let is_seen = permission.0 != "create";
        assert!(
            !is_seen || requested.contains(&permission),
            "nobody needs {permission:?}"
        );
    }
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_role_is_in_the_guide() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/permissions.md");
    let guide = std::fs::read_to_string(guide).expect("there is a guide");
    let missing: Vec<String> = role_names()
        .into_iter()
        .filter(|name| !guide.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "the guide says nothing of {missing:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_are_looked_at_for_the_zone_of_a_disk_if_that_is_allowed() {
    let scene = Scene::new("permitted-zone").await;
    let storage = "storage = { ebs_volume_id = \"vol-0a1b2c3d4e5f60751\", zone = \"eu-west-1a\" }";
    let instance = scene.instance().couchdb(&format!("nodes = [{{ {storage} }}]\n"));
    let needed = ["cht-instance", "cht-namespaces", "cht-volumes"];
    for (name, more, expected) in [
        (
            "zone-seen",
            Some("cht-lookups"),
            &["No node in the zone of the disk"][..],
        ),
        ("zone-unseen", None, &[]),
    ] {
        let roles: Vec<&str> = needed.into_iter().chain(more).collect();
        let account = Account::with_roles(name, &roles).await;
        scene.write(&instance.hcl(&account.way().await));
        let plan = scene.plan().await;
        let warnings: Vec<&str> = plan.diagnostics().iter().map(|one| one.summary.as_str()).collect();
        assert_eq!(warnings, expected, "{name}");
        let asked = account.requested().await;
        assert!(
            asked.contains(&("list".to_owned(), "nodes".to_owned())),
            "{name}: {asked:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_log_of_a_container_that_crashes_is_asked_for() {
    let scene = Scene::new("permitted-log").await;
    let roles = ["cht-instance", "cht-namespaces", "cht-neighbors", "cht-diagnosis"];
    let account = Account::with_roles("log", &roles).await;
    let crashing = scene.instance().with("api = { env = { LAB_FAULT = \"crash\" } }");
    scene.write(&crashing.hcl(&account.way().await));
    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "CHT does not start");
    let asked = account.requested().await;
    assert!(asked.contains(&("get".to_owned(), "pods/log".to_owned())), "{asked:?}");
    scene.destroy().await;
}
