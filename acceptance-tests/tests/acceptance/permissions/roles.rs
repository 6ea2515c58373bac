//! The manifests of `examples/permissions`, and accounts that may do what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acceptance_tests::cluster::users;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::Value;

use crate::support::{eventually, kubernetes_at, lab};

/// What everybody may do who is known to the API server at all.
const FOR_EVERYBODY: [(&str, &str); 3] = [
    ("get", "/version"),
    ("create", "selfsubjectreviews"),
    ("create", "selfsubjectrulesreviews"),
];

/// A verb and a resource, in RBAC's words.
pub(super) type Permission = (String, String);

/// Somebody with few rights.
pub(super) struct Account {
    name: String,
    token: String,
}

impl Account {
    /// An account that may do what these rules say, everywhere.
    pub(super) async fn with_rules(name: &str, rules: Vec<PolicyRule>) -> Self {
        let cluster = &lab().await.cluster;
        let token = cluster.user(name, rules).await.expect("a user");
        let account = Account {
            name: users::full_name(name),
            token,
        };
        account.is_known("default").await;
        account
    }

    /// An account that has these of the examples' roles, everywhere.
    pub(super) async fn with_roles(name: &str, roles: &[&str]) -> Self {
        let rules = roles.iter().flat_map(|name| role(name)).collect();
        Self::with_rules(name, rules).await
    }

    /// The account that a file of the examples makes, as if somebody had applied it for this namespace.
    pub(super) async fn from_example(file: &str, namespace: &str) -> Self {
        let cluster = &lab().await.cluster;
        let client = cluster.client().expect("a client");
        let mut account = None;
        for manifest in manifests("roles.yaml").into_iter().chain(manifests(file)) {
            let text = manifest.to_string().replace("cht-kisumu", namespace);
            let manifest: Value = serde_json::from_str(&text).expect("it is still a manifest");
            apply(&client, &manifest).await;
            if manifest["kind"] == "ServiceAccount" {
                account = Some(manifest);
            }
        }
        let account = account.expect("it makes an account");
        let text = |name: &str| account["metadata"][name].as_str().expect("text");
        let (home, name) = (text("namespace"), text("name"));
        let account = Account {
            name: users::account_name(home, name),
            token: cluster.token(home, name).await.expect("a token"),
        };
        account.is_known(namespace).await;
        account
    }

    /// Gives the account another of the examples' roles, in one namespace.
    pub(super) async fn bind(&self, role: &str, namespace: &str) {
        let client = lab().await.cluster.client().expect("a client");
        let binding = serde_json::json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.name}],
        });
        apply(&client, &binding).await;
        self.is_known(namespace).await;
    }

    /// The way to the lab's cluster as this account, as an expression.
    pub(super) async fn way(&self) -> String {
        let cluster = &lab().await.cluster;
        kubernetes_at(&cluster.host(), cluster.ca_pem(), &self.token)
    }

    /// What the account has asked the API server for, but for what everybody may ask.
    pub(super) async fn requested(&self) -> BTreeSet<Permission> {
        let requests = lab().await.cluster.requests(0).expect("there is a log");
        requests
            .into_iter()
            .filter(|request| request.user == self.name)
            .filter(|request| {
                !FOR_EVERYBODY
                    .iter()
                    .any(|(verb, resource)| request.verb == *verb && request.resource == *resource)
            })
            .map(|request| (request.verb, request.resource))
            .collect()
    }

    /// Waits until the authorizer of the API server has seen what the account is bound to in a namespace.
    async fn is_known(&self, namespace: &str) {
        let client = lab().await.cluster.client_with_token(&self.token).expect("a client");
        let review = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace},
        });
        eventually("the rules of an account", async || {
            let request = http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
                .header("content-type", "application/json")
                .body(review.to_string().into_bytes())
                .expect("a request");
            let answer: Value = client.request(request).await.map_err(|error| error.to_string())?;
            let rules = answer["status"]["resourceRules"].to_string();
            // Every role of the examples is about pods or namespaces, and nothing that everybody may do is.
            if rules.contains("\"pods\"") || rules.contains("\"namespaces\"") {
                Ok(())
            } else {
                Err(rules)
            }
        })
        .await;
    }
}

/// The rules of a role of the examples.
pub(super) fn role(name: &str) -> Vec<PolicyRule> {
    let roles = manifests("roles.yaml");
    let found = roles.iter().find(|role| role["metadata"]["name"] == name);
    let found = found.unwrap_or_else(|| panic!("there is no role {name}"));
    serde_json::from_value(found["rules"].clone()).expect("rules")
}

/// The names of all roles of the examples.
pub(super) fn role_names() -> BTreeSet<String> {
    let roles = manifests("roles.yaml");
    let names = roles.iter().filter_map(|role| role["metadata"]["name"].as_str());
    names.map(str::to_owned).collect()
}

/// What rules allow, one by one.
pub(super) fn permissions(rules: &[PolicyRule]) -> BTreeSet<Permission> {
    let mut permissions = BTreeSet::new();
    for rule in rules {
        for resource in rule.resources.iter().flatten() {
            permissions.extend(rule.verbs.iter().map(|verb| (verb.clone(), resource.clone())));
        }
    }
    permissions
}

/// The rules without one permission.
pub(super) fn without(rules: &[PolicyRule], (verb, resource): &Permission) -> Vec<PolicyRule> {
    let mut left = Vec::new();
    for rule in rules {
        for one in rule.resources.iter().flatten() {
            let verbs = rule.verbs.iter().filter(|other| one != resource || *other != verb);
            left.push(PolicyRule {
                resources: Some(vec![one.clone()]),
                verbs: verbs.cloned().collect(),
                ..rule.clone()
            });
        }
    }
    left.retain(|rule| !rule.verbs.is_empty());
    left
}

fn manifests(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/permissions")
        .join(file);
    let text = fs::read_to_string(path).expect("the file can be read");
    text.split("\n---\n")
        .map(|document| serde_saphyr::from_str(document).expect("it is YAML"))
        .collect()
}

async fn apply(client: &Client, manifest: &Value) {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
    let api_version = text("/apiVersion").expect("a version");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = text("/kind").expect("a kind");
    let resource = ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        plural: format!("{}s", kind.to_lowercase()),
    };
    let api: Api<DynamicObject> = match text("/metadata/namespace") {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let name = text("/metadata/name").expect("a name");
    let params = PatchParams::apply("somebody").force();
    api.patch(name, &params, &Patch::Apply(manifest))
        .await
        .expect("it is applied");
}
