//! Brings an agent to what is wanted: a fresh look, one step, and a look again, until there is nothing left to do.
//!
//! Each step can be repeated, and what follows is decided from what is seen
//! ([`rollout::agents`](crate::k3s::rollout::agents)), so that a killed apply is continued by the next. The host is
//! locked from the first change on. Steps that take pods or k3s away have their turn among the agents of the cluster
//! ([`super::limits`]).

use std::time::Duration;

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::info;

use crate::k3s::agent::AgentResource;
use crate::k3s::agent::limits::{Turn, Work};
use crate::k3s::agent::look::{Seen, new_marker};
use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::prepare::{take_turn, until_silent};
use crate::k3s::agent::refusal;
use crate::k3s::agent::ways::{Private, Ways};
use crate::k3s::attributes::read_images;
use crate::k3s::config::Role;
use crate::k3s::host::{Host, HostError, Lock, Probed, Which};
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::nodes::Nodes;
use crate::k3s::probe::NodeState;
use crate::k3s::program::{Image, Program};
use crate::k3s::rollout::agents::AgentStep;
use crate::k3s::version::K3sVersion;
use crate::kubernetes::Error;
use crate::kubernetes::diagnostics::explain_unblamed;

/// How long a machine may take to answer that may have been made a moment ago.
const BOOT: Duration = Duration::from_secs(10 * 60);

/// How often the same step is done. One that has its effect is done once.
const MOST_REPEATS: usize = 3;

/// What is to be done with one agent.
pub(super) struct Task<'a> {
    pub(super) cx: &'a Context<AgentResource>,
    pub(super) model: &'a AgentModel,
    pub(super) host: &'a Host,
    pub(super) nodes: &'a Nodes,
    pub(super) private: &'a Private,
    pub(super) version: K3sVersion,
    /// Whether it is being made, and not known to any state.
    pub(super) is_creation: bool,
    /// Called when the host is noted to be the agent: from then on it must not be lost.
    pub(super) begun: &'a (dyn Fn() + Send + Sync),
    images: Vec<Image>,
    pub(super) program: OnceCell<Program>,
}

/// What one look brought.
pub(super) struct Look {
    pub(super) probed: Probed,
    pub(super) nodes: Vec<NodeState>,
}

/// An agent that is as it is wanted.
pub(super) struct Converged {
    /// The last look.
    pub(super) look: Look,
    /// The program that was put there, if one was.
    pub(super) program: Option<Program>,
    /// The archives of images that are there.
    pub(super) images: Vec<Image>,
}

impl<'a> Task<'a> {
    /// A task for an agent with its ways.
    ///
    /// # Errors
    /// Fails if nothing is known of the cluster, if the version is none, or if an archive of images cannot be read.
    pub(super) async fn new(
        cx: &'a Context<AgentResource>,
        model: &'a AgentModel,
        ways: &'a Ways,
        private: &'a Private,
        begun: Option<&'a (dyn Fn() + Send + Sync)>,
    ) -> Result<Self, Diagnostics> {
        model.check_cluster()?;
        let nodes = ways
            .nodes
            .as_ref()
            .ok_or_else(|| Diagnostic::bug("The way into the cluster is known, and was not taken."))?;
        Ok(Self {
            cx,
            model,
            host: &ways.host,
            nodes,
            private,
            version: model.wanted_version()?,
            is_creation: begun.is_some(),
            begun: begun.unwrap_or(&|| {}),
            images: read_images(model.images.as_ref()).await?,
            program: OnceCell::new(),
        })
    }

