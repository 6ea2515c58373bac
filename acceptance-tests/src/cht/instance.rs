//! The state of one instance: what its processes know, each from the time at which it started.
//!
//! - CouchDB takes an administrator from the Secret when its pod starts, and only one that its volume does not know
//!   yet.
//! - HAProxy takes the credentials with which it checks CouchDB when its pod starts. With a wrong password it has no
//!   server to pass requests to.
//! - The API listens once it has reached CouchDB, then needs some time to start, and starts over with each new pod. Its
//!   version is the one that the database has then, see [`super::upgrade`].

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::Fault;
use super::admins::Admins;
use super::cluster::Observation;
use super::login::{Credentials, FailedLogins, Login};
use super::topology::CouchdbNode;
use super::upgrade::Upgrades;

/// How far the API has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing listens.
    Closed,
    /// The API listens, and answers nothing but its progress.
    Setup,
    /// The API answers.
    Ready,
}

/// What comes of a log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginOutcome {
    Accepted,
    Refused,
    TooMany,
}

/// What CouchDB finds on its disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    Nothing,
    /// Some nodes have what they had, others nothing: there is one copy of each part.
    Part,
    Whole,
}

/// One instance.
pub struct Instance {
    namespace: String,
    setup: Duration,
    upgrades: Upgrades,
    observation: Observation,
    faults: HashSet<Fault>,
    /// The administrators on each volume that ever was.
    admins: Admins,
    /// The data with which the CHT has been ready, of any node.
    used: HashSet<String>,
    /// The pod of the first CouchDB node that stopped bringing the others in.
    gave_up: Option<String>,
    /// The pods of CouchDB's nodes that took their environment last.
    couchdb_pods: HashMap<String, String>,
    haproxy: Option<(String, Option<Credentials>)>,
    api: Option<Api>,
    sessions: HashSet<String>,
    failed_logins: FailedLogins,
}

struct Api {
    pod: String,
    version: String,
    listening_since: Option<Instant>,
    /// How many usual starts its start takes.
    starts: u32,
}

impl Instance {
    /// An instance of which nothing was seen yet, and whose API takes `setup` to start.
    #[must_use]
    pub fn new(namespace: &str, setup: Duration, upgrades: Upgrades) -> Self {
        Self {
            namespace: namespace.to_owned(),
            setup,
            upgrades,
            observation: Observation::default(),
            faults: HashSet::new(),
            admins: Admins::default(),
            used: HashSet::new(),
            gave_up: None,
            couchdb_pods: HashMap::new(),
            haproxy: None,
            api: None,
            sessions: HashSet::new(),
            failed_logins: FailedLogins::default(),
        }
    }

    /// Takes in what the cluster shows at a time.
    pub fn observe(&mut self, observation: Observation, faults: HashSet<Fault>, now: Instant) {
        self.observation = observation;
        self.faults = faults;
        self.start_couchdb();
        self.assemble();
        self.start_haproxy();
        self.start_api(now);
        self.work(now);
    }

    /// How far the API has come at that time.
    #[must_use]
    pub fn phase(&self, now: Instant) -> Phase {
        match self.api.as_ref().and_then(|api| api.listening_since) {
            None => Phase::Closed,
            Some(_) if self.has(Fault::NeverAnswers) => Phase::Closed,
            Some(_) if self.has(Fault::StayInSetup) => Phase::Setup,
            Some(since) if now.duration_since(since) < self.start_takes() => Phase::Setup,
            Some(_) => Phase::Ready,
        }
    }

    /// Whether HAProxy has a CouchDB to which it passes requests.
    #[must_use]
    pub fn reaches_database(&self) -> bool {
        let checks = self.haproxy.as_ref().and_then(|(_, credentials)| credentials.as_ref());
        let is_accepted = checks.is_some_and(|credentials| self.knows(credentials));
        let is_complete = self.members().len() == self.observation.couchdb_nodes.len();
        self.observation.database_available && is_complete && is_accepted && !self.has(Fault::HaproxyDown)
    }

