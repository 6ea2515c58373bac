//! Hosts to run k3s on, and what a test asks of them.
//!
//! A test that needs no systemd runs on directories of this machine ([`local`]), which takes seconds. With
//! `K3S_BINARY`, every test runs on hosts of the lab ([`machine`]) with that program: a real k3s, or the stand-in once
//! more.

mod local;
mod machine;
mod unit;

use std::env;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::k3s::{faults, peers, release};
use acceptance_tests::lifeline::Lifeline;
use acceptance_tests::{hosts, skip};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use local::Local;
use machine::Machine;

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// The token of every cluster here.
pub(crate) const TOKEN: &str = "secret";

/// The server's data directory.
pub(crate) const DATA: &str = "/var/lib/rancher/k3s";

/// Where k3s is installed.
const PROGRAM: &str = "/usr/local/bin/k3s";

/// The stand-in.
const STAND_IN: &str = env!("CARGO_BIN_EXE_k3s");

/// Each server runs its own etcd and API server: no more than so many clusters at once.
static PLACES: Semaphore = Semaphore::const_new(2);

/// The states of a unit that matter here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Inactive,
    Activating,
    Active,
}

/// The hosts of one test. They end with it.
pub(crate) struct Hosts {
    // The hosts end first, then what is left of them.
    hosts: Vec<Host>,
    lifeline: Arc<Lifeline>,
    _place: SemaphorePermit<'static>,
}

/// The k3s that the tests are to be run with, if it is named.
fn named_program() -> Option<OsString> {
    env::var_os("K3S_BINARY").filter(|path| !path.is_empty())
}

impl Hosts {
    /// Hosts `h1`, `h2` and so on, with k3s and nothing else on them.
    pub(crate) async fn new(number: u8) -> Self {
        match named_program() {
            Some(program) => Self::machines(number, Path::new(&program)).await,
            None => Self::local(number).await,
        }
    }

    /// The same with a real systemd; none where that cannot be had.
    pub(crate) async fn with_systemd(number: u8) -> Option<Self> {
        if !hosts::available() {
            return None;
        }
        let program = named_program().unwrap_or_else(|| STAND_IN.into());
        Some(Self::machines(number, Path::new(&program)).await)
    }

    /// The same with what only the stand-in can do; none with another program.
    pub(crate) async fn of_stand_in(number: u8) -> Option<Self> {
        if named_program().is_some() {
            skip::skipped("only the stand-in has faults and versions on demand");
            return None;
        }
        Some(Self::local(number).await)
    }

    async fn local(number: u8) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let lifeline = Arc::new(Lifeline::start("cht-k3s-").unwrap());
        // A network of loopback for each test. The program's own addresses are elsewhere.
        let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
        let host = |n| {
            let address = Ipv4Addr::new(127, 64 + a % 64, b, 10 + n);
            let local = Local::new(&lifeline, format!("h{n}"), address);
            local.install(Path::new(STAND_IN));
            Host::new(n, Place::Local(local))
        };
        Self {
            hosts: (1..=number).map(host).collect(),
            lifeline,
            _place: place,
        }
    }

    async fn machines(number: u8, program: &Path) -> Self {
        let place = PLACES.acquire().await.unwrap();
        peers::install_on_hosts().unwrap();
        let lifeline = Arc::new(Lifeline::start("cht-k3s-").unwrap());
        let machines = Arc::new(hosts::Hosts::start(number.into()).await.unwrap());
        let host = |n: u8| {
            let machine = Machine::new(Arc::clone(&machines), usize::from(n) - 1);
            machine.install(program);
            Host::new(n, Place::Machine(machine))
        };
        Self {
            hosts: (1..=number).map(host).collect(),
            lifeline,
            _place: place,
        }
    }

    /// The stand-in as a version.
    pub(crate) fn release(&self, version: &str) -> PathBuf {
        let path = self.lifeline.directory().join(version);
        release::stamp(Path::new(STAND_IN), version, &path).unwrap();
        path
    }

    /// As many servers as asked for, each joined through the first, and so many hosts more.
    pub(crate) async fn with_servers(servers: u8, more: u8) -> Self {
        let hosts = Self::new(servers + more).await;
        hosts.start_first().await;
        for n in 2..=servers {
            hosts.join(n, "").await;
        }
        hosts
    }

    /// The host with this number, from 1.
    pub(crate) fn host(&self, n: u8) -> &Host {
        &self.hosts[usize::from(n) - 1]
    }

    /// Starts the first server and waits for its Node.
    pub(crate) async fn start_first(&self) {
        let first = self.host(1);
        first.configure(&format!("cluster-init: true\ntoken: {TOKEN}\n"));
        self.start(1, "server");
        first.until_ready().await;
    }

    /// Joins a server, told some more, and waits for its Node.
    pub(crate) async fn join(&self, n: u8, more: &str) {
        self.host(n).configure(&self.joining(1, more));
        self.start(n, "server");
        self.host(n).until_ready().await;
    }

    /// The configuration of a host that joins another.
    pub(crate) fn joining(&self, n: u8, more: &str) -> String {
        let token = if more.contains("token:") {
            String::new()
        } else {
            format!("token: {TOKEN}\n")
        };
        format!("server: https://{}:6443\n{token}{more}", self.host(n).address)
    }

    /// Starts a role on a host, as `systemctl start --no-block` does.
    pub(crate) fn start(&self, n: u8, role: &str) {
        match &self.host(n).place {
            Place::Local(local) => local.start(role),
            Place::Machine(machine) => machine.start(role),
        }
    }

    /// Stops a host's unit and starts it again.
    pub(crate) fn restart(&self, n: u8, role: &str) {
        self.host(n).stop();
        self.start(n, role);
    }
}

