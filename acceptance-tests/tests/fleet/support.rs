//! Hosts of the lab, and the fleet of servers that they are to be.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use acceptance_tests::hosts::{self, Hosts};
use acceptance_tests::k3s::{peers, release};
use acceptance_tests::lifeline::Lifeline;
use terraform_provider_cht::k3s::config::{ClusterSettings, Datastore, NodeSettings};
use terraform_provider_cht::k3s::fleet::{Fleet, Looked, OnDestroy, Spec, Stopped};
use terraform_provider_cht::k3s::host::Host;
use terraform_provider_cht::k3s::nodes::Drain;
use terraform_provider_cht::k3s::program::Source;
use terraform_provider_cht::k3s::token::Token;
use terraform_provider_cht::provider::{ChtProvider, Clients, ProviderModelDraft};
use terraform_provider_cht::ssh::diagnostics::{Access, Described};
use terraform_provider_cht::ssh::{Pins, Sessions, Ssh};
use tf_framework::Attr;
use tf_framework::context::Scope;
use tf_framework::path::Path;
use tf_framework::provider::Provider as _;
use tf_framework::testing;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The versions that servers go through.
pub(crate) const OLD: &str = "v1.35.4+k3s1";
pub(crate) const NEW: &str = "v1.36.3+k3s1";

const DATA: &str = "/var/lib/rancher/k3s";

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(600);

/// The stand-in for k3s.
const STAND_IN: &str = env!("CARGO_BIN_EXE_k3s");

/// Each server runs its own etcd and API server: no more than one cluster at once.
static PLACE: Semaphore = Semaphore::const_new(1);

/// Hosts with nothing on them.
pub(crate) struct Lab {
    pub(crate) hosts: Hosts,
    lifeline: Lifeline,
    _place: SemaphorePermit<'static>,
}

/// What the servers should be.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) version: &'static str,
    /// The numbers of the hosts that are servers, from 1.
    pub(crate) servers: Vec<usize>,
    pub(crate) bootstrapped: bool,
    pub(crate) token: Option<Token>,
    pub(crate) encrypted: bool,
    pub(crate) datastore: Datastore,
    /// What the cloud provider calls each machine, if so.
    pub(crate) provider_ids: Option<&'static str>,
}

impl Wanted {
    pub(crate) fn servers(numbers: &[usize]) -> Self {
        Self {
            version: OLD,
            servers: numbers.to_vec(),
            bootstrapped: false,
            token: None,
            encrypted: false,
            datastore: Datastore::Etcd,
            provider_ids: None,
        }
    }

    /// The same, of a cluster that there is.
    pub(crate) fn again(&self) -> Self {
        Self {
            bootstrapped: true,
            ..self.clone()
        }
    }
}

impl Lab {
    /// So many hosts; none where hosts cannot run.
    pub(crate) async fn start(count: usize) -> Option<Self> {
        if !hosts::available() {
            return None;
        }
        let place = PLACE.acquire().await.unwrap();
        peers::install_on_hosts().unwrap();
        Some(Self {
            hosts: Hosts::start(count).await.unwrap(),
            lifeline: Lifeline::start("cht-fleet-").unwrap(),
            _place: place,
        })
    }

    /// A host as the provider works on it, with a connection of its own.
    pub(crate) fn host(&self, number: usize) -> Host {
        self.connect(number, &Sessions::default())
    }

    /// The program of a version.
    pub(crate) fn release(&self, version: &str) -> PathBuf {
        let path = self.lifeline.directory().join(version);
        if !path.exists() {
            release::stamp(std::path::Path::new(STAND_IN), version, &path).unwrap();
        }
        path
    }

