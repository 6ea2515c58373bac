//! Which datastore a server starts with. Data on disk beats what the configuration says.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time;

use super::member::{Beginning, Member};
use super::setup::{Setup, critical};
use super::shut_down;
use crate::k3s::bootstrap::{self, Bootstrap};
use crate::k3s::etcd::{self, Etcd};
use crate::k3s::join::Supervisor;
use crate::k3s::process::Process;
use crate::k3s::supervisor::{Passwords, client_url_of};
use crate::k3s::{log, release, token};

/// How long the copy of a datastore may take to answer.
const LIMIT: Duration = Duration::from_secs(20);

/// Where a server's data is.
#[derive(Debug)]
pub(super) enum Datastore {
    /// A member of etcd with data on disk.
    Existing,
    /// The first member of a new cluster.
    New,
    /// One more member of the cluster of the server at this URL.
    Joining(String),
    /// One server's own datastore; in k3s SQLite, here a private etcd.
    Single,
    /// Somebody else's etcd.
    External(String),
}

impl Datastore {
    pub(super) fn decide(setup: &Setup) -> Result<Self> {
        let config = &setup.config;
        bury(setup)?;
        if etcd::directory(&setup.data).join("member/wal").is_dir() {
            log::info("Managed etcd cluster bootstrap already complete and initialized");
            return Ok(Self::Existing);
        }
        if let Some(url) = config.text("datastore-endpoint") {
            if !url.starts_with("http") {
                bail!(
                    "the stand-in knows no datastore but etcd: {}",
                    url.split(':').next().unwrap_or_default()
                );
            }
            return Ok(Self::External(url));
        }
        if let Some(url) = config.text("server") {
            log::info("Managed etcd cluster not yet initialized");
            return Ok(Self::Joining(url));
        }
        if config.is_set("cluster-init") {
            log::info("Managed etcd cluster initializing");
            return Ok(Self::New);
        }
        Ok(Self::Single)
    }

    pub(super) fn is_etcd(&self) -> bool {
        matches!(self, Self::Existing | Self::New | Self::Joining(_))
    }

    /// Puts the cluster's authorities and passwords onto the disk.
    pub(super) async fn prepare(&self, setup: &Setup) -> Result<Passwords> {
        if let Self::Joining(url) = self {
            return fetch(setup, url).await.context("failed to bootstrap cluster data");
        }
        let passwords = setup.passwords()?;
        let found = match self {
            Self::Existing => {
                let found = reconcile(setup, &passwords).await;
                found.context("failed to reconcile with local datastore")?
            }
            Self::New | Self::Single | Self::External(_) | Self::Joining(_) => bootstrap::Passwords::Unknown,
        };
        Bootstrap::create(&setup.server)?;
        // What this server is told beats what is stored, and is stored by no start: not before the next one is that
        // fatal.
        let differs = || bootstrap::passwords(&setup.server).ok() != Some(passwords.file());
        if found == bootstrap::Passwords::Unknown || differs() {
            bootstrap::write_passwords(&setup.server, &passwords.file())?;
        }
        Ok(passwords)
    }

    /// Starts this server's member, if it has one.
    pub(super) async fn start(&self, setup: &Setup) -> Result<Option<(Member, Process)>> {
        let beginning = match self {
            Self::External(_) => return Ok(None),
            Self::Single => {
                // What people look for to see that a server keeps its data itself.
                let file = setup.server.join("db/state.db");
                fs::OpenOptions::new().create(true).append(true).open(file)?;
                let directory = setup.server.join("db/.state");
                return Ok(Some(Member::start(
                    setup,
                    &directory,
                    "single".to_owned(),
                    Beginning::Alone,
                )?));
            }
            Self::Existing => Beginning::Again,
            Self::New => Beginning::Alone,
            Self::Joining(url) => match joined_cluster(setup, url).await {
                Ok(cluster) => Beginning::With(cluster),
                Err(error) => return shut_down("etcd cluster join failed", &error).map(|()| None),
            },
        };
        let directory = etcd::directory(&setup.data);
        Ok(Some(Member::start(setup, &directory, setup.member_name()?, beginning)?))
    }

    /// Where the API server finds it.
    pub(super) fn url(&self, setup: &Setup) -> Result<String> {
        match self {
            Self::External(url) => Ok(url.clone()),
            Self::Existing | Self::New | Self::Joining(_) | Self::Single => Ok(etcd::client_url(&setup.address)),
        }
    }
}

/// What a removed member left behind: a server that joins starts over. The first server of a cluster, still told to be
/// it, cannot: up to 1.34 it panics again and again, and 1.35.0 came up as a second cluster.
fn bury(setup: &Setup) -> Result<()> {
    let directory = etcd::directory(&setup.data);
    if !directory.join("tombstone").exists() {
        return Ok(());
    }
    let version = release::kubernetes_version();
    let starts_anew = (version.minor, version.patch) == (35, 0);
    if setup.config.text("server").is_none() && !starts_anew {
        log::info("Managed etcd cluster initializing");
        log::plain("panic: removed all voters\n\ngoroutine 1 [running]:");
        std::process::exit(2);
    }
    log::info("tombstone file has been detected, removing data dir to rejoin the cluster");
    let backup = setup.server.join(format!("db/etcd-old-{}", log::unix_time()));
    fs::rename(&directory, &backup).with_context(|| format!("failed to back up to {}", backup.display()))
}

