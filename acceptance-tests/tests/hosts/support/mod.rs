//! Hosts and a workspace for each test, and what a test asks of them. [`Configuration`] is the text of a cluster and
//! its agents.

mod configuration;
mod mirror;
mod readiness;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::data_center::{self, DataCenter};
use acceptance_tests::hosts::{self, Host};
use acceptance_tests::k3s::lab::K3sLab;
use acceptance_tests::tofu::{Cli, Steps, Workspace, provider_binary};
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) use acceptance_tests::tofu::done;
pub(crate) use configuration::Configuration;
pub(crate) use mirror::Mirror;
pub(crate) use readiness::Readiness;

/// The addresses of the resources in configurations.
pub(crate) const CLUSTER: &str = "cht_k3s_cluster.test";

/// Where k3s is told what to do.
pub(crate) const CONFIG: &str = "/etc/rancher/k3s/config.yaml";

/// How long one command may take: an upgrade of five hosts, on a busy machine.
const COMMAND_LIMIT: Duration = Duration::from_secs(900);

/// How long anything else may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Each server runs its own etcd and API server: no more than so many hosts at once, in any number of tests.
static PLACES: Semaphore = Semaphore::const_new(12);

/// The stand-in.
const STAND_IN: &str = env!("CARGO_BIN_EXE_k3s");

/// Whether everything is tried that takes long: `CHT_FAULTS=all`.
pub(crate) fn has_time_for_all() -> bool {
    std::env::var("CHT_FAULTS").is_ok_and(|faults| faults == "all")
}

/// What one test works with.
pub(crate) struct Scene {
    steps: Steps,
    pub(crate) lab: K3sLab,
    _places: SemaphorePermit<'static>,
}

impl Scene {
    /// So many hosts `h1`, `h2` and so on, with nothing on them; none if the test is skipped.
    pub(crate) async fn new(hosts: u8) -> Option<Self> {
        if !hosts::available() {
            return None;
        }
        let places = PLACES.acquire_many(hosts.into()).await.expect("it is never closed");
        let lab = K3sLab::start(Path::new(STAND_IN), hosts.into()).await;
        Some(Self {
            lab: lab.expect("the hosts start"),
            steps: Steps::of(workspace()),
            _places: places,
        })
    }

    /// The same, if a stand-in plays k3s on them: it comes in versions, and breaks on demand.
    pub(crate) async fn of_stand_in(hosts: u8) -> Option<Self> {
        let scene = Self::new(hosts).await?;
        if !scene.lab.plays_k3s() {
            acceptance_tests::skip::skipped("only the stand-in has faults and versions on demand");
            return None;
        }
        Some(scene)
    }

    /// So many places for machines of a vCenter, in which a stand-in plays k3s, and CHT is played.
    pub(crate) async fn in_data_center(machines: u8) -> Option<(Self, DataCenter)> {
        if !hosts::available() {
            return None;
        }
        let permits = PLACES.acquire_many(machines.into()).await.expect("it is never closed");
        let places = data_center::places(machines.into());
        let mut lab = K3sLab::with(Path::new(STAND_IN), &places).await.expect("there is room");
        if !lab.plays_k3s() {
            acceptance_tests::skip::skipped("only in a cluster of the stand-in CHT is played");
            return None;
        }
        lab.play_cht().await.expect("CHT is played");
        let center = DataCenter::start(&lab).await.expect("the vCenter starts");
        let scene = Self {
            lab,
            steps: Steps::of(workspace()),
            _places: permits,
        };
        Some((scene, center))
    }

    /// The host with this number, from 1.
    pub(crate) fn host(&self, number: usize) -> &Host {
        self.lab.host(number)
    }

    pub(crate) fn configure(&self, configuration: &Configuration) {
        self.write(&configuration.hcl(&self.lab));
    }

    /// Checks that a plan names a difference in `drift` of a resource, and that an apply leaves none.
    pub(crate) async fn is_repaired(&self, address: &str, difference: &str) {
        let plan = self.plan().await;
        assert_eq!(
            plan.actions(address),
            ["update"],
            "{:#?}",
            plan.changes().collect::<Vec<_>>()
        );
        let before = plan.change(address).map(|change| change.before["drift"].to_string());
        let before = before.unwrap_or_default();
        assert!(
            before.contains(difference),
            "{difference:?} is not in the drift: {before}"
        );
        self.apply().await;
        self.is_settled_after(difference).await;
    }

