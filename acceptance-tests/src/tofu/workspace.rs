//! A directory with a configuration and its state, and a method for each command that is run there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result as SetUpResult};
use serde_json::Value;
use tokio::process::Command;

use super::command::{PROVIDER_LOG, Running};
use super::outcome::{Error, Outcome};
use super::{Cli, Plan, SOURCE};
use crate::lifeline::Lifeline;

/// How long one command may take, unless [`Workspace::set_limit`] says otherwise.
const LIMIT: Duration = Duration::from_secs(300);

/// The file in a workspace that holds its last plan.
pub const PLAN_FILE: &str = "plan.bin";

/// A configuration of its own, removed with its processes when dropped. Nothing in it ever reaches a registry.
#[derive(Debug)]
pub struct Workspace {
    cli: Cli,
    lifeline: Arc<Lifeline>,
    environment: Vec<(String, String)>,
    limit: Duration,
}

impl Workspace {
    /// An empty configuration that uses the provider binary.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn new(cli: Cli, provider_binary: &Path) -> SetUpResult<Self> {
        Self::with_provider(cli, SOURCE, provider_binary)
    }

    /// An empty configuration that uses the binary as the provider of another source, such as `hashicorp/helm`.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn with_provider(cli: Cli, source: &str, provider_binary: &Path) -> SetUpResult<Self> {
        let name = source.rsplit('/').next().unwrap_or(source);
        let binary = provider_binary
            .canonicalize()
            .with_context(|| format!("find {}", provider_binary.display()))?;
        let lifeline = Lifeline::start("cht-tofu-")?;
        let plugins = lifeline.directory().join(".plugins");
        fs::create_dir(&plugins)?;
        // The command line looks for this very name.
        std::os::unix::fs::symlink(binary, plugins.join(format!("terraform-provider-{name}")))?;
        let overrides = format!(
            "provider_installation {{\n  dev_overrides {{\n    {:?} = {plugins:?}\n  }}\n  direct {{}}\n}}\n",
            cli.provider_address(source)
        );
        fs::write(lifeline.directory().join(".tofurc"), overrides)?;
        let workspace = Self {
            cli,
            lifeline: Arc::new(lifeline),
            environment: Vec::new(),
            limit: LIMIT,
        };
        workspace.write("versions.tf", &versions(source, name))?;
        Ok(workspace)
    }

    /// Where the configuration is.
    pub fn directory(&self) -> &Path {
        self.lifeline.directory()
    }

    /// Writes a file of the configuration; `versions.tf` is there already.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> SetUpResult<()> {
        let path = self.directory().join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }

    /// Sets a variable of the environment of all further commands.
    pub fn set_environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Limits how long each further command may take.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Writes everything that further commands and their providers log to `trace.log`; read it with
    /// [`Workspace::trace`].
    pub fn enable_trace(&mut self) {
        let path = self.directory().join("trace.log").display().to_string();
        self.set_environment("TF_LOG", "TRACE");
        self.set_environment("TF_LOG_PATH", &path);
    }

    /// What was logged since [`Workspace::enable_trace`].
    ///
    /// # Errors
    /// If nothing was logged.
    pub fn trace(&self) -> std::io::Result<String> {
        fs::read_to_string(self.directory().join("trace.log"))
    }

    /// The environment that a command needs to do by hand what this workspace does.
    pub fn environment(&self) -> Vec<(String, String)> {
        let config = self.directory().join(".tofurc").display().to_string();
        let own = [
            ("TF_CLI_CONFIG_FILE", config.as_str()),
            ("CHECKPOINT_DISABLE", "1"),
            ("TF_IN_AUTOMATION", "1"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into_iter().chain(self.environment.iter().cloned()).collect()
    }

    /// Plans, and reads the plan.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn plan(&self) -> Result<Plan, Error> {
        self.plan_with(&[]).await
    }

    /// Plans to do no more than take note of what is live.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn plan_refresh_only(&self) -> Result<Plan, Error> {
        self.plan_with(&["-refresh-only"]).await
    }

    /// Plans with further options, such as `-destroy` or `-replace=…`.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn plan_with(&self, options: &[&str]) -> Result<Plan, Error> {
        let out = format!("-out={PLAN_FILE}");
        let fixed = ["plan", "-json", "-input=false", "-detailed-exitcode", &out];
        let outcome = self.start(&[&fixed, options].concat())?.wait().await?;
        if !matches!(outcome.code, Some(0 | 2)) {
            return Err(Error::Failed(Box::new(outcome)));
        }
        let json = self.json(&["show", "-json", PLAN_FILE]).await?;
        let command = outcome.command.clone();
        Plan::parse(outcome, json).map_err(|source| Error::Parse { command, source })
    }

    /// Applies without asking.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn apply(&self) -> Result<Outcome, Error> {
        succeeded(self.start_apply()?.wait().await?)
    }

    /// Starts to apply; for tests that interrupt it.
    ///
    /// # Errors
    /// If the command does not start.
    pub fn start_apply(&self) -> Result<Running, Error> {
        self.start(&["apply", "-json", "-input=false", "-auto-approve"])
    }

    /// Destroys without asking.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn destroy(&self) -> Result<Outcome, Error> {
        succeeded(self.start_destroy()?.wait().await?)
    }

    /// Starts to destroy; for tests that interrupt it.
    ///
    /// # Errors
    /// If the command does not start.
    pub fn start_destroy(&self) -> Result<Running, Error> {
        self.start(&["destroy", "-json", "-input=false", "-auto-approve"])
    }

    /// Imports a remote object into the state.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn import(&self, address: &str, id: &str) -> Result<Outcome, Error> {
        self.run(&["import", "-no-color", "-input=false", address, id]).await
    }

    /// The state, as JSON.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn show(&self) -> Result<Value, Error> {
        self.json(&["show", "-json"]).await
    }

    /// Forgets a resource.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn state_rm(&self, address: &str) -> Result<Outcome, Error> {
        self.run(&["state", "rm", address]).await
    }

    /// The value of an output.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn output(&self, name: &str) -> Result<Value, Error> {
        self.json(&["output", "-json", name]).await
    }

    /// Checks the configuration.
    ///
    /// # Errors
    /// If the command fails, as it does for an invalid configuration.
    pub async fn validate(&self) -> Result<Outcome, Error> {
        self.run(&["validate", "-json"]).await
    }

    /// The schemas of all providers, as JSON.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn providers_schema(&self) -> Result<Value, Error> {
        self.json(&["providers", "schema", "-json"]).await
    }

    /// Runs any command that has to succeed.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn run(&self, arguments: &[&str]) -> Result<Outcome, Error> {
        succeeded(self.start(arguments)?.wait().await?)
    }

    async fn json(&self, arguments: &[&str]) -> Result<Value, Error> {
        let outcome = self.run(arguments).await?;
        serde_json::from_str(&outcome.stdout).map_err(|source| Error::Parse {
            command: outcome.command,
            source,
        })
    }

    fn start(&self, arguments: &[&str]) -> Result<Running, Error> {
        let mut command = Command::new(self.cli.path());
        command.args(arguments).current_dir(self.directory());
        // What the caller has set for a configuration of their own must not reach this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"TF_")) {
            command.env_remove(name);
        }
        if !self.environment.iter().any(|(name, _)| name.starts_with("TF_LOG")) {
            command
                .env("TF_LOG_PROVIDER", "INFO")
                .env("TF_LOG_PATH", self.directory().join(PROVIDER_LOG));
        }
        command.envs(self.environment());
        let line = format!("{} {}", self.cli.path().display(), arguments.join(" "));
        Running::start(command, line, self.lifeline.clone(), self.limit)
    }
}

fn succeeded(outcome: Outcome) -> Result<Outcome, Error> {
    match outcome.code {
        Some(0) => Ok(outcome),
        _ => Err(Error::Failed(Box::new(outcome))),
    }
}

/// What makes the provider a part of every configuration.
fn versions(source: &str, name: &str) -> String {
    format!("terraform {{\n  required_providers {{\n    {name} = {{\n      source = {source:?}\n    }}\n  }}\n}}\n")
}
