//! Users with few rights, for the tests of what happens when a verb is forbidden.

use anyhow::{Result, anyhow};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule};
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use super::Cluster;

/// Where the service accounts behind the users live.
const NAMESPACE: &str = "default";

/// How the API server calls a user of [`Cluster::user`].
#[must_use]
pub fn full_name(name: &str) -> String {
    account_name(NAMESPACE, name)
}

/// How the API server calls a service account.
#[must_use]
pub fn account_name(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

impl Cluster {
    /// Makes a user who may do just what the rules say, in all namespaces, and answers the user's token.
    /// A name that was used before gets the new rules.
    ///
    /// # Errors
    /// If the API server refuses.
    pub async fn user(&self, name: &str, rules: Vec<PolicyRule>) -> Result<String> {
        let client = self.client()?;
        let apply = PatchParams::apply("lab").force();
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": rules,
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}],
        });
        let accounts = Api::<ServiceAccount>::namespaced(client.clone(), NAMESPACE);
        accounts.patch(name, &apply, &Patch::Apply(&account)).await?;
        Api::<ClusterRole>::all(client.clone())
            .patch(name, &apply, &Patch::Apply(&role))
            .await?;
        Api::<ClusterRoleBinding>::all(client)
            .patch(name, &apply, &Patch::Apply(&binding))
            .await?;
        self.token(NAMESPACE, name).await
    }

    /// A token of a service account.
    ///
    /// # Errors
    /// If there is no such account.
    pub async fn token(&self, namespace: &str, name: &str) -> Result<String> {
        let accounts = Api::<ServiceAccount>::namespaced(self.client()?, namespace);
        let request = TokenRequest::default();
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await?;
        answer
            .status
            .and_then(|status| status.token)
            .ok_or_else(|| anyhow!("no token for {name}"))
    }
}
