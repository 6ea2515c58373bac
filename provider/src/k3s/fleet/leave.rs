//! Takes servers out of the cluster, and the whole cluster off its hosts.
//!
//! A Node is deleted at the API of another server, and k3s then removes its member of etcd. A host is cleaned up last,
//! and not while volumes are attached to it: what is mounted there could be data.

use std::time::Duration;

use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::time::Instant;

use crate::k3s::config::Role;
use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::{Fleet, Looked, OnDestroy, StepError, Stopped};
use crate::k3s::marker::Phase;
use crate::k3s::nodes::Nodes;
use crate::k3s::rollout::{self, Step, Warning};
use crate::provider::Clients;

/// How long a Node is said to be ready after its machine is gone: Kubernetes misses it after less than a minute.
const GRACE: Duration = Duration::from_secs(120);

/// A server that leaves.
struct Leaving<'a> {
    server: &'a str,
    member_first: bool,
}

impl Run<'_> {
    /// Carries out a step that takes something away.
    pub(super) async fn take_away(&mut self, looked: &Looked, step: &Step) -> Result<(), StepError> {
        match step {
            Step::RemoveMember { server, through } => {
                let nodes = self.nodes(looked, through).await?;
                // A unit that goes on would join by itself, and its new member be removed with the old one.
                if looked.state(server).is_some_and(|state| self.fleet.owns(state)) {
                    self.stop_leaving(looked, server).await?;
                }
                self.delete_node(&nodes, server).await
            }
            Step::Remove {
                server,
                through,
                member_first,
            }
            | Step::Deregister {
                server,
                through,
                member_first,
            } => {
                let leaving = Leaving {
                    server,
                    member_first: *member_first,
                };
                let nodes = self.nodes(looked, through).await?;
                if matches!(step, Step::Deregister { .. }) {
                    self.leave(looked, &nodes, &leaving).await?;
                    return Ok(self.host(server)?.reset_data().await?);
                }
                keep_local(&nodes, server, &self.fleet.spec.on_removal).await?;
                self.leave(looked, &nodes, &leaving).await?;
                self.clean_up(server, &self.fleet.spec.on_removal).await
            }
            Step::ResetData { server } => {
                self.stop_leaving(looked, server).await?;
                let member = looked.state(server).and_then(|state| state.etcd_name.as_deref());
                let is_emptied = self.host(server)?.forget_member(member.unwrap_or_default()).await?;
                // k3s has done so itself meanwhile, and joins: its new member must not be left behind.
                if !is_emptied {
                    self.host(server)?.start(Role::Server).await?;
                }
                Ok(())
            }
            Step::Cleanup { server } => {
                self.mark(looked, server, |marker| marker.phase = Phase::Leaving)
                    .await?;
                self.clean_up(server, &self.fleet.spec.on_removal).await
            }
            _ => Ok(()),
        }
    }

    /// Stops a server that leaves, and notes that it does: whoever goes on after a kill does not start it again.
    async fn stop_leaving(&self, looked: &Looked, server: &str) -> Result<(), StepError> {
        self.mark(looked, server, |marker| {
            marker.phase = Phase::Leaving;
            marker.started = None;
        })
        .await?;
        Ok(self.host(server)?.stop(Role::Server).await?)
    }

    /// Waits for a while until a server that is to be taken for gone answers, or its Node is not ready any more. Then
    /// what to do is decided anew.
    pub(super) async fn miss(&self, server: &str) -> Result<(), StepError> {
        let began = Instant::now();
        let what = format!("{server} to answer, or to be missed by its cluster");
        let waited = self.scope.wait(&what, Backoff::QUICK, || async {
            let mut looked = self.fleet.look().await;
            let seen = self.fleet.seen(&looked);
            Ok::<_, Diagnostics>(match seen.servers.get(server) {
                Some(found) if rollout::is_in_doubt(&self.fleet.wanted(), &seen, server) => {
                    let is_closed = found.closed;
                    match looked.hosts.remove(server) {
                        _ if began.elapsed() < GRACE => Progress::Pending("it is not known to be gone".to_owned()),
                        Some(Err(error)) if is_closed => Progress::Ready(Err(StepError::Host(error))),
                        Some(Err(source)) => Progress::Ready(Err(StepError::NotGone {
                            host: server.to_owned(),
                            source,
                        })),
                        Some(Ok(_)) | None => Progress::Ready(Err(StepError::Elsewhere {
                            host: server.to_owned(),
                        })),
                    }
                }
                Some(_) | None => Progress::Ready(Ok(())),
            })
        });
        waited.await.map_err(StepError::Waited)?
    }

    /// Cordon and drain, stop, delete the Node; the other way round where the others have no quorum without the server.
    async fn leave(&self, looked: &Looked, nodes: &Nodes, leaving: &Leaving<'_>) -> Result<(), StepError> {
        let (server, host) = (leaving.server, self.host(leaving.server)?);
        self.mark(looked, server, |marker| {
            marker.phase = Phase::Leaving;
            marker.started = None;
        })
        .await?;
        nodes.cordon(server).await?;
        self.empty(looked, nodes, server, &self.fleet.spec.on_removal).await?;
        if leaving.member_first {
            self.delete_node(nodes, server).await?;
        }
        host.stop(Role::Server).await?;
        // With the Node go its pods, and are made anew elsewhere, where those here must not run any more.
        host.kill_pods().await?;
        // A kubelet that still ran may have registered it again.
        self.delete_node(nodes, server).await
    }

    /// Moves pods away, if that is wanted, and sees that no volume is attached.
    async fn empty(&self, looked: &Looked, nodes: &Nodes, server: &str, how: &OnDestroy) -> Result<(), StepError> {
        // Nobody stops the pods of a server that is down: they would be waited for in vain.
        if let Some(drain) = how.drain.as_ref().filter(|_| looked.is_running(server)) {
            let drained = nodes.drain(self.scope, server, drain).await?;
            self.warn_of_pods(server, &drained.unmanaged);
        }
        if how.force {
            return Ok(());
        }
        // Volumes are detached some time after the last pod has gone.
        let patience = how.drain.as_ref().map(|drain| drain.timeout).unwrap_or_default();
        let ends = Instant::now() + patience;
        let what = format!("the volumes of {server} to be detached");
        let waited = self.scope.wait(&what, Backoff::QUICK, || async {
            let attached = match nodes.attachments(server).await {
                Ok(attached) => attached,
                Err(error) => return Ok::<_, Diagnostics>(Progress::Ready(Err(error.into()))),
            };
            let volumes: Vec<String> = attached.into_iter().map(|attachment| attachment.volume).collect();
            if volumes.is_empty() {
                return Ok(Progress::Ready(Ok(())));
            }
            if Instant::now() < ends {
                return Ok(Progress::Pending(volumes.join(", ")));
            }
            let node = server.to_owned();
            Ok(Progress::Ready(Err(StepError::Attached { node, volumes })))
        });
        waited.await.map_err(StepError::Waited)?
    }

    fn warn_of_pods(&self, server: &str, pods: &[String]) {
        if !pods.is_empty() {
            let detail = format!(
                "These pods went with the node {server}, and nothing makes them again: {}.",
                pods.join(", ")
            );
            self.scope
                .warn(Diagnostic::warning("Pods are gone with the node", detail));
        }
    }

    /// Deletes a Node, and waits until it is gone: k3s holds it until its member of etcd is removed.
    pub(super) async fn delete_node(&self, nodes: &Nodes, server: &str) -> Result<(), StepError> {
        let what = format!("the node {server} to be gone");
        let waited = self.scope.wait(&what, Backoff::QUICK, || async {
            Ok::<_, Diagnostics>(match nodes.delete(server).await {
                Ok(true) => Progress::Ready(Ok(())),
                Ok(false) => Progress::Pending("its member of etcd is being removed".to_owned()),
                Err(error) => Progress::Ready(Err(error.into())),
            })
        });
        waited.await.map_err(StepError::Waited)?
    }

    async fn clean_up(&self, server: &str, how: &OnDestroy) -> Result<(), StepError> {
        let cleaned = self.host(server)?.clean_up(how.keep_snapshots).await?;
        for path in &cleaned.kept {
            tracing::info!(host = server, path, "kept what is on a host");
        }
        for what in &cleaned.left {
            tracing::warn!(host = server, what, "unable to clean up rules of the firewall");
        }
        Ok(())
    }
}