    /// A client of the API server of a host.
    pub(crate) async fn client(&self, number: usize) -> Client {
        self.lab
            .client(self.host(number))
            .await
            .expect("the host has a kubeconfig")
    }

    /// A Node as the API server of a host lists it.
    pub(crate) async fn node(&self, server: usize, name: &str) -> Option<Node> {
        let nodes = Api::<Node>::all(self.client(server).await);
        nodes.get_opt(name).await.expect("the API server answers")
    }

    /// The names of all Nodes.
    pub(crate) async fn nodes(&self, server: usize) -> Vec<String> {
        let nodes = Api::<Node>::all(self.client(server).await);
        let list = nodes
            .list(&ListParams::default())
            .await
            .expect("the API server answers");
        list.items.iter().map(ResourceExt::name_any).collect()
    }

    /// The names of the members of etcd that have a vote, as the stand-in's etcd tells anybody.
    pub(crate) async fn members(&self, server: usize) -> Vec<String> {
        let url = format!("http://{}:2379/v3/cluster/member/list", self.host(server).ip());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = client.post(url).body("{}").send().await.expect("etcd answers");
        let text = answer.text().await.expect("etcd answers");
        let answer: Value = serde_json::from_str(&text).expect("it is JSON");
        let members = answer["members"].as_array().cloned().unwrap_or_default();
        assert!(
            members.iter().all(|member| member["isLearner"] != true),
            "a learner is left: {members:?}"
        );
        members.iter().map(|member| member["name"].to_string()).collect()
    }

    /// Stops all of these servers, so that none has another one to ask, and starts them: each comes up at the first
    /// try.
    pub(crate) async fn start_again(&self, servers: &[usize]) {
        for act in ["stop", "start --no-block"] {
            for number in servers {
                self.run(*number, &format!("systemctl {act} k3s")).await;
            }
        }
        for number in servers {
            let is_active = async || {
                let active = self.host(*number).exec("systemctl is-active k3s").await;
                active.map_err(|error| error.to_string())
            };
            eventually("the server", is_active).await;
            let restarts = self
                .run(*number, "systemctl show k3s --property NRestarts --value")
                .await;
            assert_eq!(restarts, "0", "h{number} has failed to start");
        }
    }

    /// What a shell command prints on a host.
    pub(crate) async fn run(&self, number: usize, script: &str) -> String {
        self.host(number)
            .exec(script)
            .await
            .expect("the command succeeds")
            .trim()
            .to_owned()
    }

    /// Checks that a host has nothing of k3s any more.
    pub(crate) async fn is_clean(&self, number: usize) {
        let left = self
            .run(
                number,
                "ls -d /usr/local/bin/k3s /etc/rancher/k3s /var/lib/rancher/k3s/server /var/lib/rancher/k3s/agent \
                 /etc/systemd/system/k3s* 2> /dev/null; pgrep -l 'k3s|etcd|kube-|kwok'; true",
            )
            .await;
        assert_eq!(left, "", "{} is not clean", self.host(number).name());
    }
}

impl Deref for Scene {
    type Target = Steps;

    fn deref(&self) -> &Steps {
        &self.steps
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Steps {
        &mut self.steps
    }
}

/// An empty workspace of the provider.
pub(crate) fn workspace() -> Workspace {
    let provider = provider_binary().expect("the provider was built");
    let mut workspace = Workspace::new(Cli::tofu().expect("tofu is there"), &provider).expect("a workspace");
    workspace.set_limit(COMMAND_LIMIT);
    workspace
}

/// A condition of a Node.
pub(crate) fn condition(node: &Node, kind: &str) -> Option<String> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    let found = conditions.iter().find(|condition| condition.type_ == kind)?;
    Some(found.status.clone())
}

/// The version that a Node runs.
pub(crate) fn version(node: &Node) -> Option<String> {
    let info = node.status.as_ref()?.node_info.as_ref()?;
    Some(info.kubelet_version.clone())
}

/// Waits for something on hosts or in their cluster.
pub(crate) async fn eventually<T, F: Future<Output = Result<T, String>>>(what: &str, probe: impl FnMut() -> F) -> T {
    wait::until(what, LIMIT, probe).await.expect("it comes true")
}
