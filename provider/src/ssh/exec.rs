//! Runs a command on a channel until it ends, or until its deadline; [`run`] feeds it and takes its output apart.
//!
//! When the run is dropped, the channel is closed and the command ended, so nothing goes on unseen. A process that the
//! command left behind may keep the output open for ever; what counts is the exit status, after which the rest gets a
//! moment only. How a command begins, and becomes root, is in [`super::sudo`].

mod run;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::Channel;
use russh::client::Msg;
use tokio::time::{Instant, timeout_at};

use super::client::Link;
use super::command::{Command, Output};
use super::error::Error;
use super::route::Route;
use run::Run;

/// How long it may take to end a command that nobody waits for any more.
const ENDING: Duration = Duration::from_secs(15);

/// Runs a command on a channel that was opened for it.
///
/// # Errors
/// The connection breaks, `sudo` refuses, the time is over, or there is too much output. How the command ends is no
/// error.
pub(super) async fn execute(
    link: &Arc<Link>,
    route: &Arc<Route>,
    channel: Channel<Msg>,
    command: Command,
) -> Result<Output, Error> {
    let mut end = EndOnDrop {
        link: Arc::clone(link),
        route: Arc::clone(route),
        may_be_root: command.may_be_root,
        process: Arc::default(),
        is_over: false,
    };
    let process = Arc::clone(&end.process);
    let begun = Begun {
        link,
        route,
        channel,
        command,
        process,
    };
    let result = begun.drive().await;
    end.is_over = result.is_ok();
    result
}

/// A command for which a channel is open.
struct Begun<'a> {
    link: &'a Link,
    route: &'a Route,
    channel: Channel<Msg>,
    command: Command,
    process: Arc<OnceLock<u32>>,
}

impl Begun<'_> {
    /// Runs the command to its end, or until its time is over.
    async fn drive(self) -> Result<Output, Error> {
        let waited = self.command.timeout.unwrap_or(self.route.command_timeout);
        tracing::debug!(
            host = self.link.host,
            command = self.command.what,
            "running a command by SSH"
        );
        let mut run = Run::new(self);
        let driven = timeout_at(Instant::now() + waited, run.drive(waited)).await;
        driven.unwrap_or_else(|_| Err(run.timed_out(waited)))
    }
}

/// Ends a command of which nobody waits for the end: servers pass on no signals to commands of root, and a command that
/// neither reads nor writes does not notice that its channel is closed.
struct EndOnDrop {
    link: Arc<Link>,
    route: Arc<Route>,
    may_be_root: bool,
    process: Arc<OnceLock<u32>>,
    is_over: bool,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let Some(process) = self.process.get().filter(|_| !self.is_over) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut command = Command::new("end a command", format!("kill -TERM {process}")).timeout(ENDING);
        command.may_be_root = self.may_be_root;
        let (link, route) = (Arc::clone(&self.link), Arc::clone(&self.route));
        runtime.spawn(async move {
            // Where the connection is gone, the limit on the host ends the command.
            if let Ok(channel) = link.open_channel(&command.what).await {
                let begun = Begun {
                    link: &link,
                    route: &route,
                    channel,
                    command,
                    process: Arc::default(),
                };
                let _ = begun.drive().await;
            }
        });
    }
}
