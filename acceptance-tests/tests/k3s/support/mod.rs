//! Hosts to run k3s on, and what a test asks of them.

mod unit;

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::k3s::{faults, peers};
use acceptance_tests::lifeline::Lifeline;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) use unit::State;
use unit::Unit;

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The token of every cluster here.
pub(crate) const TOKEN: &str = "secret";

/// The server's data directory.
pub(crate) const DATA: &str = "/var/lib/rancher/k3s";

/// Each server runs its own etcd and API server: no more than so many clusters at once.
static PLACES: Semaphore = Semaphore::const_new(2);

/// The hosts of one test. They end with it.
pub(crate) struct Hosts {
    // The units end first, then what is left of them.
    hosts: Vec<Host>,
    lifeline: Arc<Lifeline>,
    _place: SemaphorePermit<'static>,
}

impl Hosts {
    /// Hosts `h1`, `h2` and so on, without anything on them.
    pub(crate) async fn new(number: u8) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let lifeline = Arc::new(Lifeline::start("cht-k3s-").unwrap());
        // A network of loopback for each test. The program's own addresses are elsewhere.
        let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
        let host = |n| Host::new(lifeline.directory(), n, Ipv4Addr::new(127, 64 + a % 64, b, 10 + n));
        let hosts = (1..=number).map(host).collect();
        Self {
            hosts,
            lifeline,
            _place: place,
        }
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
        let host = self.host(n);
        let mut unit = host.unit.lock().unwrap();
        assert!(unit.is_none(), "{} runs already", host.name);
        *unit = Some(Unit::start(host, role, &self.lifeline));
    }

    /// Stops a host's unit and starts it again.
    pub(crate) fn restart(&self, n: u8, role: &str) {
        self.host(n).stop();
        self.start(n, role);
    }
}

/// One host.
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    root: PathBuf,
    unit: std::sync::Mutex<Option<Unit>>,
}

impl Host {
    fn new(directory: &Path, n: u8, address: Ipv4Addr) -> Self {
        let name = format!("h{n}");
        let host = Self {
            root: directory.join(&name),
            unit: std::sync::Mutex::default(),
            name,
            address,
        };
        fs::create_dir_all(&host.root).unwrap();
        host.install(Path::new(env!("CARGO_BIN_EXE_k3s")));
        host
    }

    /// Puts a program where k3s is installed, as a whole.
    pub(crate) fn install(&self, program: &Path) {
        let destination = self.program();
        fs::create_dir_all(destination.parent().unwrap()).unwrap();
        let part = destination.with_extension("part");
        fs::copy(program, &part).unwrap();
        fs::rename(part, destination).unwrap();
    }

    /// Writes `config.yaml`, with this host's name and address.
    pub(crate) fn configure(&self, text: &str) {
        let Self { name, address, .. } = self;
        let own = format!("node-name: {name}\nnode-ip: {address}\nbind-address: {address}\n");
        self.write("/etc/rancher/k3s/config.yaml", &format!("{text}{own}"));
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Where a path of the host is on this machine.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(crate) fn fault(&self, lines: &str) {
        self.write(faults::FILE, lines);
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}:6443", self.address)
    }

    /// Runs a command of k3s.
    pub(crate) fn k3s(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
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
        let unit = self.unit.lock().unwrap().take();
        unit.expect("the unit runs").stop();
    }

    pub(crate) fn state(&self) -> State {
        self.unit.lock().unwrap().as_ref().map_or(State::Inactive, Unit::state)
    }

    pub(crate) fn restarts(&self) -> usize {
        self.unit.lock().unwrap().as_ref().map_or(0, Unit::restarts)
    }

    /// Everything that the unit has said since it was started.
    pub(crate) fn journal(&self) -> String {
        fs::read(self.root.join("journal"))
            .map_or_else(|_| String::new(), |text| String::from_utf8_lossy(&text).into_owned())
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

    fn program(&self) -> PathBuf {
        self.root.join("usr/local/bin/k3s")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.root)
            .env("CHT_LAB_ROOT", &self.root)
            .env("CHT_LAB_TOOLS", tools());
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(unit) = self.unit.lock().unwrap().take() {
            unit.kill();
        }
    }
}

/// The peers, once for all tests. The controllers are left out: no behavior here is theirs.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("k3s-peers");
        peers::install(&peers::required().unwrap(), &directory).unwrap();
        directory
    })
}