/// Looks into a copy of the data on disk, which needs no quorum.
async fn reconcile(setup: &Setup, passwords: &Passwords) -> Result<bootstrap::Passwords> {
    log::info("Starting temporary etcd to reconcile with datastore");
    let copy = setup.server.join("db/etcd-tmp");
    let _ = fs::remove_dir_all(&copy);
    copy_directory(&etcd::directory(&setup.data).join("member"), &copy.join("member"))?;
    let name = setup.member_name()?;
    let start = etcd::Start {
        name: &name,
        address: &setup.address,
        directory: &copy,
        cluster: None,
        joins: false,
        alone: true,
        beside: true,
    };
    let mut process = etcd::start(&start)?;
    let client = Etcd::new(etcd::url_beside(&setup.address))?;
    let found = match time::timeout(LIMIT, answers(&client, &mut process)).await {
        Ok(true) => bootstrap::reconcile(&client, &setup.server, &passwords.server).await,
        // A learner that stopped before its promotion has no data to look into.
        Ok(false) | Err(_) => {
            log::warning("the datastore on disk cannot be read alone; it is not compared");
            Ok(bootstrap::Passwords::Unknown)
        }
    };
    process.stop().await;
    let _ = fs::remove_dir_all(&copy);
    found
}

/// Whether a member comes to answer before it ends.
async fn answers(client: &Etcd, process: &mut Process) -> bool {
    let asked = async {
        while client.keys("/").await.is_err() {
            time::sleep(super::INTERVAL).await;
        }
    };
    tokio::select! {
        () = asked => true,
        _ = process.ended() => false,
    }
}

/// Gets the cluster's authorities and passwords from a server of it.
async fn fetch(setup: &Setup, url: &str) -> Result<Passwords> {
    let Some(text) = setup.config.token("token")? else {
        bail!("K3S_TOKEN is required to join a cluster");
    };
    let token = token::parse(&text)?;
    let supervisor = Supervisor::connect(url, &token, None).await?;
    let theirs: Value = serde_json::from_str(&supervisor.get("/v1-k3s/config", "server").await?)?;
    hold_to(&critical(&setup.config), &theirs).context("failed to validate server configuration")?;
    let bootstrap: Bootstrap = serde_json::from_str(&supervisor.get("/v1-k3s/server-bootstrap", "server").await?)?;
    bootstrap.write(&setup.server)?;
    setup.passwords()
}

/// All servers must share these values.
fn hold_to(own: &Value, theirs: &Value) -> Result<()> {
    let own = own.as_object().context("no values")?;
    let differing: Vec<_> = own
        .iter()
        .filter(|(key, value)| theirs.get(key) != Some(value))
        .collect();
    for (key, _) in &differing {
        log::warning(&format!("critical configuration mismatched: {key}"));
    }
    if !differing.is_empty() {
        bail!("critical configuration value mismatch between servers");
    }
    Ok(())
}

/// Adds this server to the members, as a learner, and answers them all.
async fn joined_cluster(setup: &Setup, url: &str) -> Result<String> {
    let text = setup
        .config
        .token("token")?
        .context("K3S_TOKEN is required to join a cluster")?;
    let supervisor = Supervisor::connect(url, &token::parse(&text)?, None).await?;
    let known: Value = serde_json::from_str(&supervisor.get("/db/info", "server").await?)?;
    let voters = known.get("members").and_then(Value::as_array).into_iter().flatten();
    let mut urls = voters
        .filter(|member| member.get("learner") == Some(&Value::Bool(false)))
        .filter_map(|member| client_url_of(member.get("peer")?.as_str()?));
    let etcd = Etcd::new(urls.next().context("no voting member found")?)?;

    let (name, own_url) = (setup.member_name()?, etcd::peer_url(&setup.address));
    let mut cluster = Vec::new();
    let mut is_member = false;
    for member in etcd.members().await? {
        // One that was added and has not started has no name; with this address it is this one.
        let is_own = member.peer_url == own_url && (member.name == name || member.name.is_empty());
        let shares_name = member.name.rsplit_once('-').is_some_and(|(node, _)| node == setup.node);
        if shares_name && member.name != name {
            let _ = fs::remove_file(etcd::directory(&setup.data).join("name"));
            bail!("duplicate node name found, please use a unique name for this node");
        }
        is_member |= is_own;
        let shown = if is_own { &name } else { &member.name };
        cluster.push(format!("{shown}={}", member.peer_url));
    }
    if !is_member {
        log::info(&format!("Adding member {name}={own_url} to etcd cluster {cluster:?}"));
        etcd.add_learner(&own_url).await?;
        cluster.push(format!("{name}={own_url}"));
    }
    log::info(&format!("Starting etcd for cluster {cluster:?}"));
    Ok(cluster.join(","))
}

fn copy_directory(from: &PathBuf, to: &PathBuf) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_directory(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
