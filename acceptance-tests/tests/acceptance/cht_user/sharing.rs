//! What operations on one instance cost the API server together.

use acceptance_tests::cluster::users;
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::application::Application;
use crate::support::{kubernetes_at, lab};

const MANY: &str = "
resource \"cht_user\" \"many\" {
  count       = 10
  instance    = local.instance
  username    = \"user-${count.index}\"
  password_wo = \"Str0ng-Passw0rd\"
  roles       = [\"data_entry\"]
}
resource \"cht_settings\" \"test\" {
  instance = local.instance
  settings = jsonencode({ app_url = \"https://a.health.example\" })
}
resource \"cht_credential\" \"test\" {
  instance = local.instance
  key      = \"rapidpro:outgoing\"
  value_wo = \"s3cret\"
  value_wo_version = 1
}
";

/// How many port-forwards are opened at once at most, as the provider has it.
const AT_ONCE: usize = 4;

/// How often a user has asked for something since an entry of the audit log.
async fn count(user: &str, resource: &str, from: usize) -> usize {
    let requests = lab().await.cluster.requests(from).expect("there is a log");
    requests
        .iter()
        .filter(|request| request.user == users::full_name(user) && request.resource == resource)
        .count()
}

async fn now() -> usize {
    lab().await.cluster.requests(0).expect("there is a log").len()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_in_one_instance_shares_a_few_port_forwards() {
    let application = Application::new("shared").await;
    let cluster = &lab().await.cluster;
    let everything = PolicyRule {
        api_groups: Some(vec!["*".to_owned()]),
        resources: Some(vec!["*".to_owned()]),
        verbs: vec!["*".to_owned()],
        ..PolicyRule::default()
    };
    let token = cluster.user("sharing", vec![everything]).await.expect("a user");
    let way = kubernetes_at(&cluster.host(), cluster.ca_pem(), &token);
    let other = application.without_state("").await;
    other.scene.write(&format!(
        "locals {{\n  instance = {{ kubernetes = {way}, namespace = \"shared\" }}\n}}\n{MANY}"
    ));

    let start = now().await;
    other.scene.apply().await;
    let opened = count("sharing", "pods/portforward", start).await;
    // The command plans in one process and applies in another.
    assert!(
        (1..=2 * AT_ONCE).contains(&opened),
        "{opened} port-forwards for 12 resources"
    );

    let start = now().await;
    assert!(other.scene.plan().await.is_empty());
    let opened = count("sharing", "pods/portforward", start).await;
    assert!(
        (1..=AT_ONCE).contains(&opened),
        "{opened} port-forwards to refresh 12 resources"
    );
    other.scene.destroy().await;
    application.scene.destroy().await;
}