    /// Carries out one step after another until there is none left.
    ///
    /// # Errors
    /// A step fails, or something stands in the way of one.
    pub(super) async fn converge(&self) -> Result<Converged, Diagnostics> {
        let limits = self.cx.clients().agents();
        let _present = limits.come(&self.model.cluster.cluster_id, &self.model.name);
        let mut lock: Option<Lock> = None;
        let mut done: Vec<AgentStep> = Vec::new();
        loop {
            let mut look = self.look().await?;
            if self.is_replaced(&look) {
                until_silent(self.cx, self.nodes, &self.model.name).await?;
                look = self.look().await?;
            }
            let seen = self.seen(&look);
            refusal::check_name(&seen)?;
            let step = seen.next().map_err(|error| refusal::refused(&error))?;
            let Some(step) = step else {
                return Ok(Converged {
                    look,
                    program: self.program.get().cloned(),
                    images: self.images.clone(),
                });
            };
            if !lock.as_ref().is_some_and(Lock::is_held) {
                // Another run may have changed the host until now.
                lock = Some(self.host.lock().await.map_err(self.failed())?);
                continue;
            }
            if done.iter().filter(|one| **one == step).count() >= MOST_REPEATS {
                return Err(self.stuck(&seen));
            }
            info!(agent = self.model.name, step = ?step, "next step of the agent");
            self.carry_out(&step, &seen).await?;
            done.push(step);
        }
    }

    /// The first look at a new host, which may still be on its way up.
    ///
    /// # Errors
    /// The host does not answer in time, or refuses to; or the cluster does.
    pub(super) async fn arrive(&self) -> Result<Look, Diagnostics> {
        let began = Instant::now();
        let what = format!("the host of {} to answer", self.model.name);
        let looked = self.cx.wait(&what, Backoff::SLOW, || async {
            match self.host.probe().await {
                Err(error) if error.may_pass() && began.elapsed() < BOOT => Ok(Progress::Pending(error_chain(&error))),
                probed => probed.map(Progress::Ready).map_err(self.failed()),
            }
        });
        looked.await?;
        self.look().await
    }

    /// Looks at the host and at the Nodes, at the same time.
    ///
    /// # Errors
    /// One of them does not answer.
    pub(super) async fn look(&self) -> Result<Look, Diagnostics> {
        let (probed, nodes) = tokio::join!(self.host.probe(), self.nodes.list());
        Ok(Look {
            probed: probed.map_err(self.failed())?,
            nodes: nodes.map_err(asked)?,
        })
    }

    /// A look beside what is wanted.
    pub(super) fn seen<'l>(&'l self, look: &'l Look) -> Seen<'l> {
        Seen {
            model: self.model,
            version: self.version,
            state: &look.probed.state,
            nodes: Some(&look.nodes),
            images: &self.images,
            private: self.private,
            is_known: !self.is_creation,
        }
    }

    /// Whether the host of a known agent was replaced by another machine, and its Node has not been missed yet.
    fn is_replaced(&self, look: &Look) -> bool {
        let seen = self.seen(look);
        seen.is_known && seen.has_nothing() && seen.node().is_some_and(|node| node.ready)
    }

    async fn carry_out(&self, step: &AgentStep, seen: &Seen<'_>) -> Result<(), Diagnostics> {
        match step {
            AgentStep::DeleteNode => self.delete_node().await,
            AgentStep::Join { .. } => {
                let _turn = self.turn(Work::Join).await?;
                self.join(seen).await
            }
            AgentStep::Upgrade { .. } | AgentStep::Restart | AgentStep::Register => {
                let most = self.model.cluster.most_unavailable();
                let turn = self.turn_to_change(most).await?;
                // What was seen may be long ago.
                let look = self.look().await?;
                let seen = self.seen(&look);
                if seen.next().map_err(|error| refusal::refused(&error))?.as_ref() != Some(step) {
                    return Ok(());
                }
                let changed = self.change(step, &seen).await;
                if changed.is_err() {
                    turn.fail();
                }
                changed
            }
            AgentStep::Start => self.start(seen, &mut self.marker(seen)).await,
            AgentStep::WriteFiles => {
                self.host
                    .write(&seen.files(), Which::All)
                    .await
                    .map_err(self.failed())?;
                self.mark(&mut self.marker(seen), Phase::Joined).await
            }
            AgentStep::PatchNode => self.set_labels().await,
            AgentStep::Uncordon => self.nodes.uncordon(&self.model.name).await.map_err(asked),
        }
    }

    async fn join(&self, seen: &Seen<'_>) -> Result<(), Diagnostics> {
        self.check_host(seen).await?;
        let mut marker = self.marker(seen);
        self.mark(&mut marker, Phase::Joining).await?;
        (self.begun)();
        self.start(seen, &mut marker).await?;
        self.set_labels().await?;
        self.mark(&mut marker, Phase::Joined).await
    }

