//! Every optional attribute at once, in each line of versions and in a cluster: `lifecycle` replaces an instance of one
//! node with such a one.
//!
//! Left out is what excludes something else (`admin_password_wo`, the volumes that are there already, the other kinds
//! of ingress and TLS), and what has to be there before: `existing_data`, `api_access`. CHT 4 cannot have `nouveau`,
//! which came with CHT 5, and CHT 5 no `upgrade_service`, which went with CHT 4.

use crate::support::{CLAIM, DEPLOYMENT, Instance, NAMESPACE, Scene};

const OF_4: &str = r#"
upgrade_service = { image = "registry.example/upgrade-service:0.32", resources = { limits = { memory = "64Mi" } } }
"#;

const OF_5: &str = r#"
nouveau = { resources = { limits = { memory = "1Gi" } } }
"#;

const COMMON: &str = r#"
builds_url      = "https://builds.example/_couch/builds_4"
cluster_domain  = "cluster.local"
allow_downgrade = true
upgrade         = { mode = "staged", timeout = "2h", require_disk_headroom = true }
api = {
  log_level        = "debug"
  node_env         = "development"
  env              = { TZ = "Africa/Nairobi" }
  env_from_secrets = { SMTP_PASSWORD = { name = "smtp", key = "password" } }
  resources        = { requests = { cpu = "100m" } }
}
sentinel = { log_level = "warn", tolerations = [{ key = "dedicated", effect = "NoExecute", toleration_seconds = 60 }] }
haproxy = { resources = { limits = { memory = "1Gi" } }, env = { TZ = "UTC" }, node_selector = { "kubernetes.io/os" = "linux" } }
healthcheck = { enabled = true, log_level = "debug", resources = { limits = { memory = "64Mi" } } }
ingress = {
  class = "lab"
  kind = "nginx"
  annotations = { "example.org/team" = "kisumu" }
  labels = { "example.org/exposure" = "public" }
  tls = { secret_name = "wildcard" }
  timeout_seconds = 1800
  body_size_mib = 64
}
probes = { enabled = true, readiness = true, startup_timeout_seconds = 600 }
timeouts = { create = "5m", read = "4m", update = "5m", delete = "5m" }
"#;

const COUCHDB: &str = r#"
storage_size   = "2Gi"
storage_class  = "lab"
admin_user     = "admin"
admin_password = "Str0ng-Passw0rd"
secret         = "e1b0ef3c-5ba8-4bd3-8e8f-0d8f3c4b2a11"
uuid           = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
log_level      = "debug"
default_ulimit = false
sys_resource   = true
resources      = { requests = { memory = "1Gi" } }
node_selector  = { "kubernetes.io/os" = "linux" }
tolerations    = [{ key = "dedicated", operator = "Exists" }]
"#;

const ONE_NODE: &str = r#"
data_path = "data"
"#;

const THREE_NODES: &str = r#"
data_path = "node-%d/data"
nodes = [
  { storage = { size = "3Gi", class = "lab-wait" } },
  { node_name = "lab-node-0" },
  { node_selector = { "kubernetes.io/arch" = "amd64" }, tolerations = [{ key = "other", operator = "Exists" }] },
]
"#;

/// An instance with everything that its version can have.
fn everything(namespace: &str, version: &str, nodes: &str) -> Instance {
    let line = if version.starts_with("4.") { OF_4 } else { OF_5 };
    let image = format!(
        "cht_version = {version:?}\nimage = {{ registry = \"registry.example/medic\", tag = {version:?}, \
         pull_policy = \"Always\", pull_secrets = [\"registry\"] }}\n"
    );
    let instance = Instance::new(namespace).with(&image).with(line).with(COMMON);
    instance.couchdb(COUCHDB).couchdb(nodes)
}

/// On one node, in the newest version.
pub(super) fn on_one_node(namespace: &str) -> Instance {
    everything(namespace, "5.3.1", ONE_NODE)
}

async fn lives(namespace: &str, version: &str, nodes: &str, claims: &[&str]) {
    let scene = Scene::new(namespace).await;
    scene.configure(&everything(namespace, version, nodes)).await;
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["live_version"], version);
    assert_eq!(scene.owned(&CLAIM).await, claims);
    let deployments = scene.owned(&DEPLOYMENT).await;
    let has_service = deployments.iter().any(|name| name == "upgrade-service");
    assert_eq!(has_service, version.starts_with("4."), "{deployments:?}");
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, namespace).await.is_none());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn cht_4_on_one_node_has_every_attribute_of_its_line() {
    lives("everything-4", "4.22.0", ONE_NODE, &["couchdb-claim0"]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn each_line_on_three_nodes_has_every_attribute() {
    let claims = ["couchdb-1-claim0", "couchdb-2-claim0", "couchdb-3-claim0"];
    lives("everything-4-three", "4.22.0", THREE_NODES, &claims).await;
    lives("everything-5-three", "5.3.1", THREE_NODES, &claims).await;
}
