//! moto as a process, with the helpers beside it that know botocore: `tools/aws/main.py`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::lifeline::Lifeline;
use crate::served::Served;
use crate::tools::python;

/// The program, as it is in the source.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/aws/main.py");

/// The running process.
#[derive(Debug)]
pub(super) struct Moto {
    program: Served,
    url: String,
    http: Client,
}

impl Moto {
    /// Starts it, and waits until it listens.
    pub(super) async fn start() -> Result<Self> {
        let mut command = Command::new(python::python()?);
        command
            .arg(PROGRAM)
            // Whatever somebody has set for AWS or for moto must not matter here.
            .env_clear()
            // Nothing is written beside the source.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // More than a thousand images in each account, which nobody asks for, take seconds to load.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false");
        let program = Served::start("moto", command, Lifeline::start("aws-")?).await?;
        Ok(Self {
            url: format!("http://{}", program.address()),
            http: Client::builder().no_proxy().build()?,
            program,
        })
    }

    /// Where moto itself answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The client to pass requests on with.
    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// The process id, which is also that of its process group.
    pub(super) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The folder with its files.
    pub(super) fn directory(&self) -> &Path {
        self.program.directory()
    }

    /// Fails if it has ended, with the end of its log.
    pub(super) fn check(&self) -> Result<()> {
        self.program.check()
    }

    /// What a helper answers.
    pub(super) async fn ask<T: DeserializeOwned>(&self, helper: &str, asked: &impl Serialize) -> Result<T> {
        let request = self.http.post(format!("{}/_lab/{helper}", self.url));
        let sent = request.body(serde_json::to_string(asked)?).send().await;
        let answer = sent.with_context(|| match self.check() {
            Ok(()) => format!("ask for {helper}"),
            Err(error) => format!("{error:#}"),
        })?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{helper}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("read {helper}: {text}"))
    }
}
