//! What add-ons do in a real cluster, played by tasks of the lab: the dynamic provisioner of volumes and an ingress
//! controller.
//!
//! They run on a thread of their own: each test has its own runtime, and a shared cluster outlives the test that
//! started it.

pub(crate) mod ingress;
pub(crate) mod provisioner;

use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use kube::runtime::controller::Action;
use kube::{Client, Config};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::relay::{self, Target};

pub(super) use ingress::CLASS as INGRESS_CLASS;
pub(super) use provisioner::NAME as PROVISIONER;

/// The thread of the lab's own controllers and of the port-forward relay.
#[derive(Debug)]
pub(super) struct Background {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts the relay at once, and the controllers with it; they try again until the API server answers.
    pub(super) fn start(config: Config, listener: std::net::TcpListener, target: Target) -> Result<Self> {
        listener.set_nonblocking(true)?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start a runtime")?;
        let (client, listener) = {
            let _entered = runtime.enter();
            (Client::try_from(config)?, TcpListener::from_std(listener)?)
        };
        let thread = thread::spawn(move || {
            runtime.spawn(relay::serve(listener, target));
            runtime.spawn(provisioner::run(client.clone(), PROVISIONER));
            runtime.spawn(ingress::run(client, INGRESS_CLASS, "127.0.0.1".to_owned()));
            runtime.block_on(stopped.cancelled());
            runtime.shutdown_background();
        });
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Every failure is tried again soon: the API server may be away for a while, or another may have written first.
fn retry<K, C>(_object: std::sync::Arc<K>, _error: &kube::Error, _context: std::sync::Arc<C>) -> Action {
    Action::requeue(Duration::from_millis(500))
}
