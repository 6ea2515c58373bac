//! The state of one instance: what its processes know, each from the time at which it started.
//!
//! - CouchDB takes an administrator from the Secret when its pod starts, and only one that its volume does not know yet.
//! - HAProxy takes the credentials with which it checks CouchDB when its pod starts. With a wrong password it has no
//!   server to pass requests to.
//! - The API listens once it has reached CouchDB, then needs some time to start, and starts over with each new pod.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::Fault;
use super::cluster::Observation;
use super::login::{Credentials, FailedLogins, Login};

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

/// One instance.
pub struct Instance {
    setup: Duration,
    observation: Observation,
    faults: HashSet<Fault>,
    /// The administrators on each volume that ever was.
    admins: HashMap<String, BTreeMap<String, String>>,
    /// The volumes on which the CHT has been ready.
    used: HashSet<String>,
    /// The pod of the first CouchDB node that stopped bringing the others in.
    gave_up: Option<String>,
    /// The pod of CouchDB that took its environment last.
    couchdb_pod: Option<String>,
    haproxy: Option<(String, Option<Credentials>)>,
    api: Option<Api>,
    sessions: HashSet<String>,
    failed_logins: FailedLogins,
}

struct Api {
    pod: String,
    version: String,
    listening_since: Option<Instant>,
}

impl Instance {
    /// An instance of which nothing was seen yet, and whose API takes `setup` to start.
    #[must_use]
    pub fn new(setup: Duration) -> Self {
        Self {
            setup,
            observation: Observation::default(),
            faults: HashSet::new(),
            admins: HashMap::new(),
            used: HashSet::new(),
            gave_up: None,
            couchdb_pod: None,
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
    }

    /// How far the API has come at that time.
    #[must_use]
    pub fn phase(&self, now: Instant) -> Phase {
        match self.api.as_ref().and_then(|api| api.listening_since) {
            None => Phase::Closed,
            Some(_) if self.has(Fault::StayInSetup) => Phase::Setup,
            Some(since) if now.duration_since(since) < self.setup => Phase::Setup,
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

    /// The names of the nodes that are connected with each other.
    pub(super) fn members(&self) -> Vec<&str> {
        let nodes = &self.observation.couchdb_nodes;
        let first = nodes.first().and_then(|first| first.pod.as_ref());
        let gave_up = first.is_some() && first == self.gave_up.as_ref();
        let expected = if gave_up { 1 } else { nodes.len() };
        let running = nodes.iter().take(expected).filter(|node| node.pod.is_some());
        running.map(|node| node.name.as_str()).collect()
    }

    /// How many documents the volume holds; none before the CHT has been ready on it.
    pub(super) fn documents(&self) -> Option<u64> {
        let volume = self.observation.volume.as_ref()?;
        self.used.contains(volume).then_some(123)
    }

    /// The version of the application.
    #[must_use]
    pub fn version(&self) -> &str {
        // A version that no test asks for.
        if self.has(Fault::WrongVersion) {
            "4.0.0"
        } else {
            self.api.as_ref().map_or("", |api| &api.version)
        }
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

    pub(super) fn knows(&self, credentials: &Credentials) -> bool {
        let admins = self
            .observation
            .volume
            .as_ref()
            .and_then(|volume| self.admins.get(volume));
        admins.and_then(|admins| admins.get(&credentials.user)) == Some(&credentials.password)
    }

    fn start_couchdb(&mut self) {
        let Observation {
            volume: Some(volume),
            couchdb_pod: Some(pod),
            secret: Some(secret),
            ..
        } = &self.observation
        else {
            return;
        };
        if self.couchdb_pod.as_ref() == Some(pod) {
            return;
        }
        self.couchdb_pod = Some(pod.clone());
        let admins = self.admins.entry(volume.clone()).or_default();
        admins
            .entry(secret.user.clone())
            .or_insert_with(|| secret.password.clone());
    }

    /// The first node brings the others in when it starts, unless it is to give up.
    fn assemble(&mut self) {
        if self.has(Fault::UnfinishedCluster) && self.gave_up.is_none() {
            self.gave_up = self.observation.couchdb_pod.clone();
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
            });
        }
        let is_reachable = self.observation.api_available && self.reaches_database();
        if let Some(api) = self
            .api
            .as_mut()
            .filter(|api| api.listening_since.is_none() && is_reachable)
        {
            api.listening_since = Some(now);
            self.used.extend(self.observation.volume.clone());
        }
    }
}
