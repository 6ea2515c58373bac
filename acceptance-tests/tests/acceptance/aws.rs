//! A scene with an account of its own: what tests of AWS's resources work with.

use std::ops::{Deref, DerefMut};

use acceptance_tests::aws::{Account, Aws, available};
use acceptance_tests::tofu::{Cli, Steps, Workspace, provider_binary};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::support::eventually;

/// A workspace and an account. The workspace has the credentials in its environment, as users have.
pub(crate) struct Scene {
    steps: Steps,
    pub(crate) account: Account,
}

static AWS: OnceCell<Aws> = OnceCell::const_new();

impl Scene {
    /// None where AWS cannot be played.
    pub(crate) async fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let aws = AWS.get_or_try_init(Aws::start).await.expect("AWS is played");
        Some(Scene::in_account(aws.account().await.expect("an account")))
    }

    pub(crate) fn in_account(account: Account) -> Self {
        Scene {
            steps: Steps::of(workspace(&account)),
            account,
        }
    }

    /// Another workspace for the same account, which knows nothing of this one.
    pub(crate) fn elsewhere(&self) -> Workspace {
        workspace(&self.account)
    }

    /// Another workspace, which knows nothing of this one.
    pub(crate) fn forget(&mut self) {
        self.steps = Steps::of(workspace(&self.account));
    }

    /// What EC2 lists, by botocore's names.
    pub(crate) async fn listed(&self, operation: &str, list: &str) -> Vec<Value> {
        let answer = self.account.call("ec2", operation, json!({})).await;
        let answer = answer.expect("EC2 answers");
        answer[list].as_array().cloned().unwrap_or_default()
    }

    /// The ids of the subnets in `10.0.0.0/16`, by their addresses.
    pub(crate) async fn subnets(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = self.listed("DescribeSubnets", "Subnets").await;
        let all = all
            .iter()
            .map(|subnet| (text(&subnet["CidrBlock"]), text(&subnet["SubnetId"])));
        let mut own: Vec<_> = all.filter(|(cidr, _)| cidr.starts_with("10.0.")).collect();
        own.sort();
        own.into_iter().map(|(_, id)| id).collect()
    }

    /// Makes a role that a service may assume, as somebody else would: its ARN.
    pub(crate) async fn make_role(&self, name: &str, service: &str) -> Value {
        let service = format!("{service}.amazonaws.com");
        let statement = json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let asked = json!({"RoleName": name, "AssumeRolePolicyDocument": policy});
        let made = self.account.call("iam", "CreateRole", asked).await;
        made.expect("it is made")["Role"]["Arn"].take()
    }

    /// Deletes something of EKS, such as a `Nodegroup`, without what was made beside it: as somebody else would, or a
    /// deletion that is killed in the middle.
    pub(crate) async fn delete_in_eks(&self, what: &str, which: &Value) {
        let deleted = self.account.call("eks", &format!("Delete{what}"), which.clone()).await;
        deleted.expect("EKS deletes it");
        let describe = format!("Describe{what}");
        eventually("it to be gone", async || {
            match self.account.call("eks", &describe, which.clone()).await {
                Ok(there) => Err(there.to_string()),
                Err(_) => Ok(()),
            }
        })
        .await;
    }

    /// Checks that nothing is left in the account.
    pub(crate) async fn is_empty(&self) {
        let left = self.account.left().await.expect("AWS answers");
        assert!(left.is_empty(), "{left:?}");
    }
}

impl Deref for Scene {
    type Target = Steps;

    fn deref(&self) -> &Steps {
        &self.steps
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Steps {
        &mut self.steps
    }
}

/// Writes the configuration of a workspace.
pub(crate) fn write(workspace: &Workspace, text: &str) {
    workspace.write("main.tf", text).expect("the configuration is written");
}

fn workspace(account: &Account) -> Workspace {
    let cli = Cli::tofu().expect("there is a tofu");
    let mut workspace = Workspace::new(cli, &provider_binary().expect("the provider is built")).expect("a workspace");
    for (name, value) in account.environment() {
        workspace.set_environment(name, &value);
    }
    workspace
}
