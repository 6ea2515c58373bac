//! moto as a process, with the helpers beside it that know botocore: `tools/aws/main.py`.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cluster::wait;
use crate::lifeline::Lifeline;
use crate::tools::build::tail;
use crate::tools::python;

/// The program, as it is in the source.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/aws/main.py");

/// How long it may take to answer for the first time.
const START: Duration = Duration::from_secs(120);

/// How many lines of its log are shown.
const SHOWN_LINES: usize = 30;

/// The running process.
#[derive(Debug)]
pub(super) struct Moto {
    child: Mutex<Child>,
    url: String,
    http: Client,
    lifeline: Lifeline,
}

impl Moto {
    /// Starts it, and waits until it listens.
    pub(super) async fn start() -> Result<Self> {
        let interpreter = python::python()?;
        let lifeline = Lifeline::start("aws-")?;
        let mut child = Command::new(&interpreter)
            .arg(PROGRAM)
            .current_dir(lifeline.directory())
            // Whatever somebody has set for AWS or for moto must not matter here.
            .env_clear()
            // Nothing is written beside the source.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // More than a thousand images in each account, which nobody asks for, take seconds to load.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .env("TMPDIR", lifeline.directory())
            .stdin(Stdio::null())
            .stdout(File::create(lifeline.directory().join("address"))?)
            .stderr(File::create(lifeline.directory().join("moto.log"))?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {}", interpreter.display()))?;
        lifeline.adopt(child.id())?;
        let address = listening(&mut child, &lifeline).await?;
        Ok(Self {
            child: Mutex::new(child),
            url: format!("http://{address}"),
            http: Client::builder().no_proxy().build()?,
            lifeline,
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
        self.child.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    /// The folder with its files.
    pub(super) fn directory(&self) -> &std::path::Path {
        self.lifeline.directory()
    }

    /// Fails if it has ended, with the end of its log.
    pub(super) fn check(&self) -> Result<()> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        alive(&mut child, &self.lifeline)
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

impl Drop for Moto {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The address that the program prints when it listens.
async fn listening(child: &mut Child, lifeline: &Lifeline) -> Result<String> {
    let waited = wait::until("moto to listen", START, || {
        let ended = alive(child, lifeline);
        let printed = fs::read_to_string(lifeline.directory().join("address")).unwrap_or_default();
        async move {
            match (ended, printed.strip_suffix('\n')) {
                (Err(error), _) => Ok(Err(error)),
                (Ok(()), Some(address)) => Ok(Ok(address.to_owned())),
                (Ok(()), None) => Err("it printed no address".to_owned()),
            }
        }
    });
    waited.await?
}

fn alive(child: &mut Child, lifeline: &Lifeline) -> Result<()> {
    match child.try_wait()? {
        None => Ok(()),
        Some(status) => bail!(
            "moto ended ({status}), which is no fault of the provider:\n{}",
            tail(&lifeline.directory().join("moto.log"), SHOWN_LINES)
        ),
    }
}