    /// The fleet over all hosts, as a new process has it.
    pub(crate) fn fleet(&self, wanted: &Wanted) -> Fleet {
        let names = |number: &usize| (format!("h{number}"), *number);
        let all: BTreeMap<String, usize> = (1..=self.hosts.len()).map(|number| names(&number)).collect();
        let node = |number: &usize| {
            let name = format!("h{number}");
            let node = NodeSettings {
                name: name.clone(),
                provider_id: wanted.provider_ids.map(|ids| format!("{ids}{number}")),
                labels: BTreeMap::from([("tier".to_owned(), "servers".to_owned())]),
                ..NodeSettings::default()
            };
            (name, node)
        };
        let address = |number: &usize| format!("https://{}:6443", self.hosts[number - 1].ip());
        let drain = Drain {
            timeout: Duration::from_secs(60),
        };
        let spec = Spec {
            cluster_id: "0123456789abcdef".to_owned(),
            creating: !wanted.bootstrapped,
            version: wanted.version.parse().unwrap(),
            steps: Vec::new(),
            settings: ClusterSettings {
                tls_san: self.hosts.iter().map(|host| host.ip().to_string()).collect(),
                datastore: wanted.datastore.clone(),
                has_agent_token: true,
                secrets_encryption: wanted.encrypted,
                ..ClusterSettings::default()
            },
            servers: wanted.servers.iter().map(node).collect(),
            addresses: all
                .iter()
                .map(|(name, number)| (name.clone(), address(number)))
                .collect(),
            outer_addresses: BTreeMap::new(),
            registries: Default::default(),
            proxy: Default::default(),
            bootstrapped: wanted.bootstrapped,
            ca_sha256: None,
            token: wanted.token.clone(),
            renews_agent_token: false,
            remembered: None,
            program: Source {
                path: Some(self.release(wanted.version)),
                ..Source::default()
            },
            images: Vec::new(),
            drain: Some(drain),
            snapshot: true,
            adopt: false,
            on_removal: OnDestroy {
                drain: Some(drain),
                ..OnDestroy::default()
            },
        };
        let sessions = Sessions::default();
        let hosts = all
            .iter()
            .map(|(name, number)| (name.clone(), self.connect(*number, &sessions)));
        Fleet::new(spec, hosts.collect())
    }

    /// Brings the servers to what is wanted, and answers with the steps that it took.
    pub(crate) async fn converge(&self, wanted: &Wanted) -> Vec<String> {
        let fleet = self.fleet(wanted);
        let (result, steps) = run(&fleet).await;
        if let Err(stopped) = result {
            panic!("after {steps:#?}: {}", fleet.diagnose(stopped));
        }
        steps
    }

    fn connect(&self, number: usize, sessions: &Sessions) -> Host {
        let host = &self.hosts[number - 1];
        let ssh = Ssh {
            user: Some("root".to_owned()),
            private_key: Some(std::fs::read_to_string(self.hosts.ssh_key()).unwrap().into()),
            host_key: Some(vec![host.host_key().unwrap()]),
            connect_timeout: Some("5s".parse().unwrap()),
            ..Ssh::default()
        };
        let described = Described {
            host: &host.ip().to_string(),
            own: Some(&ssh),
            default: None,
            host_path: &Path::new("host"),
            ssh_path: &Path::new("ssh"),
        };
        let access = Access::new(sessions, described, &Pins::new()).unwrap();
        Host::new(&host.name(), access, DATA)
    }
}

/// What converging came to, and the steps that were taken.
pub(crate) async fn run(fleet: &Fleet) -> (Result<Looked, Stopped>, Vec<String>) {
    let mut steps = Vec::new();
    let scope = scope().await;
    let mut report =
        |progress: &terraform_provider_cht::k3s::fleet::Progress<'_>| steps.push(progress.step.to_string());
    let result = fleet.converge(&scope, &fleet.look().await, &mut report).await;
    (result, steps)
}

/// The surroundings of an operation.
pub(crate) async fn scope() -> Scope<Clients> {
    let config = ProviderModelDraft {
        kubernetes: Attr::Null,
        ssh: Attr::Null,
        vsphere: Attr::Null,
        aws: Attr::Null,
    };
    testing::scope(ChtProvider.configure(config).await.unwrap(), LIMIT)
}
