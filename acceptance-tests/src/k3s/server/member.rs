//! This server's member of etcd: from its start to its removal.

use std::cell::Cell;
use std::fs;
use std::future;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, ExitStatus};
use std::time::Duration;

use anyhow::Result;
use tokio::time;

use super::setup::Setup;
use crate::k3s::etcd::{self, Etcd};
use crate::k3s::process::Process;
use crate::k3s::{host, log};

/// Between two looks at a member that is not up.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looks between two lines about it.
const LOOKS_PER_LINE: u32 = 5;

/// How a member comes to its cluster.
#[derive(Debug)]
pub(super) enum Beginning {
    /// It is the first.
    Alone,
    /// It has data.
    Again,
    /// It joins these, itself among them.
    With(String),
}

/// A member that was started.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    directory: PathBuf,
    client: Etcd,
    has_voted: Cell<bool>,
}

impl Member {
    pub(super) fn start(
        setup: &Setup,
        directory: &Path,
        name: String,
        beginning: Beginning,
    ) -> Result<(Self, Process)> {
        fs::create_dir_all(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
        let start = etcd::Start {
            name: &name,
            address: &setup.address,
            directory,
            joins: matches!(beginning, Beginning::With(_)),
            cluster: match beginning {
                Beginning::With(cluster) => Some(cluster),
                Beginning::Alone | Beginning::Again => None,
            },
            alone: false,
            beside: false,
        };
        let config = format!("data-dir: {}\nname: {name}\n", directory.display());
        host::write_private(&directory.join("config"), config.as_bytes())?;
        let process = etcd::start(&start)?;
        let member = Self {
            client: Etcd::new(etcd::client_url(&setup.address))?,
            directory: directory.to_owned(),
            has_voted: false.into(),
            name,
        };
        Ok((member, process))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn client(&self) -> &Etcd {
        &self.client
    }

    /// Waits until the member votes in a cluster that has a leader.
    pub(super) async fn voting(&self) {
        let mut looks = 0;
        loop {
            let reason = match self.client.status().await {
                Ok(status) if status.is_learner => {
                    "this server has not yet been promoted from learner to voting member".to_owned()
                }
                Ok(_) => match self.client.keys("/").await {
                    Ok(_) => break,
                    Err(error) => format!("{error:#}"),
                },
                Err(error) => format!("{error:#}"),
            };
            if looks % LOOKS_PER_LINE == 0 {
                log::info(&format!("Failed to test etcd connection: {reason}"));
            }
            looks += 1;
            time::sleep(INTERVAL).await;
        }
        self.has_voted.set(true);
        log::info("etcd data store connection OK");
    }

    /// Waits for an end that nobody here asked for: the member was removed from the cluster. A server that was up goes
    /// down; one that was coming up waits for ever.
    pub(super) async fn removed(&self, own: &mut Process) {
        let status = own.ended().await;
        if !status.as_ref().is_ok_and(ExitStatus::success) {
            log::fatal(&format!("etcd exited: {status:?}"));
            process::exit(1);
        }
        let _ = host::write_private(&self.directory.join("tombstone"), b"");
        log::info("This node has been removed from the cluster - please restart k3s to rejoin the cluster");
        if !self.has_voted.get() {
            future::pending::<()>().await;
        }
        time::sleep(Duration::from_secs(2)).await;
        log::fatal("apiserver exited: etcd server stopped");
        process::exit(1);
    }
}