    /// Carries out a step that takes pods or k3s away for a while.
    async fn change(&self, step: &AgentStep, seen: &Seen<'_>) -> Result<(), Diagnostics> {
        let name = &self.model.name;
        let drain = match step {
            AgentStep::Upgrade { .. } => self.model.drain_before_upgrade(),
            AgentStep::Register => Some(self.model.drain()),
            _ => None,
        };
        // What takes long is done before the pods have to go; what the host comes back with stays until they have gone.
        let program = self.program(seen).await?;
        self.host.stage(program).await.map_err(self.failed())?;
        if let Some(drain) = drain {
            self.nodes.drain(&**self.cx, name, &drain).await?;
        }
        if *step == AgentStep::Register {
            self.host.stop(Role::Agent).await.map_err(self.failed())?;
            self.delete_node().await?;
        }
        self.start(seen, &mut self.marker(seen)).await?;
        self.set_labels().await?;
        self.nodes.uncordon(name).await.map_err(asked)
    }

    /// Puts program and files in place, starts k3s anew, and waits until its Node is ready.
    async fn start(&self, seen: &Seen<'_>, marker: &mut Marker) -> Result<(), Diagnostics> {
        let files = seen.files();
        let program = self.program(seen).await?;
        self.host.install(program).await.map_err(self.failed())?;
        self.host.write(&files, Which::All).await.map_err(self.failed())?;
        self.host.restart(Role::Agent).await.map_err(self.failed())?;
        // Only now: whoever goes on after a kill before this would restart it once more, and not once too little.
        marker.started = Some(files.restart_hash());
        let phase = marker.phase;
        self.mark(marker, phase).await?;
        self.wait_until_up().await
    }

    async fn set_labels(&self) -> Result<(), Diagnostics> {
        self.nodes
            .set(&self.model.name, &self.model.node())
            .await
            .map_err(asked)?;
        Ok(())
    }

    /// Deletes the Node, and waits until k3s has forgotten it: with it goes what proved whose it was.
    pub(super) async fn delete_node(&self) -> Result<(), Diagnostics> {
        delete_node(self.cx, self.nodes, &self.model.name).await
    }

    /// The note on the host, or a new one.
    fn marker(&self, seen: &Seen<'_>) -> Marker {
        let new = || Marker {
            creating: self.is_creation,
            ..new_marker(self.model)
        };
        seen.marker().cloned().unwrap_or_else(new)
    }

    async fn mark(&self, marker: &mut Marker, phase: Phase) -> Result<(), Diagnostics> {
        marker.phase = phase;
        self.host.mark(marker).await.map_err(self.failed())
    }

    /// Waits until the agent may go on.
    async fn turn(&self, work: Work) -> Result<Turn, Diagnostics> {
        take_turn(self.cx, self.model, work).await
    }

    pub(super) fn failed(&self) -> impl Fn(HostError) -> Diagnostics {
        |error| self.host.diagnose(error)
    }

    fn stuck(&self, seen: &Seen<'_>) -> Diagnostics {
        let detail = format!(
            "The same was done {MOST_REPEATS} times, and is still to be done: {}.\n\nDoes something else change the host or its node? \
             Apply again once that is stopped.",
            seen.drift().join("; ")
        );
        Diagnostics::error("Agent does not stay as it is put", detail)
    }
}

/// Deletes a Node, and waits until it is gone.
pub(super) async fn delete_node(cx: &Context<AgentResource>, nodes: &Nodes, name: &str) -> Result<(), Diagnostics> {
    let what = format!("the node {name} to be removed from the cluster");
    cx.wait(&what, Backoff::QUICK, || async {
        Ok::<_, Diagnostics>(match nodes.delete(name).await.map_err(asked)? {
            true => Progress::Ready(()),
            false => Progress::Pending("k3s has not cleaned up after it yet".to_owned()),
        })
    })
    .await
}

/// What turns an error of the cluster into diagnostics.
pub(super) fn asked(error: Error) -> Diagnostics {
    explain_unblamed("Unable to ask the k3s cluster", &error)
}
