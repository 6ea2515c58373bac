//! How much a host is used by SSH, as its sshd tells.

use anyhow::Result;

use super::Host;

/// Since when the log of a host counts.
#[derive(Clone, Debug)]
pub struct Since(String);

/// What came over SSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SshUse {
    /// Connections that were logged in by key.
    pub connections: usize,
    /// Commands on all of them.
    pub commands: usize,
}

impl Host {
    /// Has sshd tell of commands, and answers since when it does.
    ///
    /// # Errors
    /// If the host is off.
    pub async fn watch_ssh(&self) -> Result<Since> {
        const VERBOSE: &str = "/etc/ssh/sshd_config.d/verbose.conf";
        let script = format!("echo LogLevel VERBOSE > {VERBOSE}; systemctl reload ssh; date +%s.%N");
        Ok(Since(self.exec(&script).await?.trim().to_owned()))
    }

    /// What came over SSH since then.
    ///
    /// # Errors
    /// If the host is off.
    pub async fn ssh_since(&self, since: &Since) -> Result<SshUse> {
        let Since(since) = since;
        let log = self
            .exec(&format!(
                "journalctl --unit ssh --output cat --no-pager --since=@{since}"
            ))
            .await?;
        Ok(SshUse {
            connections: log.matches("Accepted publickey").count(),
            commands: log.matches("Starting session: command").count(),
        })
    }
}