pub(super) async fn tear_down(
    fleet: &Fleet,
    scope: &Scope<Clients>,
    before: &Looked,
    how: &OnDestroy,
) -> Result<Vec<Warning>, Stopped> {
    let mut run = Run::new(fleet, scope);
    run.lock(before).await?;
    let looked = fleet.look().await;
    let plan = rollout::teardown(&fleet.seen(&looked));
    for step in &plan.steps {
        tracing::info!(step = %step, "preparing a step");
        run.prepare(&looked, step.server(), how).await.map_err(failed(step))?;
    }
    for step in &plan.steps {
        tracing::info!(step = %step, "carrying out a step");
        run.mark(&looked, step.server(), |marker| marker.phase = Phase::Leaving)
            .await
            .map_err(Stopped::Host)?;
        run.clean_up(step.server(), how).await.map_err(failed(step))?;
    }
    Ok(plan.warnings)
}

impl Run<'_> {
    /// Empties a node before its cluster ends. Where no API answers any more, as after a teardown that was killed,
    /// there is nobody to ask; what is still mounted is not removed then, either.
    async fn prepare(&self, looked: &Looked, server: &str, how: &OnDestroy) -> Result<(), StepError> {
        let through = self.fleet.hosts.keys().find(|name| looked.is_healthy(name));
        match through {
            Some(through) if looked.node(server).is_some() => {
                let nodes = self.nodes(looked, through).await?;
                keep_local(&nodes, server, how).await?;
                self.empty(looked, &nodes, server, how).await
            }
            _ => Ok(()),
        }
    }
}

/// What is on the disk of a host alone goes with it, and no drain moves it.
async fn keep_local(nodes: &Nodes, server: &str, how: &OnDestroy) -> Result<(), StepError> {
    if how.force {
        return Ok(());
    }
    let volumes = nodes.local_volumes(server).await?;
    let node = server.to_owned();
    if volumes.is_empty() {
        Ok(())
    } else {
        Err(StepError::LocalVolumes { node, volumes })
    }
}

fn failed(step: &Step) -> impl FnOnce(StepError) -> Stopped {
    let step = step.clone();
    move |error| Stopped::Step {
        step,
        error: Box::new(error),
    }
}
