//! The plugin server: everything between `main` and the Provider RPCs.
//!
//! A core (Terraform or OpenTofu) starts the provider as a child process, reads one line from its stdout
//! ([`handshake`]), connects to the socket named there (`listener`) with mutual TLS (`tls`), and ends the process with
//! an RPC (`services`). Logs go to stderr ([`logging`]), and so do panics ([`panic`](mod@crate::panic)).
//!
//! [`serve`] is all of it for a `main`, and [`run`] the same for any implementation of the RPCs; [`serve_in`] has no
//! ties to the process, for tests. A provider's RPCs are in `rpc`.
//!
//! The other way to be started is by hand, see [`Mode::Reattach`].

mod connections;
pub(crate) mod dumps;
pub mod handshake;
#[cfg(feature = "testing")]
pub(crate) mod in_process;
mod keys;
mod listener;
pub mod logging;
mod rpc;
mod services;
mod signals;
mod tls;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tfplugin::tfplugin6::provider_server::Provider as Service;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::panic;
use crate::provider::Provider;
use crate::server::connections::Connections;
use crate::server::handshake::{Environment, EnvironmentError};
use crate::server::listener::Listener;
use crate::server::rpc::ProviderService;
use crate::server::tls::ServerTls;

pub use crate::server::listener::ListenError;
pub use crate::server::tls::TlsError;

/// How long RPCs and operations that are still open may take to end after Shutdown. The client, which no longer waits
/// for them, kills the process 2 s later, so this leaves time to exit properly.
const DRAIN_AFTER_SHUTDOWN: Duration = Duration::from_millis(500);

/// How long they may take to end after anything else, such as a SIGTERM to all processes of a job:
/// the core may well wait for their answers, and save what they say.
const DRAIN: Duration = Duration::from_secs(5);

/// How a provider is served.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The provider's source address, such as `registry.terraform.io/medic/cht`.
    pub provider_address: String,
    /// The crates that make up the provider, as in the targets of their events. They are logged at the level that the
    /// user asks for; dependencies are never logged below `warn`, as they would log headers and bodies.
    pub log_targets: Vec<&'static str>,
    /// Who starts the process.
    pub mode: Mode,
    /// Canceled when the server stops, whatever the reason; cancel it to stop the server.
    pub stop: CancellationToken,
    /// The operations that are under way. They get some time when the server stops, also if nobody waits for their
    /// answers any more.
    pub operations: TaskTracker,
}

impl ServeOptions {
    /// Options of a provider that a core starts.
    pub fn new(provider_address: impl Into<String>) -> Self {
        Self {
            provider_address: provider_address.into(),
            log_targets: Vec::new(),
            mode: Mode::Plugin,
            stop: CancellationToken::new(),
            operations: TaskTracker::new(),
        }
    }
}

/// Who starts the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A core does: it is authenticated, and ends the process.
    Plugin,
    /// A person or a debugger does, and cores find the process through the environment variable
    /// `TF_REATTACH_PROVIDERS`, which is printed to stderr. There is no TLS, any number of cores may come and go, and
    /// an interrupt ends the process.
    Reattach,
}

