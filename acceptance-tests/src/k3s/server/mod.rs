//! `k3s server`: the steps of a start, and what runs from then on.
//!
//! `setup` is what follows from the configuration, `datastore` decides between a new cluster, the data on disk and
//! joining, `member` runs the member of etcd, `reset` is the way back from a snapshot.

mod datastore;
mod member;
mod reset;
mod setup;

use std::fs;
use std::future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use kube::Client;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time;

use super::bootstrap;
use super::config::Config;
use super::control_plane::ControlPlane;
use super::etcd::Etcd;
use super::front::Front;
use super::kubelet::Kubelet;
use super::members::{self, Members};
use super::node::{self, Registration};
use super::supervisor::{Passwords, Supervised};
use super::{addons, encryption, faults, host, log, notify, password, snapshot, token};

use datastore::Datastore;
use member::Member;
use setup::{Setup, critical};

/// Where the API server and the supervisor are reached.
pub(super) const PORT: u16 = 6443;

/// Between two looks at something that is awaited.
const INTERVAL: Duration = Duration::from_millis(500);

/// Runs a server, until it is asked to end or cannot go on.
pub(super) async fn run(config: Config) -> Result<()> {
    let setup = Setup::new(config)?;
    if setup.config.is_set("cluster-reset") {
        return reset::run(&setup).await;
    }
    let datastore = Datastore::decide(&setup)?;
    let passwords = datastore.prepare(&setup).await.context("preparing server")?;
    write_tokens(&setup.server, &passwords)?;
    let (member, mut process) = datastore.start(&setup).await?.unzip();
    let url = datastore.url(&setup)?;
    let control_plane = ControlPlane::prepare(&setup.config, &setup.server, &setup.names()?, url)?;
    let store = member.as_ref().map(|member| member.client().clone());
    let supervised = Supervised {
        client: control_plane.client().await?,
        data: setup.data.clone(),
        etcd: store.clone().filter(|_| datastore.is_etcd()),
        store,
        node: setup.node.clone(),
        critical: critical(&setup.config),
        passwords: Mutex::new(passwords.clone()),
        agents_apart: setup.config.token("agent-token")?.is_some(),
        snapshots: snapshot::directory(&setup.config, &setup.data),
    };
    let supervised = Arc::new(supervised);
    listen(&setup, &control_plane, Arc::clone(&supervised)).await?;

    let up = up(
        &setup,
        &datastore,
        member.as_ref(),
        &passwords,
        &control_plane,
        &supervised,
    );
    let ended = match (&member, &mut process) {
        (Some(member), Some(process)) => tokio::select! {
            ended = up => ended,
            () = member.removed(process) => Ok(()),
            () = asked_to_end() => Ok(()),
        },
        _ => tokio::select! {
            ended = up => ended,
            () = asked_to_end() => Ok(()),
        },
    };
    if let Some(process) = &mut process {
        process.stop().await;
    }
    ended
}

/// Writes the token files.
pub(super) fn write_tokens(server: &Path, passwords: &Passwords) -> Result<()> {
    let ca = bootstrap::authority(server, "server-ca")?.certificate;
    let line = |user: &str, password: &str| format!("{}\n", token::secure(&ca, user, password));
    host::write_private(&server.join("token"), line("server", &passwords.server).as_bytes())?;
    for (name, is_same) in [
        ("node-token", true),
        ("agent-token", passwords.agent == passwords.server),
    ] {
        let path = server.join(name);
        let _ = fs::remove_file(&path);
        match is_same {
            true => std::os::unix::fs::symlink(server.join("token"), &path)?,
            false => host::write_private(&path, line("node", &passwords.agent).as_bytes())?,
        }
    }
    Ok(())
}

