//! A workspace as tests use it: commands that have to succeed, and commands that have to fail.

use serde_json::Value;

use super::{Diagnostic, Error, Outcome, Plan, Workspace};

/// A workspace whose commands end the test unless they end as they have to.
#[derive(Debug)]
pub struct Steps {
    /// The workspace, for commands that may end in either way.
    pub workspace: Workspace,
}

impl Steps {
    /// The steps of a workspace.
    pub fn of(workspace: Workspace) -> Self {
        Steps { workspace }
    }

    /// Writes the configuration.
    ///
    /// # Panics
    /// If the file cannot be written.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn write(&self, text: &str) {
        self.workspace
            .write("main.tf", text)
            .expect("the configuration is written");
    }

    /// Applies the configuration.
    ///
    /// # Panics
    /// If that fails.
    pub async fn apply(&self) -> Outcome {
        done("apply", self.workspace.apply().await)
    }

    /// Applies what has to fail, and answers with the first error.
    ///
    /// # Panics
    /// If it succeeds.
    pub async fn apply_fails(&self) -> Diagnostic {
        failure("apply", self.workspace.apply().await)
    }

    /// Plans.
    ///
    /// # Panics
    /// If that fails.
    pub async fn plan(&self) -> Plan {
        done("plan", self.workspace.plan().await)
    }

    /// Plans what has to be refused, and answers with the first error.
    ///
    /// # Panics
    /// If it is not refused.
    pub async fn plan_fails(&self) -> Diagnostic {
        failure("plan", self.workspace.plan().await)
    }

    /// Plans, and answers with the first warning of this summary.
    ///
    /// # Panics
    /// If that fails, or there is no such warning.
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub async fn plan_warns(&self, summary: &str) -> Diagnostic {
        let outcome = self.plan().await.outcome;
        let warning = outcome.warnings().find(|warning| warning.summary == summary);
        warning
            .unwrap_or_else(|| panic!("no warning {summary:?}: {outcome:?}"))
            .clone()
    }

    /// Destroys everything.
    ///
    /// # Panics
    /// If that fails.
    pub async fn destroy(&self) -> Outcome {
        done("destroy", self.workspace.destroy().await)
    }

    /// Destroys what must not be destroyed, and answers with the first error.
    ///
    /// # Panics
    /// If it succeeds.
    pub async fn destroy_fails(&self) -> Diagnostic {
        failure("destroy", self.workspace.destroy().await)
    }

    /// Checks that there is nothing to do, and nothing to refresh.
    ///
    /// # Panics
    /// If there is something.
    pub async fn is_settled(&self) {
        self.is_settled_after("").await;
    }

    /// Checks after something that there is nothing to do, and nothing to refresh.
    ///
    /// # Panics
    /// If there is something.
    pub async fn is_settled_after(&self, what: &str) {
        let plan = self.plan().await;
        let changes: Vec<_> = plan.changes().collect();
        assert!(plan.is_empty(), "{what}: the plan is not empty: {changes:#?}");
        assert!(plan.drift().is_empty(), "{what}: the refresh finds {:#?}", plan.drift());
    }

    /// The attributes of a resource in the state; null if it is not there.
    ///
    /// # Panics
    /// If there is no state.
    pub async fn state(&self, address: &str) -> Value {
        let state = done("show", self.workspace.show().await);
        let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
        let found = resources.and_then(|all| all.iter().find(|one| one["address"] == address));
        found.map(|one| one["values"].clone()).unwrap_or_default()
    }
}

/// The result of a command that has to succeed.
///
/// # Panics
/// If it fails.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn done<T>(command: &str, result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{command} fails: {error}\n{:#?}", error.diagnostics()))
}

/// The first error of a command that has to fail.
///
/// # Panics
/// If it succeeds, or has no error to show.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn failure<T>(command: &str, result: Result<T, Error>) -> Diagnostic {
    let Err(error) = result else {
        panic!("{command} succeeds")
    };
    let outcome = error
        .outcome()
        .unwrap_or_else(|| panic!("{command} does not run: {error}"));
    outcome
        .errors()
        .next()
        .unwrap_or_else(|| panic!("no error: {}", outcome.text()))
        .clone()
}