    /// Whether a node of CouchDB listens.
    pub(super) fn listens(&self, service: &str) -> bool {
        let mut nodes = self.observation.couchdb_nodes.iter();
        nodes.any(|node| node.service == service && node.pod.is_some())
    }

    /// The Service of the first node of CouchDB.
    pub(super) fn first_service(&self) -> String {
        let first = self.observation.couchdb_nodes.first();
        first.map(|node| node.service.clone()).unwrap_or_default()
    }

    /// The names of the nodes that are connected with each other.
    pub(super) fn members(&self) -> Vec<&str> {
        let nodes = &self.observation.couchdb_nodes;
        let first = nodes.first().and_then(|first| first.pod.as_ref());
        let gave_up = first.is_some() && first == self.gave_up.as_ref();
        let expected = if gave_up { 1 } else { nodes.len() };
        let running = nodes.iter().take(expected).filter(|node| node.pod.is_some());
        running.map(|node| node.name.as_str()).collect()
    }

    /// What there is of the data on the disks: nothing before the CHT has been ready with it.
    pub(super) fn data(&self) -> Data {
        let nodes = &self.observation.couchdb_nodes;
        let is_used = |node: &&CouchdbNode| node.data().is_some_and(|data| self.used.contains(&data));
        match nodes.iter().filter(is_used).count() {
            0 => Data::Nothing,
            used if used == nodes.len() => Data::Whole,
            _ => Data::Part,
        }
    }

    /// The version of the application.
    #[must_use]
    pub fn version(&self) -> String {
        // A version that no test asks for.
        if self.has(Fault::WrongVersion) {
            return "4.0.0".to_owned();
        }
        self.upgrades.of(&self.namespace).installed.unwrap_or_default()
    }

    /// What goes wrong.
    pub(super) fn faults(&self) -> &HashSet<Fault> {
        &self.faults
    }

    /// What stands for the data of CouchDB, or of the first of its nodes.
    pub(super) fn volume(&self) -> Option<String> {
        self.observation.couchdb_nodes.first()?.data()
    }

