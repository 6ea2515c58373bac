//! `k3s server --cluster-reset`: one member forgets all others, from its own data or from a snapshot.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time;

use super::setup::Setup;
use crate::k3s::etcd::{self, Etcd};
use crate::k3s::{host, log};

/// Marks a reset that was not followed by a start.
const FLAG: &str = "db/reset-flag";

/// Resets, and ends.
pub(super) async fn run(setup: &Setup) -> Result<()> {
    let flag = setup.server.join(FLAG);
    let directory = etcd::directory(&setup.data);
    let snapshot = setup.config.text("cluster-reset-restore-path");
    if flag.exists() {
        bail!(
            "starting kubernetes: preparing server: start managed database: cluster-reset was successfully performed, please remove the cluster-reset flag and start k3s normally, \
             if you need to perform another cluster reset, you must first manually delete the {} file",
            flag.display()
        );
    }
    if let Some(snapshot) = &snapshot {
        restore(setup, Path::new(snapshot))?;
    } else if !directory.join("member/wal").is_dir() {
        bail!(
            "starting kubernetes: preparing server: start managed database: no etcd data to reset in {}",
            directory.display()
        );
    }
    let name = setup.member_name()?;
    let start = etcd::Start {
        name: &name,
        address: &setup.address,
        directory: &directory,
        cluster: None,
        joins: false,
        alone: true,
        beside: false,
    };
    let mut process = etcd::start(&start)?;
    let client = Etcd::new(etcd::client_url(&setup.address))?;
    let alone = async {
        while client.keys("/").await.is_err() {
            time::sleep(super::INTERVAL).await;
        }
    };
    time::timeout(Duration::from_secs(60), alone)
        .await
        .context("etcd did not come up")?;
    host::write_private(&flag, b"")?;
    process.stop().await;
    log::error(
        "Shutdown request received: Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. \
         Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes",
    );
    Ok(())
}

/// Forgets that there was a reset, once the server is up.
pub(super) fn clear(server: &Path) {
    let _ = fs::remove_file(server.join(FLAG));
}

/// Makes new data of a snapshot, and keeps the old.
fn restore(setup: &Setup, snapshot: &Path) -> Result<()> {
    if !snapshot.is_file() {
        bail!("etcd: snapshot path does not exist: {}", snapshot.display());
    }
    let directory = etcd::directory(&setup.data);
    if directory.is_dir() {
        let backup = setup.server.join(format!("db/etcd-old-{}", log::unix_time()));
        fs::rename(&directory, backup)?;
    }
    let peer = etcd::peer_url(&setup.address);
    let name = format!("{}-restored", setup.node);
    let output = Command::new(host::required_tool("etcdutl")?)
        .args(["snapshot", "restore"])
        .arg(snapshot)
        .arg(format!("--data-dir={}", directory.display()))
        .arg(format!("--name={name}"))
        .arg(format!("--initial-cluster={name}={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .output()
        .context("failed to start etcdutl")?;
    if !output.status.success() {
        bail!(
            "failed to restore {}: {}",
            snapshot.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    host::write_private(&directory.join("name"), name.as_bytes())
}
