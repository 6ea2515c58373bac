//! What ends a run early, and what the user is told then: the step, the host, what k3s says there, and what to do.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use crate::k3s::config::Role;
use crate::k3s::fleet::Fleet;
use crate::k3s::host::HostError;
use crate::k3s::kubeconfig::KubeconfigError;
use crate::k3s::nodes::DrainError;
use crate::k3s::program::ProgramError;
use crate::k3s::rollout::encryption::KeyRefusal;
use crate::k3s::rollout::restore::RestoreRefusal;
use crate::k3s::rollout::{Refusal, Step};
use crate::k3s::wait::Failure;
use crate::kubernetes;
use crate::wording::sentence;

/// What is always true of a run that ended early.
const GO_ON: &str = "What was done so far is kept, and the next apply goes on from there.";

/// What ended a run.
#[derive(Debug)]
pub enum Stopped {
    /// Something stands in the way.
    Refused {
        /// What.
        refusal: Refusal,
        /// What the server says that it is about.
        journal: Vec<String>,
    },
    /// A host cannot be locked, or its tokens be read.
    Host(HostError),
    /// A step did not work.
    Step {
        /// Which.
        step: Step,
        /// Why.
        error: Box<StepError>,
    },
    /// What was asked for beside the rollout did not work.
    Act {
        /// What was done.
        act: String,
        /// Why not.
        error: Box<StepError>,
    },
    /// A step changes nothing, however often it is carried out.
    Endless {
        /// Which.
        step: Step,
    },
}

