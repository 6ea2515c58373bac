//! A scene with an account of its own: what tests of AWS's resources work with.

use acceptance_tests::aws::{Account, Aws, available};
use acceptance_tests::tofu::{Cli, Diagnostic, Plan, Workspace, provider_binary};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::support::{done, failure};

/// A workspace and an account. The workspace has the credentials in its environment, as users have.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
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
            workspace: workspace(&account),
            account,
        }
    }

    /// Another workspace for the same account, which knows nothing of this one.
    pub(crate) fn elsewhere(&self) -> Workspace {
        workspace(&self.account)
    }

    /// Another workspace, which knows nothing of this one.
    pub(crate) fn forget(&mut self) {
        self.workspace = workspace(&self.account);
    }

    /// Writes a configuration without a provider block.
    pub(crate) fn write(&self, text: &str) {
        self.workspace
            .write("main.tf", text)
            .expect("the configuration is written");
    }

    pub(crate) async fn apply(&self) {
        done("apply", self.workspace.apply().await);
    }

    pub(crate) async fn apply_fails(&self) -> Diagnostic {
        failure("apply", self.workspace.apply().await)
    }

    pub(crate) async fn plan(&self) -> Plan {
        done("plan", self.workspace.plan().await)
    }

    pub(crate) async fn plan_fails(&self) -> Diagnostic {
        failure("plan", self.workspace.plan().await)
    }

    pub(crate) async fn destroy(&self) {
        done("destroy", self.workspace.destroy().await);
    }

    pub(crate) async fn destroy_fails(&self) -> Diagnostic {
        failure("destroy", self.workspace.destroy().await)
    }

    /// Checks that there is nothing to do, and nothing to refresh.
    pub(crate) async fn is_settled(&self) {
        let plan = self.plan().await;
        let changes: Vec<_> = plan.changes().collect();
        assert!(
            plan.is_empty() && plan.drift().is_empty(),
            "{changes:?}\n{:?}",
            plan.drift()
        );
    }

    /// The attributes of a resource in the state; null if it is not there.
    pub(crate) async fn state(&self, address: &str) -> Value {
        let state = done("show", self.workspace.show().await);
        let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
        let found = resources.and_then(|all| all.iter().find(|one| one["address"] == address));
        found.map(|one| one["values"].clone()).unwrap_or_default()
    }

    /// What EC2 lists, by botocore's names.
    pub(crate) async fn listed(&self, operation: &str, list: &str) -> Vec<Value> {
        let answer = self.account.call("ec2", operation, serde_json::json!({})).await;
        let answer = answer.expect("EC2 answers");
        answer[list].as_array().cloned().unwrap_or_default()
    }

    /// Checks that nothing is left in the account.
    pub(crate) async fn is_empty(&self) {
        let left = self.account.left().await.expect("AWS answers");
        assert!(left.is_empty(), "{left:?}");
    }
}

fn workspace(account: &Account) -> Workspace {
    let cli = Cli::tofu().expect("there is a tofu");
    let mut workspace = Workspace::new(cli, &provider_binary().expect("the provider is built")).expect("a workspace");
    for (name, value) in account.environment() {
        workspace.set_environment(name, &value);
    }
    workspace
}