/// What a host is.
enum Place {
    Local(Local),
    Machine(Machine),
}

/// Asks whatever the host is.
macro_rules! ask {
    ($host:expr, $place:ident => $answer:expr) => {
        match &$host.place {
            Place::Local($place) => $answer,
            Place::Machine($place) => $answer,
        }
    };
}

/// One host.
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    place: Place,
}

impl Host {
    fn new(n: u8, place: Place) -> Self {
        let address = match &place {
            Place::Local(local) => local.address.into(),
            Place::Machine(machine) => machine.address(),
        };
        Self {
            name: format!("h{n}"),
            address,
            place,
        }
    }

    /// Puts a program where k3s is installed, as a whole.
    pub(crate) fn install(&self, program: &Path) {
        ask!(self, place => place.install(program));
    }

    /// Writes `config.yaml`.
    pub(crate) fn configure(&self, text: &str) {
        let own = match &self.place {
            Place::Local(local) => local.own_configuration(),
            Place::Machine(_) => String::new(),
        };
        self.write("/etc/rancher/k3s/config.yaml", &format!("{text}{own}"));
    }

    /// Replaces a text in `config.yaml`.
    pub(crate) fn reconfigure(&self, old: &str, new: &str) {
        let text = self.read("/etc/rancher/k3s/config.yaml");
        assert!(text.contains(old), "{text}");
        self.write("/etc/rancher/k3s/config.yaml", &text.replace(old, new));
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        ask!(self, place => place.write(path, text));
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let read = ask!(self, place => place.read(path));
        read.unwrap_or_else(|| panic!("{} has no {path}", self.name))
    }

    pub(crate) fn remove(&self, path: &str) {
        ask!(self, place => place.remove(path));
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        ask!(self, place => place.has(path))
    }

    /// Where a symbolic link leads.
    pub(crate) fn link(&self, path: &str) -> String {
        ask!(self, place => place.link(path))
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        ask!(self, place => place.mode(path))
    }

    pub(crate) fn fault(&self, lines: &str) {
        self.write(faults::FILE, lines);
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}:6443", self.address)
    }

    /// The lab's host that this is; it must be one.
    pub(crate) fn machine(&self) -> &hosts::Host {
        match &self.place {
            Place::Machine(machine) => machine.host(),
            Place::Local(_) => panic!("{} has no systemd", self.name),
        }
    }

    /// Runs a command of k3s.
    pub(crate) fn k3s(&self, arguments: &[&str]) -> Output {
        ask!(self, place => place.k3s(arguments))
    }

    /// What a command of k3s prints; it must succeed.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let output = self.k3s(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {arguments:?}: {complaint}", self.name);
        String::from_utf8(output.stdout).unwrap()
    }

    /// A Node, as this host's API server has it.
    pub(crate) fn node(&self, name: &str) -> Option<Value> {
        let output = self.k3s(&["kubectl", "get", "node", name, "-o", "json", "--request-timeout=5s"]);
        output
            .status
            .success()
            .then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// The status of one of a Node's conditions.
    pub(crate) fn condition(&self, node: &str, kind: &str) -> Option<String> {
        let node = self.node(node)?;
        let conditions = node["status"]["conditions"].as_array()?;
        let found = conditions.iter().find(|condition| condition["type"] == kind)?;
        Some(found["status"].as_str()?.to_owned())
    }

    /// The names of all Nodes.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let said = self.said(&["kubectl", "get", "nodes", "-o", "name"]);
        said.lines().map(|line| line.replace("node/", "")).collect()
    }

    pub(crate) fn stop(&self) {
        ask!(self, place => place.stop());
    }

    pub(crate) fn state(&self) -> State {
        ask!(self, place => place.state())
    }

    pub(crate) fn restarts(&self) -> usize {
        ask!(self, place => place.restarts())
    }

    /// Everything that the unit has said since it was started.
    pub(crate) fn journal(&self) -> String {
        ask!(self, place => place.journal())
    }

    /// Waits until the journal has a text.
    pub(crate) async fn until_said(&self, text: &str) {
        self.until(text, || self.journal().contains(text)).await;
    }

    pub(crate) async fn until_active(&self) {
        self.until("the unit to be active", || self.state() == State::Active)
            .await;
    }

    /// Waits until the own Node is Ready, as its own API server says.
    pub(crate) async fn until_ready(&self) {
        self.until_active().await;
        self.until("the node to be ready", || {
            self.condition(&self.name, "Ready").as_deref() == Some("True")
        })
        .await;
    }

    pub(crate) async fn until_voter(&self) {
        self.until("the member to vote", || {
            self.condition(&self.name, "EtcdIsVoter").as_deref() == Some("True")
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, probe: impl Fn() -> bool) {
        let look = async || match probe() {
            true => Ok(()),
            false => Err(format!("not yet, {:?}", self.state())),
        };
        if let Err(error) = wait::until(what, LIMIT, look).await {
            panic!("{}: {error:#}\n{}", self.name, self.journal());
        }
    }
}
