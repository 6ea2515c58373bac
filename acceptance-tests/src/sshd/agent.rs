//! A real `ssh-agent` with some keys in it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::keys::Key;
use crate::cluster::wait;
use crate::lifeline::Lifeline;

/// An agent that ends with its owner.
#[derive(Debug)]
pub struct Agent {
    child: Child,
    lifeline: Lifeline,
}

impl Agent {
    /// Starts one.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start() -> Result<Self> {
        let lifeline = Lifeline::start("agent-")?;
        let socket = lifeline.directory().join("socket");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("ssh-agent does not start")?;
        lifeline.adopt(child.id())?;
        wait::until("the agent's socket", Duration::from_secs(10), || async {
            if socket.exists() {
                Ok(())
            } else {
                Err("it is not there".to_owned())
            }
        })
        .await?;
        Ok(Agent { child, lifeline })
    }

    /// The value for `SSH_AUTH_SOCK`.
    pub fn socket(&self) -> PathBuf {
        self.lifeline.directory().join("socket")
    }

    /// Adds a key.
    ///
    /// # Errors
    /// If the agent does not take it.
    pub fn add(&self, key: &Key) -> Result<()> {
        let path = self.lifeline.directory().join("key");
        key.write(&path)?;
        let output = Command::new("ssh-add")
            .arg(&path)
            .env("SSH_AUTH_SOCK", self.socket())
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            bail!("ssh-add fails: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
