//! Hosts for k3s, and what a provider is told of them: releases to install, the way to log in, the cluster that comes
//! to be there.
//!
//! Nothing is installed, that is the provider's part. `K3S_BINARY` names a real k3s to hand out instead of the
//! stand-in.
//!
//! CHT in a cluster of the stand-in is played as on the lab's own cluster: port-forwards to pods end at this machine
//! ([`PORT_FORWARDS`]), which passes them on to [`FakeCht`] as soon as there is a cluster.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use super::certificates::sha256_hex;
use super::{PORT_FORWARDS, peers, release};
use crate::cht::FakeCht;
use crate::cluster::relay::{self, Target};
use crate::cluster::wait;
use crate::hosts::{Cgroups, Host, HostOptions, Hosts};

/// What the stand-in poses as, from the first release on. These run with any cgroups that this machine has.
pub const VERSIONS: [&str; 3] = ["v1.34.1+k3s1", "v1.34.2+k3s1", "v1.34.3+k3s1"];

/// Where servers keep the administrator's credentials.
const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";

/// How long a cluster is waited for by what plays CHT in it: as long as anybody takes to make one.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Between two looks at a host that CHT is played on.
const LOOK: Duration = Duration::from_secs(1);

/// Hosts without k3s, and k3s for them. They end when this is dropped.
pub struct K3sLab {
    hosts: Arc<Hosts>,
    program: Program,
    releases: TempDir,
    _cht: Option<AbortOnDropHandle<()>>,
}

/// A release of k3s: a file.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its hash.
    pub sha256: String,
}

/// What is handed out as k3s.
enum Program {
    /// A copy of the stand-in for each version.
    StandIn(PathBuf),
    /// The real one, which has the version that it has.
    Real { path: PathBuf, version: String },
}

impl K3sLab {
    /// Starts so many hosts for the stand-in that lies at a path.
    ///
    /// # Errors
    /// If a host does not boot, or a peer of the stand-in cannot be built.
    pub async fn start(stand_in: &Path, count: usize) -> Result<Self> {
        Self::with(stand_in, &vec![HostOptions::default(); count]).await
    }

    /// The same with options for each host.
    ///
    /// # Errors
    /// If a host does not boot, or a peer of the stand-in cannot be built.
    pub async fn with(stand_in: &Path, hosts: &[HostOptions]) -> Result<Self> {
        let program = match env::var_os("K3S_BINARY").filter(|path| !path.is_empty()) {
            Some(path) => Program::Real {
                version: version_of(Path::new(&path))?,
                path: path.into(),
            },
            None => Program::StandIn(stand_in.to_owned()),
        };
        peers::install_on_hosts()?;
        // A kubelet limits memory, and this machine may have put that into version 1.
        let hosts = Hosts::with(Cgroups::Legacy, hosts).await?;
        Ok(Self {
            hosts: Arc::new(hosts),
            program,
            releases: TempDir::with_prefix("cht-k3s-")?,
            _cht: None,
        })
    }

    /// All hosts.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The same for what plays on them as long as the lab lives.
    pub(crate) fn shared_hosts(&self) -> Arc<Hosts> {
        Arc::clone(&self.hosts)
    }

    /// The host with this number, from 1.
    ///
    /// # Panics
    /// If there are not so many.
    #[expect(clippy::panic, reason = "tests know how many they have started")]
    pub fn host(&self, number: usize) -> &Host {
        match self.hosts.get(number.wrapping_sub(1)) {
            Some(host) => host,
            None => panic!("there is no host {number}"),
        }
    }

    /// The version that hosts begin with.
    pub fn first_version(&self) -> &str {
        match &self.program {
            Program::StandIn(_) => VERSIONS[0],
            Program::Real { version, .. } => version,
        }
    }

    /// Whether k3s can be had in other versions, break on demand, and have CHT in it: what only the stand-in does.
    pub fn plays_k3s(&self) -> bool {
        matches!(self.program, Program::StandIn(_))
    }

    /// A release of k3s, made if there is none yet.
    ///
    /// # Errors
    /// If it cannot be made: the real k3s has one version.
    pub fn release(&self, version: &str) -> Result<Release> {
        let path = match &self.program {
            Program::StandIn(program) => {
                let path = self.releases.path().join(version);
                if !path.exists() {
                    release::stamp(program, version, &path)?;
                }
                path
            }
            Program::Real { path, version: own } if own == version => path.clone(),
            Program::Real { version: own, .. } => bail!("K3S_BINARY is {own}, not {version}"),
        };
        let contents = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(Release {
            version: version.to_owned(),
            sha256: sha256_hex(&contents),
            path,
        })
    }

    /// A provider block by which root logs in to every host, each known by its key.
    ///
    /// # Errors
    /// If a host has no key yet.
    pub fn provider_block(&self) -> Result<String> {
        let key = self.hosts.ssh_key().display().to_string();
        let known = self
            .hosts
            .iter()
            .map(|host| Ok(format!("{} {}", host.ip(), host.host_key()?)));
        let known = known.collect::<Result<Vec<_>>>()?.join("\n");
        Ok(format!(
            "provider \"cht\" {{\n  ssh = {{\n    private_key = file({key:?})\n    known_hosts = {known:?}\n  }}\n}}\n"
        ))
    }

    /// A client of the API server on a host, with all rights.
    ///
    /// # Errors
    /// If there is none, or it has not written its kubeconfig yet.
    pub async fn client(&self, host: &Host) -> Result<Client> {
        client(host).await
    }

    /// Plays CHT in the cluster that comes to be on these hosts.
    ///
    /// # Errors
    /// If this machine cannot be reached by them.
    pub async fn play_cht(&mut self) -> Result<()> {
        let listener = TcpListener::bind((self.hosts.this_machine(), PORT_FORWARDS))
            .await
            .context("listen for port-forwards")?;
        let target = Target::default();
        let hosts = Arc::clone(&self.hosts);
        let playing = async move {
            tokio::join!(relay::serve(listener, target.clone()), play(&hosts, &target));
        };
        self._cht = Some(AbortOnDropHandle::new(tokio::spawn(playing)));
        Ok(())
    }
}

impl Release {
    /// The attribute `binary` of a resource, for this release.
    pub fn attribute(&self) -> String {
        format!(
            "{{ path = {:?}, sha256 = {:?} }}",
            self.path.display().to_string(),
            self.sha256
        )
    }
}

/// Waits for a cluster on any of the hosts, and plays CHT in it for as long as that host is powered; then in the next
/// one.
async fn play(hosts: &Hosts, target: &Target) {
    let look = async || {
        for host in hosts.iter() {
            if let Ok(client) = client(host).await
                && client.apiserver_version().await.is_ok()
            {
                return Ok((host, client));
            }
        }
        Err("no server answers".to_owned())
    };
    while let Ok((host, client)) = wait::until("a cluster", PATIENCE, look).await {
        let Ok(cht) = FakeCht::start(client).await else { return };
        target.set(cht.addr());
        while host.is_powered() {
            time::sleep(LOOK).await;
        }
    }
}

/// A client of the API server on a host, with all rights.
pub(crate) async fn client(host: &Host) -> Result<Client> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let text = host.exec(&format!("cat {}", KUBECONFIG)).await?;
    let text = text.replace("127.0.0.1", &host.ip().to_string());
    let kubeconfig = Kubeconfig::from_yaml(&text)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}

/// What the program says of itself.
fn version_of(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.split_whitespace().nth(2).map(str::to_owned);
    version.with_context(|| format!("{} says {said:?} of its version", program.display()))
}
