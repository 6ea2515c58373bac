//! What is refused before anything is changed, each with the attribute that is to blame.

use crate::support::{ADDRESS, Scene, blames, failure};

/// An invalid configuration: lines of `couchdb`, other lines, and the summary, text and line of the error.
type Invalid = (&'static str, &'static str, &'static str, &'static str, &'static str);

const INVALID: [Invalid; 15] = [
    (
        "",
        "cht_version = \"3.17.0\"",
        "Invalid value",
        "runs CHT 4 and later",
        "cht_version = \"3.17.0\"",
    ),
    (
        "",
        "upgrade_service = {}",
        "No upgrade service",
        "Remove `upgrade_service`",
        "upgrade_service = {}",
    ),
    (
        "nodes = [{ storage = { claim_name = \"a\" } }, {}]",
        "",
        "Volume of a node is missing",
        "Give all nodes their volumes, or none",
        "couchdb = {",
    ),
    (
        "existing_data = true",
        "",
        "Existing data needs its credentials",
        "CouchDB keeps the administrator of the data",
        "couchdb = {",
    ),
    (
        "storage_size = \"big\"",
        "",
        "Invalid value",
        "not a quantity",
        "couchdb = {",
    ),
    (
        "admin_user = \"a:b\"",
        "",
        "Invalid value",
        "letters, digits",
        "couchdb = {",
    ),
    (
        "admin_password = \"short\"",
        "",
        "Invalid value",
        "at least 8 printable characters",
        "couchdb = {",
    ),
    (
        "admin_password_wo = \"long enough\"",
        "",
        "Version of the admin password is missing",
        "start with 1",
        "couchdb = {",
    ),
    (
        "",
        "api = { env = { COUCH_URL = \"x\" } }",
        "Invalid value",
        "managed by the provider",
        "api = {",
    ),
    (
        "",
        "ingress = { tls = { certificate = \"x\" } }",
        "Private key is missing",
        "give `private_key`",
        "ingress = {",
    ),
    (
        "",
        "ingress = { tls = { secret_name = \"a\", cluster_issuer = \"b\" } }",
        "Conflicting attributes",
        "Give only one of",
        "ingress = {",
    ),
    (
        "",
        "ingress = { tls = {} }",
        "Missing attribute",
        "Give one of",
        "ingress = {",
    ),
    (
        "",
        "ingress = { class = \"nginx\", tls = { managed_certificate = \"a\" } }",
        "Ingress cannot use this certificate",
        "is for the kind `gce`",
        "ingress = {",
    ),
    (
        "",
        "timeouts = { create = \"soon\" }",
        "Invalid value",
        "not a duration",
        "timeouts = {",
    ),
    (
        "",
        "kubernetes = { host = \"http://a.example\" }",
        "Invalid way to the cluster",
        "https URL",
        "kubernetes = {",
    ),
];

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn invalid_configurations_are_refused_at_the_attribute() {
    let scene = Scene::new("invalid").await;
    for (couchdb, body, summary, text, code) in INVALID {
        scene.write(&scene.instance().couchdb(couchdb).with(body).hcl(""));
        let error = failure("validate", scene.workspace.validate().await);
        blames(&error, summary, text, code);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v11_what_would_lose_data_is_refused_in_the_plan() {
    let scene = Scene::new("guarded").await;
    scene.configure(&scene.instance().protected()).await;
    scene.apply().await;

    let error = failure("destroy", scene.workspace.destroy().await);
    blames(&error, "Instance is protected", "`deletion_protection` is on", "");
    scene
        .configure(&scene.instance().protected().with("cluster_domain = \"other.local\""))
        .await;
    blames(
        &scene.plan_fails().await,
        "Cannot be changed",
        "would replace the instance, which holds data",
        "cluster_domain",
    );

    for (couchdb, text) in [
        ("storage_size = \"512Mi\"", "never shrink"),
        (
            "admin_user = \"other\"",
            "the administrator with which its volume was first used",
        ),
        ("secret = \"another secret, long enough\"", "would become invalid"),
        ("uuid = \"7f9a3c1e-54b2-4d8e-9c61-0a2b3c4d5e6f\"", "replication anew"),
        ("data_path = \"elsewhere\"", "an empty database"),
        ("storage_class = \"lab-retain\"", "another storage class"),
        ("nodes = [{}, {}]", "couchdb-migration"),
        (
            "nodes = [{ storage = { gce_disk = \"data\" } }]",
            "other data than before",
        ),
    ] {
        scene.configure(&scene.instance().protected().couchdb(couchdb)).await;
        let error = scene.plan_fails().await;
        assert!(
            [
                "Cannot be changed",
                "Volume cannot shrink",
                "Number of CouchDB nodes cannot be changed"
            ]
            .contains(&error.summary.as_str()),
            "{error:#?}"
        );
        blames(&error, &error.summary, text, "couchdb = {");
    }

    scene
        .configure(&scene.instance().protected().with("cht_version = \"5.3.0\""))
        .await;
    blames(
        &scene.plan_fails().await,
        "CHT cannot be downgraded",
        "cht_version = \"5.3.1\"",
        "cht_version = \"5.3.0\"",
    );

    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_somebody_else_made_is_not_taken_over() {
    let scene = Scene::new("foreign").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;

    let other = scene.elsewhere().await;
    // The very same configuration would be taken for that of an apply whose state was not saved.
    let changed = other.instance().with("api = { log_level = \"debug\" }");
    other.configure(&changed).await;
    blames(
        &other.apply_fails().await,
        "CHT instance exists already",
        "import it",
        "namespace = ",
    );

    scene.destroy().await;
    let namespace = Scene::new("kube-public").await;
    namespace.configure(&namespace.instance()).await;
    let error = namespace.plan_fails().await;
    blames(
        &error,
        "Unable to create the CHT instance",
        "Namespace kube-public exists already",
        "namespace = ",
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_replaced_in_its_own_namespace_only_without_its_data() {
    let scene = Scene::new("moved").await;
    scene
        .configure(&scene.instance().protected().with("deletion_protection = false"))
        .await;
    scene.apply().await;
    let moved = "cluster_domain = \"other.local\"";
    let kept = scene.instance().protected().with("deletion_protection = false");
    scene.configure(&kept.with(moved)).await;
    blames(
        &scene.plan_fails().await,
        "Cannot be changed",
        "apply `deletion_protection = false` and `retain_volumes = false` first",
        "cluster_domain",
    );

    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.configure(&scene.instance().with(moved)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}