    /// What stands for the disk of CouchDB, or of the first of its nodes.
    fn disk(&self) -> Option<&str> {
        self.observation.couchdb_nodes.first()?.disk.as_deref()
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Decides on a log-in and counts its failure.
    pub(super) fn log_in(&mut self, login: &Login, address: &str, now: Instant) -> LoginOutcome {
        let credentials = match login {
            Login::None => return LoginOutcome::Refused,
            Login::Session(session) if self.sessions.contains(session) && !self.has(Fault::Unauthorized) => {
                return LoginOutcome::Accepted;
            }
            Login::Session(_) => return LoginOutcome::Refused,
            Login::Basic(credentials) => credentials,
        };
        if self.failed_logins.is_limited(address, credentials, now) {
            return LoginOutcome::TooMany;
        }
        if self.knows(credentials) && !self.has(Fault::Unauthorized) {
            return LoginOutcome::Accepted;
        }
        self.failed_logins.record(address, credentials, now);
        LoginOutcome::Refused
    }

    /// The value of the cookie of a new session.
    pub(super) fn open_session(&mut self) -> String {
        let session = format!("session-{}", self.sessions.len() + 1);
        self.sessions.insert(session.clone());
        session
    }

    /// Whether all nodes of CouchDB have this administrator.
    fn knows(&self, credentials: &Credentials) -> bool {
        let Some(disk) = self.disk() else {
            return false;
        };
        let mut nodes = self.observation.couchdb_nodes.iter();
        nodes.all(|node| self.admins.know(disk, &node.name, credentials))
    }

    /// Whether the node of CouchDB behind a service has this administrator.
    pub(super) fn node_knows(&self, service: &str, credentials: &Credentials) -> bool {
        let (Some(disk), Some(node)) = (self.disk(), self.node_named(service, "_local")) else {
            return false;
        };
        self.admins.know(disk, &node, credentials)
    }

    /// The name of a node, as one of them knows it; `_local` is the one that is asked.
    pub(super) fn node_named(&self, asked: &str, name: &str) -> Option<String> {
        let mut nodes = self.observation.couchdb_nodes.iter();
        let node = nodes.find(|node| node.name == name || name == "_local" && node.service == asked)?;
        Some(node.name.clone())
    }

    /// The hashed password of an administrator of a node.
    pub(super) fn admin(&self, node: &str, user: &str) -> Option<&String> {
        self.admins.hash(self.disk()?, node, user)
    }

    /// Sets the password of an administrator of a node.
    pub(super) fn set_admin(&mut self, node: &str, user: &str, password: &str) {
        if let Some(disk) = self.disk().map(str::to_owned) {
            self.admins.set(&disk, node, user, password);
        }
    }

    /// The first node takes an administrator from its environment, the others take theirs from the first one.
    fn start_couchdb(&mut self) {
        let Observation {
            couchdb_nodes: nodes,
            secret: Some(secret),
            ..
        } = &self.observation
        else {
            return;
        };
        let Some(first) = nodes.first() else { return };
        let Some(disk) = &first.disk else { return };
        let loses_admins = self.faults.contains(&Fault::AdminsLost);
        for node in nodes {
            let Some(pod) = &node.pod else { continue };
            if node != first && !self.couchdb_pods.contains_key(&first.name) {
                // It cannot start before there is somebody to take them from.
                continue;
            }
            let known = self.couchdb_pods.insert(node.name.clone(), pod.clone());
            if known.as_ref() == Some(pod) {
                continue;
            }
            if node == first {
                self.admins.start(disk, &node.name, secret);
            } else {
                self.admins.copy(disk, &first.name, &node.name);
            }
            if loses_admins && known.is_some() {
                self.admins.invalidate(disk, &node.name);
            }
        }
    }

    /// The first node brings the others in when it starts, unless it is to give up.
    fn assemble(&mut self) {
        if self.has(Fault::UnfinishedCluster) && self.gave_up.is_none() {
            let first = self.observation.couchdb_nodes.first();
            self.gave_up = first.and_then(|first| first.pod.clone());
        }
    }

    fn start_haproxy(&mut self) {
        let Some(pod) = &self.observation.haproxy_pod else {
            return;
        };
        if self.haproxy.as_ref().is_none_or(|(known, _)| known != pod) {
            self.haproxy = Some((pod.clone(), self.observation.secret.clone()));
        }
    }

    fn start_api(&mut self, now: Instant) {
        let Some(pod) = self.observation.api_pod.clone() else {
            self.api = None;
            return;
        };
        if self.api.as_ref().is_none_or(|api| api.pod != pod) {
            let version = self.observation.api_tag.clone().unwrap_or_default();
            self.api = Some(Api {
                pod,
                version,
                listening_since: None,
                starts: 1,
            });
        }
        let is_reachable = self.observation.api_available && self.reaches_database();
        let volume = self.volume();
        if let Some(api) = self
            .api
            .as_mut()
            .filter(|api| api.listening_since.is_none() && is_reachable)
        {
            api.listening_since = Some(now);
            self.used
                .extend(self.observation.couchdb_nodes.iter().filter_map(CouchdbNode::data));
            if let Some(volume) = volume {
                api.starts = self.upgrades.with(&self.namespace, |database| {
                    database.mount(&volume);
                    database.boot(&api.version)
                });
            }
        }
    }

    /// The API goes on with an upgrade while it serves.
    fn work(&mut self, now: Instant) {
        if self.phase(now) != Phase::Ready || !self.reaches_database() {
            return;
        }
        let is_restarted = self
            .upgrades
            .with(&self.namespace, |database| database.work(&self.faults, now));
        if let Some(api) = self.api.as_mut().filter(|_| is_restarted) {
            api.listening_since = Some(now);
        }
    }

    fn start_takes(&self) -> Duration {
        let starts = self.api.as_ref().map_or(1, |api| api.starts);
        let slowness = if self.has(Fault::SlowStart) { 8 } else { 1 };
        self.setup * starts * slowness
    }
}
