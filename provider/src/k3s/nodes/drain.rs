//! Emptying a node: its pods are evicted, and waited for until they are gone.
//!
//! The rules are those of `kubectl drain`. What a DaemonSet runs, what a kubelet runs by itself and what has ended
//! stays; a PodDisruptionBudget that refuses is asked again until the time is over. Pods that nobody would make again
//! are not evicted: k3s can be restarted beneath them, and whoever takes the host away is told their names.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::model::format_duration;
use tokio::time::Instant;
use tracing::debug;

use super::Nodes;
use crate::kubernetes::diagnostics::explain_unblamed;
use crate::kubernetes::{Error, Eviction};

/// The annotation of pods that a kubelet runs by itself.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// How many pods an error or a status names.
const MOST_NAMED: usize = 10;

/// How a node is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How long pods may take to go.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Pods that are still there because nobody would make them again.
    pub unmanaged: Vec<String>,
}

/// A pod that has not gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staying {
    /// Its namespace and name.
    pub pod: String,
    /// Why it is still there.
    pub reason: String,
}

/// A node that is not empty. It stays cordoned.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The cluster did not answer, or does not allow it.
    #[error("unable to drain the node {node}")]
    Api {
        /// The node.
        node: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// Pods did not go in time.
    #[error("the node {node} is not empty after {}: {}", format_duration(*waited), named(pods))]
    Blocked {
        /// The node.
        node: String,
        /// How long they had.
        waited: Duration,
        /// The pods, each with what holds it.
        pods: Vec<Staying>,
    },
    /// The operation was cancelled, or its own time is over.
    #[error("interrupted while the node {node} was drained")]
    Interrupted {
        /// The node.
        node: String,
        /// What is to be told.
        diagnostics: Diagnostics,
    },
}

impl Nodes {
    /// Cordons a Node and moves its pods away. A Node that is not there is empty.
    ///
    /// # Errors
    /// Pods stay, for as long as they may take.
    pub async fn drain<C>(&self, scope: &Scope<C>, name: &str, drain: &Drain) -> Result<Drained, DrainError> {
        let api = |source: Error| DrainError::Api {
            node: name.to_owned(),
            source: Box::new(source),
        };
        self.cordon(name).await.map_err(api)?;
        let deadline = Instant::now() + drain.timeout;
        let what = format!("the pods of the node {name} to go");
        let outcome = scope.wait(&what, Backoff::QUICK, || async {
            let progress = match self.evict_pods(name).await.map_err(api) {
                Ok(Emptying { staying, unmanaged }) if staying.is_empty() => Progress::Ready(Ok(Drained { unmanaged })),
                Ok(Emptying { staying, .. }) if Instant::now() >= deadline => {
                    Progress::Ready(Err(DrainError::Blocked {
                        node: name.to_owned(),
                        waited: drain.timeout,
                        pods: staying,
                    }))
                }
                Ok(Emptying { staying, .. }) => Progress::Pending(named(&staying)),
                Err(error) => Progress::Ready(Err(error)),
            };
            Ok::<_, Diagnostics>(progress)
        });
        outcome.await.unwrap_or_else(|diagnostics| {
            Err(DrainError::Interrupted {
                node: name.to_owned(),
                diagnostics,
            })
        })
    }

    /// Asks the pods to go that should, and tells which are still there.
    async fn evict_pods(&self, name: &str) -> Result<Emptying, Error> {
        let pods = self.cluster.pods_on(name).await?;
        let mut emptying = Emptying::default();
        let mut evicted = Vec::new();
        for pod in &pods {
            match fate(pod) {
                Fate::Stays => {}
                Fate::Unmanaged => emptying.unmanaged.push(full_name(pod)),
                Fate::Going => emptying.stays(pod, "it is being deleted"),
                Fate::Evicted => evicted.push(pod),
            }
        }
        let answers = self.cluster.evict_all(&evicted).await?;
        for (pod, answer) in evicted.into_iter().zip(answers) {
            match answer {
                Eviction::Going => {
                    debug!(node = name, pod = full_name(pod), "evicted pod");
                    emptying.stays(pod, "it was evicted");
                }
                Eviction::Refused(reason) => emptying.stays(pod, reason.trim_end_matches('.')),
            }
        }
        Ok(emptying)
    }
}

/// How far it is.
#[derive(Default)]
struct Emptying {
    staying: Vec<Staying>,
    unmanaged: Vec<String>,
}

impl Emptying {
    fn stays(&mut self, pod: &Pod, reason: &str) {
        self.staying.push(Staying {
            pod: full_name(pod),
            reason: reason.to_owned(),
        });
    }
}

/// What a drain does with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing: it belongs to the node, or has ended.
    Stays,
    /// Nothing: nobody would make it again.
    Unmanaged,
    /// It is waited for.
    Going,
    /// It is evicted.
    Evicted,
}

fn fate(pod: &Pod) -> Fate {
    let metadata = &pod.metadata;
    let is_mirror = metadata
        .annotations
        .as_ref()
        .is_some_and(|all| all.contains_key(MIRROR));
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let owners = metadata.owner_references.iter().flatten();
    let controller = owners
        .clone()
        .find(|owner| owner.controller == Some(true))
        .map(|owner| owner.kind.as_str());
    match (controller, phase) {
        (Some("DaemonSet"), _) => Fate::Stays,
        _ if is_mirror => Fate::Stays,
        _ if metadata.deletion_timestamp.is_some() => Fate::Going,
        (_, Some("Succeeded" | "Failed")) => Fate::Stays,
        (None, _) => Fate::Unmanaged,
        (Some(_), _) => Fate::Evicted,
    }
}

fn full_name(pod: &Pod) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}/{}", text(&pod.metadata.namespace), text(&pod.metadata.name))
}

/// Some pods with their reasons, in one line.
fn named(pods: &[Staying]) -> String {
    let mut texts: Vec<String> = pods.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    if pods.len() > MOST_NAMED {
        texts.push(format!("and {} more", pods.len() - MOST_NAMED));
    }
    texts.join("; ")
}

impl fmt::Display for Staying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.pod, self.reason)
    }
}

impl From<DrainError> for Diagnostics {
    fn from(error: DrainError) -> Self {
        const SUMMARY: &str = "Unable to drain the node";
        match error {
            DrainError::Api { source, .. } => explain_unblamed(SUMMARY, &source),
            DrainError::Interrupted { diagnostics, .. } => diagnostics,
            DrainError::Blocked { node, waited, pods } => {
                let lines: Vec<String> = pods
                    .iter()
                    .map(|pod| format!("- {}: {}", pod.pod, pod.reason))
                    .collect();
                Diagnostic::error(
                    SUMMARY,
                    format!(
                        "After {}, these pods are still on the node {node}:\n{}\n\nMake room for them on other nodes, or loosen \
                         the PodDisruptionBudgets that hold them, or give the drain more time. The node takes no new pods until \
                         then; apply again to go on.",
                        format_duration(waited),
                        lines.join("\n")
                    ),
                )
                .into()
            }
        }
    }
}

#[cfg(test)]
mod tests;
