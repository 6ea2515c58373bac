//! A scene with an account of its own: what tests of AWS's resources work with.

use std::ops::{Deref, DerefMut};

use acceptance_tests::aws::{Account, Aws, available};
use acceptance_tests::tofu::{Cli, Steps, Workspace, provider_binary};
use serde_json::Value;
use tokio::sync::OnceCell;

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

fn workspace(account: &Account) -> Workspace {
    let cli = Cli::tofu().expect("there is a tofu");
    let mut workspace = Workspace::new(cli, &provider_binary().expect("the provider is built")).expect("a workspace");
    for (name, value) in account.environment() {
        workspace.set_environment(name, &value);
    }
    workspace
}