/// Why a provider was not, or not to the end, served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The magic cookie is missing: a person started the plugin.
    #[error("not started by Terraform or OpenTofu")]
    NotStartedByCore,
    /// The environment has a value that cannot be understood.
    #[error("unable to read the plugin client's environment")]
    ReadEnvironment(#[source] EnvironmentError),
    /// TLS could not be set up.
    #[error("unable to set up TLS")]
    SetUpTls(#[source] TlsError),
    /// No socket could be opened.
    #[error("unable to listen")]
    Listen(#[source] ListenError),
    /// The address could not be written for the core to read.
    #[error("unable to announce the address")]
    Announce(#[source] io::Error),
    /// Signals could not be caught.
    #[error("unable to handle signals")]
    HandleSignals(#[source] io::Error),
    /// The runtime could not be started.
    #[error("unable to start the async runtime")]
    StartRuntime(#[source] io::Error),
    /// The server broke down.
    #[error("unable to go on serving")]
    Serve(#[source] tonic::transport::Error),
}

/// Serves a provider as the whole life of a process, and returns the exit code of `main`.
///
/// `log_targets` are the crates that make up the provider, see [`ServeOptions::log_targets`]. With the argument
/// `--debug`, the process is one to attach to, see [`Mode::Reattach`].
pub fn serve<P: Provider>(provider: P, log_targets: &[&'static str]) -> ExitCode {
    let debug = std::env::args().skip(1).any(|argument| argument == "--debug");
    let options = ServeOptions {
        log_targets: log_targets.to_vec(),
        mode: if debug { Mode::Reattach } else { Mode::Plugin },
        ..ServeOptions::new(P::ADDRESS)
    };
    set_up_process(&options);
    let service = service(provider, &options);
    run_set_up(service, options)
}

/// The RPCs of a provider, to be served by [`run`] or [`serve_in`], or called by a test.
///
/// Operations that are still open when `options.stop` is cancelled are asked to stop.
pub fn service<P: Provider>(provider: P, options: &ServeOptions) -> impl Service + use<P> {
    ProviderService::new(Arc::new(provider), options.stop.clone(), options.operations.clone())
}

/// Serves `service` as the whole life of a process: sets up TLS, logs and panics, runs the runtime, and returns the
/// exit code of `main`.
pub fn run(service: impl Service, options: ServeOptions) -> ExitCode {
    set_up_process(&options);
    run_set_up(service, options)
}

/// Comes before the provider is asked for anything, so that its schemas can panic, and log, as its operations can.
fn set_up_process(options: &ServeOptions) {
    tls::install_default_provider();
    logging::install(options);
    panic::install_hook();
}

fn run_set_up(service: impl Service, options: ServeOptions) -> ExitCode {
    match run_until_stopped(service, options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ServeError::NotStartedByCore) => {
            // If stderr is closed there is nobody to tell.
            let _ = io::stderr().write_all(handshake::NOT_STARTED_BY_CORE.as_bytes());
            ExitCode::FAILURE
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "serving the provider failed");
            ExitCode::FAILURE
        }
    }
}

/// How many threads work. A provider waits for others nearly all of the time, and each thread has a heap of its own: a
/// second one takes a tenth more memory and saves little time, and one for each processor would take more of it the
/// larger a machine is. What computes for long belongs on [`tokio::task::spawn_blocking`].
const THREADS: usize = 1;

/// Serves until the core that started this process says Shutdown, is gone, or a signal ends the process.
fn run_until_stopped(service: impl Service, options: ServeOptions) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(ServeError::StartRuntime)?;
    let result = runtime.block_on(async {
        signals::watch(options.mode, &options.stop).map_err(ServeError::HandleSignals)?;
        let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        match options.mode {
            Mode::Plugin => serve_in(service, options, lookup, io::stdout()).await,
            Mode::Reattach => serve_in(service, options, lookup, io::stderr()).await,
        }
    });
    // Work that ignored its cancellation must not hold up the exit.
    runtime.shutdown_background();
    result
}

/// Serves `service` with the environment that `lookup` finds, and writes the address (the handshake line, or
/// `TF_REATTACH_PROVIDERS`) to `announcement` once it listens there.
///
/// When it returns, the socket is gone and `options.stop` is cancelled. Handlers that ignore the token for too long are
/// left to the runtime.
///
/// # Errors
/// [`ServeError`] names the step that failed.
pub async fn serve_in<S: Service>(
    service: S,
    options: ServeOptions,
    lookup: impl Fn(&str) -> Option<String>,
    mut announcement: impl Write,
) -> Result<(), ServeError> {
    let ServeOptions {
        provider_address,
        mode,
        stop,
        operations,
        ..
    } = options;
    let _stop_on_return = stop.clone().drop_guard();
    let environment = Environment::read(lookup).map_err(ServeError::ReadEnvironment)?;
    if mode == Mode::Plugin && !environment.started_by_core {
        return Err(ServeError::NotStartedByCore);
    }
    let tls = match (mode, &environment.client_certificate) {
        (Mode::Plugin, Some(pem)) => Some(ServerTls::for_client(pem).map_err(ServeError::SetUpTls)?),
        (Mode::Plugin, None) | (Mode::Reattach, _) => None,
    };
    let listener = Listener::bind(&environment).map_err(ServeError::Listen)?;
    let line = match (mode, &tls) {
        (Mode::Plugin, Some(tls)) => handshake::line(listener.address(), Some(&tls.certificate), environment.multiplex),
        (Mode::Plugin, None) => handshake::line(listener.address(), None, environment.multiplex),
        (Mode::Reattach, _) => handshake::reattach_line(&provider_address, listener.address()),
    };
    write_at_once(&mut announcement, &line).map_err(ServeError::Announce)?;
    tracing::debug!(
        { keys::PROVIDER_ADDRESS } = provider_address,
        network = listener.address().network,
        tls = tls.is_some(),
        "the provider is listening"
    );
    if mode == Mode::Plugin && !environment.offers_protocol_6 {
        // The client reads the version from the line and explains this to the user better than we can.
        tracing::warn!("the core does not offer plugin protocol 6");
    }

    let connections = Connections::new();
    let stops = Stops {
        stop: stop.clone(),
        shutdown: CancellationToken::new(),
    };
    let server = services::router(service, mode, &stops)
        .await
        .serve_with_incoming_shutdown(
            connections::incoming(listener, tls.map(|tls| tls.acceptor), connections.clone()),
            stop.cancelled_owned(),
        );
    let served = async {
        server.await.map_err(ServeError::Serve)?;
        // A core that was killed took its connections with it, and left its operations behind.
        operations.close();
        operations.wait().await;
        Ok(())
    };
    tokio::select! {
        result = served => result,
        () = stops.drained(mode, &connections) => Ok(()),
    }
}

/// The two ways in which the end comes: both are told to the handlers, but one leaves them less time.
#[derive(Debug, Clone)]
struct Stops {
    /// The server stops.
    stop: CancellationToken,
    /// The core has said Shutdown.
    shutdown: CancellationToken,
}

impl Stops {
    fn shut_down(&self) {
        self.shutdown.cancel();
        self.stop.cancel();
    }

    /// Stops the server if the core is gone, and ends when RPCs have had their time since the server was stopped.
    async fn drained(&self, mode: Mode, connections: &Connections) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = connections.abandoned(), if mode == Mode::Plugin => {
                tracing::info!("stopping because the core is gone");
                self.stop.cancel();
            }
        }
        tokio::select! {
            () = tokio::time::sleep(DRAIN) => {}
            () = self.shutdown.cancelled() => tokio::time::sleep(DRAIN_AFTER_SHUTDOWN).await,
        }
    }
}

fn write_at_once(output: &mut impl Write, line: &str) -> io::Result<()> {
    output.write_all(line.as_bytes())?;
    output.flush()
}