/// A step that did not work.
#[expect(missing_docs, reason = "the message of each variant says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Restore(#[from] RestoreRefusal),
    #[error(transparent)]
    Keys(#[from] KeyRefusal),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("the API of the cluster did not do its part")]
    Api(#[from] kubernetes::Error),
    #[error(transparent)]
    Drain(Box<DrainError>),
    #[error("unable to use the kubeconfig on {host}")]
    Kubeconfig {
        host: String,
        #[source]
        source: KubeconfigError,
    },
    #[error("{host} has no kubeconfig")]
    NoKubeconfig { host: String },
    #[error("no address of {host} is known")]
    NoAddress { host: String },
    #[error("there is no k3s for the architecture of {host}")]
    NoArch { host: String },
    #[error("{host} is not one of the servers")]
    UnknownHost { host: String },
    #[error("volumes are attached to {node}: {}", volumes.join(", "))]
    Attached { node: String, volumes: Vec<String> },
    #[error("{host} is to be removed and does not answer, but its node is ready")]
    NotGone {
        host: String,
        #[source]
        source: HostError,
    },
    #[error("the cluster has a ready node {host}, and it is not this host: k3s does not run here")]
    Elsewhere { host: String },
    #[error("{host} does not reach {}", targets.join(", "))]
    Unreached { host: String, targets: Vec<String> },
    #[error("the data of these volumes is on the disk of {node} alone: {}", volumes.join(", "))]
    LocalVolumes { node: String, volumes: Vec<String> },
    #[error("{host}: {failure}")]
    Down { host: String, failure: Failure },
    #[error("it did not come to an end")]
    Waited(Diagnostics),
}

impl From<DrainError> for StepError {
    fn from(error: DrainError) -> Self {
        match error {
            DrainError::Interrupted { diagnostics, .. } => Self::Waited(diagnostics),
            error => Self::Drain(Box::new(error)),
        }
    }
}

impl Fleet {
    /// What ended a run, in a user's words.
    #[must_use]
    pub fn diagnose(&self, stopped: Stopped) -> Diagnostics {
        match stopped {
            Stopped::Refused { refusal, journal } => {
                let detail = format!(
                    "{}.{}",
                    sentence(refusal.to_string().trim_end_matches('.')),
                    shown(&journal)
                );
                Diagnostics::error("Unable to go on with the cluster", detail)
            }
            Stopped::Host(error) => self.on_host(error),
            Stopped::Endless { step } => Diagnostic::bug(format!(
                "The cluster is as before after the step was carried out several times: {step}."
            ))
            .into(),
            Stopped::Step { step, error } => self.in_act(&step.to_string(), *error),
            Stopped::Act { act, error } => self.in_act(&act, *error),
        }
    }

    fn in_act(&self, act: &str, error: StepError) -> Diagnostics {
        let mut all = Diagnostics::new();
        for mut diagnostic in self.in_step(error).iter().cloned() {
            diagnostic.detail.push_str(&format!("\n\nStep: {act}\n\n{GO_ON}"));
            all.push(diagnostic);
        }
        all
    }

    fn in_step(&self, error: StepError) -> Diagnostics {
        match error {
            StepError::Host(error) => self.on_host(error),
            StepError::Waited(diagnostics) => diagnostics,
            StepError::Down { host, failure } => {
                let detail = failure.detail(&host, Role::Server);
                self.at(&host, Diagnostic::error("k3s does not start", detail))
            }
            error => {
                let detail = format!("{}.\n\n{}", sentence(&error_chain(&error)), advice(&error));
                let diagnostic = Diagnostic::error("Unable to change the cluster", detail);
                match &error {
                    StepError::Unreached { host, .. }
                    | StepError::NotGone { host, .. }
                    | StepError::Elsewhere { host } => self.at(host, diagnostic),
                    _ => diagnostic.into(),
                }
            }
        }
    }

    fn on_host(&self, error: HostError) -> Diagnostics {
        match self.hosts.get(error.host()) {
            Some(host) => host.diagnose(error),
            None => Diagnostics::error(error.summary(), format!("{}.", sentence(&error_chain(&error)))),
        }
    }

    /// Blames the address of a host.
    fn at(&self, host: &str, diagnostic: Diagnostic) -> Diagnostics {
        match self.hosts.get(host) {
            Some(host) => diagnostic.at(host.access().host_path().clone()).into(),
            None => diagnostic.into(),
        }
    }
}

fn shown(journal: &[String]) -> String {
    match journal {
        [] => String::new(),
        lines => format!("\n\nThe last lines of its journal:\n{}", lines.join("\n")),
    }
}

fn advice(error: &StepError) -> &'static str {
    match error {
        StepError::Attached { .. } => {
            "What is on them could be lost when the host is cleaned up. Move the pods that use them, or remove the host with \
             `force`."
        }
        StepError::NotGone { .. } => {
            "k3s runs there: it would go on without being a part of the cluster. Make the host reachable, so that it is removed in \
             order, or stop the machine. If it is gone for good, apply `on_destroy = { force = true }`."
        }
        StepError::Elsewhere { .. } => {
            "Another machine runs under this name, and would go on without being a part of the cluster. Stop it, or give the server \
             another name. If it is gone for good, apply `on_destroy = { force = true }`."
        }
        StepError::Unreached { .. } => {
            "Servers need the port of the API and those of etcd (2379 and 2380) of each other. Open them in the firewalls of the \
             hosts and between them, or correct `node_ip`."
        }
        StepError::LocalVolumes { .. } => {
            "It would be lost when the host is cleaned up. Copy what is needed, delete the claims with what uses them, and apply \
             again; or remove the host with `force`."
        }
        StepError::Drain(_) => {
            "The node stays cordoned. Remove what holds the pods, such as a PodDisruptionBudget that allows none to go, give them \
             more time, or turn draining off."
        }
        StepError::Api(error) if error.is_unreachable() => {
            "Check that this machine reaches the API of the servers: addresses, port 6443, and firewalls in between."
        }
        StepError::Program(_) => "Correct where the program comes from, and apply again.",
        StepError::NoArch { .. } => "k3s is built for x86_64, aarch64, armv7l and s390x: give another host.",
        _ => "Apply again once the cause is removed.",
    }
}
