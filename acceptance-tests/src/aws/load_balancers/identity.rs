//! What the controller may do: what the role says that its service account has by a pod identity association.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::aws::account::Session;

/// What a role may do.
#[derive(Debug)]
pub(super) struct Permissions(Vec<Value>);

/// Those of a service account.
pub(super) async fn of(session: &Session, cluster: &str, namespace: &str, account: &str) -> Result<Permissions> {
    let asked = json!({"clusterName": cluster, "namespace": namespace, "serviceAccount": account});
    let listed = session.call_unseen("eks", "ListPodIdentityAssociations", asked).await?;
    let id = &listed["associations"][0]["associationId"];
    if !id.is_string() {
        bail!("the service account {namespace}/{account} has no role");
    }
    let asked = json!({"clusterName": cluster, "associationId": id});
    let described = session
        .call_unseen("eks", "DescribePodIdentityAssociation", asked)
        .await?;
    let arn = described["association"]["roleArn"].as_str().context("a role")?;
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let role = session.call_unseen("iam", "GetRole", json!({"RoleName": name})).await?;
    let trust = role["Role"]["AssumeRolePolicyDocument"].to_string();
    if !trust.contains("pods.eks.amazonaws.com") || !trust.contains("sts:TagSession") {
        bail!("pods cannot have the role {name}: {trust}");
    }
    let listed = session
        .call_unseen("iam", "ListRolePolicies", json!({"RoleName": name}))
        .await?;
    let mut statements = Vec::new();
    for policy in list(&listed["PolicyNames"]) {
        let asked = json!({"RoleName": name, "PolicyName": policy});
        let policy = session.call_unseen("iam", "GetRolePolicy", asked).await?;
        statements.extend(list(&policy["PolicyDocument"]["Statement"]));
    }
    Ok(Permissions(statements))
}

impl Permissions {
    /// Fails unless an action is allowed, whatever the conditions are.
    pub(super) fn check(&self, action: &str) -> Result<()> {
        let covers = |pattern: &Value| {
            let pattern = pattern.as_str().unwrap_or_default();
            match pattern.strip_suffix('*') {
                Some(start) => action.starts_with(start),
                None => pattern == action,
            }
        };
        let allows =
            |statement: &Value| statement["Effect"] == "Allow" && list(&statement["Action"]).iter().any(covers);
        match self.0.iter().any(allows) {
            true => Ok(()),
            false => bail!("AccessDenied: the controller's role does not allow {action}"),
        }
    }
}

/// A list, of which one that is alone may stand for.
fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}