/// From a member that runs to a server that is up; then for ever.
async fn up(
    setup: &Setup,
    datastore: &Datastore,
    member: Option<&Member>,
    passwords: &Passwords,
    control_plane: &ControlPlane,
    supervised: &Supervised,
) -> Result<()> {
    if let Some(member) = member {
        member.voting().await;
        let saved = bootstrap::save(member.client(), &setup.server, &passwords.server).await;
        if let Err(error) = saved {
            return shut_down("failed to save bootstrap data", &error);
        }
        reset::clear(&setup.server);
    }
    let client = control_plane.client().await?;
    let controllers = Members {
        client: client.clone(),
        etcd: supervised.etcd.clone(),
        own_member: member.map(|member| member.name().to_owned()).unwrap_or_default(),
        own_node: setup.node.clone(),
    };
    let start = async {
        api_ready(&client).await;
        setup.write_kubeconfig()?;
        encryption::load(supervised, &setup.config).await?;
        notify::ready()?;
        log::info("k3s is up and running");
        register(setup, datastore, member, supervised).await
    };
    tokio::select! {
        () = control_plane.run() => Ok(()),
        done = start => done,
        () = async { api_ready(&client).await; controllers.look_after().await } => Ok(()),
        () = workloads(setup, &client) => Ok(()),
        () = promote(supervised.etcd.as_ref()) => Ok(()),
    }
}

/// What pods need, for ever.
async fn workloads(setup: &Setup, client: &Client) {
    api_ready(client).await;
    let kubeconfig = setup.server.join("cred/admin.kubeconfig");
    let kubelet = match Kubelet::prepare(&setup.data, &setup.node, &setup.address, &kubeconfig) {
        Ok(kubelet) if !setup.config.is_set("disable-agent") => kubelet,
        Ok(_) => Kubelet::default(),
        Err(error) => {
            log::error(&format!("Unable to start the kubelet: {error:#}"));
            Kubelet::default()
        }
    };
    tokio::join!(kubelet.run(), addons::run(client, &setup.config, &setup.address));
}

async fn promote(etcd: Option<&Etcd>) {
    match etcd {
        Some(etcd) => members::promote(etcd).await,
        None => future::pending().await,
    }
}

/// The Node comes after the service is up, never before. From then on it is kept fresh, for ever.
async fn register(
    setup: &Setup,
    datastore: &Datastore,
    member: Option<&Member>,
    supervised: &Supervised,
) -> Result<()> {
    time::sleep(Duration::from_secs(1)).await;
    while faults::has("no-node") || setup.config.is_set("disable-agent") {
        time::sleep(INTERVAL).await;
    }
    let cloud_controller = !setup.config.is_set("disable-cloud-controller");
    let member = member.filter(|_| datastore.is_etcd()).map(Member::name);
    let mut registration = Registration::new(&setup.config, cloud_controller)?.for_server(member);
    if let Some(hash) = encryption::loaded_hash(&setup.server)? {
        registration.annotate(encryption::HASH, hash);
    }
    let client = &supervised.client;
    loop {
        let own = password::own()?;
        let registered = async {
            password::ensure(client.clone(), &setup.node, &own).await?;
            registration.register(client).await
        };
        match registered.await {
            Ok(()) => break,
            Err(error) => log::error(&format!("Unable to register node: {error:#}")),
        }
        time::sleep(Duration::from_secs(5)).await;
    }
    loop {
        if let Err(error) = registration.beat(client).await {
            log::error(&format!("Unable to update node status: {error:#}"));
        }
        time::sleep(node::HEARTBEAT).await;
    }
}

async fn listen(setup: &Setup, control_plane: &ControlPlane, supervised: Arc<Supervised>) -> Result<()> {
    let bound = setup.config.text("bind-address").unwrap_or("0.0.0.0".to_owned());
    let listener = TcpListener::bind((bound.as_str(), PORT))
        .await
        .with_context(|| format!("listen tcp {bound}:{PORT}: bind: address already in use"))?;
    let front = Front::new(&setup.server, control_plane.address(), supervised)?;
    tokio::spawn(Arc::new(front).serve(listener));
    Ok(())
}

async fn api_ready(client: &kube::Client) {
    loop {
        let request = http::Request::get("/readyz").body(Vec::new());
        if let Ok(request) = request
            && client.request_text(request).await.is_ok()
        {
            return;
        }
        time::sleep(INTERVAL).await;
    }
}

/// Waits for systemd to end the service.
async fn asked_to_end() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => drop(terminated.recv().await),
        Err(_) => future::pending().await,
    }
}

/// An end that k3s logs as an error.
fn shut_down(step: &str, error: &anyhow::Error) -> Result<()> {
    log::error(&format!("Shutdown request received: {step}: {error:#}"));
    std::process::exit(1)
}
