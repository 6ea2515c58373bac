//! Runs a command on a channel: feeds it, takes its output apart, ends with it or at its deadline.
//!
//! When the run is dropped, the channel is closed and the command ended, so nothing goes on unseen. A process that the
//! command left behind may keep the output open for ever; what counts is the exit status, after which the rest gets a
//! moment only. How a command begins, and becomes root, is in [`super::sudo`].

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, Sig};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::client::Link;
use super::command::{Command, Exit, Input, Output};
use super::error::Error;
use super::mask::{Tail, masked};
use super::route::{Route, Sudo};
use super::stream::{Feeding, Writer, fed, feed, next};
use super::sudo::{Event, Gate};

/// How long output may come after the exit status.
const REST: Duration = Duration::from_secs(2);

/// How much of standard error is kept.
const STDERR: usize = 64 * 1024;

/// The number of standard error among a channel's further streams.
const STDERR_STREAM: u32 = 1;

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
        let line = run.gate.line(&run.line, waited);
        let driven = timeout_at(Instant::now() + waited, run.drive(&line)).await;
        driven.unwrap_or_else(|_| {
            Err(Error::CommandTimeout {
                host: run.link.host.clone(),
                what: run.what.clone(),
                waited,
                output: run.tail.lines(&run.secrets),
            })
        })
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

/// A command that runs.
struct Run<'a> {
    link: &'a Link,
    route: &'a Route,
    what: String,
    line: String,
    secrets: Vec<SecretString>,
    limit: usize,
    is_private: bool,
    first_line: Option<oneshot::Sender<String>>,
    read: ChannelReadHalf,
    writer: Writer,
    gate: Gate,
    /// Known once the command has begun.
    process: Arc<OnceLock<u32>>,
    input: Option<Input>,
    feeding: Option<Feeding>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tail: Tail,
    exit: Option<Exit>,
    /// When to stop listening for the rest of the output.
    ends: Option<Instant>,
}

impl<'a> Run<'a> {
    fn new(begun: Begun<'a>) -> Self {
        let Begun {
            link,
            route,
            channel,
            command,
            process,
        } = begun;
        let (read, half) = channel.split();
        let mut secrets = route.secrets();
        secrets.extend(command.secrets);
        let has_sudo = command.may_be_root && matches!(route.sudo, Sudo::Ask(_));
        Run {
            link,
            route,
            what: command.what,
            line: command.line,
            secrets,
            limit: command.limit,
            is_private: command.is_private,
            first_line: command.first_line,
            read,
            writer: Writer {
                half: Arc::new(half),
                is_closed: false,
            },
            gate: Gate::new(has_sudo),
            process,
            input: Some(command.input),
            feeding: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            tail: Tail::default(),
            exit: None,
            ends: None,
        }
    }

    async fn drive(&mut self, line: &str) -> Result<Output, Error> {
        let sent = self.writer.half.exec(true, line).await;
        sent.map_err(|_| self.broken())?;
        loop {
            let message = tokio::select! {
                fed = fed(&mut self.feeding) => {
                    self.feeding = None;
                    fed?;
                    continue;
                }
                message = next(&mut self.read, self.ends) => message,
            };
            match message {
                Some(ChannelMsg::Close) => {
                    self.writer.is_closed = true;
                    break;
                }
                Some(message) => self.take(message).await?,
                None => break,
            }
        }
        self.finish()
    }

    async fn take(&mut self, message: ChannelMsg) -> Result<(), Error> {
        match message {
            ChannelMsg::Data { data } => {
                if !self.is_private {
                    self.tail.push(&data);
                }
                self.stdout.extend_from_slice(&data);
                self.tell_first_line();
                if self.stdout.len() > self.limit {
                    return Err(Error::TooMuchOutput {
                        host: self.link.host.clone(),
                        what: self.what.clone(),
                        limit: self.limit,
                    });
                }
            }
            ChannelMsg::ExtendedData { data, ext } if ext == STDERR_STREAM => self.take_stderr(&data).await?,
            ChannelMsg::ExitStatus { exit_status } => self.ended(Exit::Status(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => self.ended(Exit::Signal(signal(&signal_name))),
            ChannelMsg::Failure => {
                return Err(Error::OpenSession {
                    host: self.link.host.clone(),
                    what: self.what.clone(),
                    source: Box::new(russh::Error::RequestDenied),
                });
            }
            _ => {}
        }
        Ok(())
    }

    async fn take_stderr(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.gate.is_open() {
            self.push_stderr(data);
            return Ok(());
        }
        match self.gate.take(data) {
            Event::Nothing => Ok(()),
            Event::Opens { process, stderr } => {
                let _ = self.process.set(process);
                self.push_stderr(&stderr);
                self.feed();
                Ok(())
            }
            Event::Asks => self.give_password().await,
            Event::AsksAgain => Err(Error::SudoPasswordWrong {
                host: self.link.host.clone(),
                user: self.route.user().to_owned(),
            }),
        }
    }

    async fn give_password(&mut self) -> Result<(), Error> {
        let Sudo::Ask(Some(password)) = &self.route.sudo else {
            return Err(Error::SudoPasswordMissing {
                host: self.link.host.clone(),
                user: self.route.user().to_owned(),
            });
        };
        let line = format!("{}\n", password.expose_secret());
        let sent = self.writer.half.data_bytes(line.into_bytes()).await;
        sent.map_err(|_| self.broken())
    }

    fn tell_first_line(&mut self) {
        let Some(end) = self.stdout.iter().position(|byte| *byte == b'\n') else {
            return;
        };
        if let Some(first_line) = self.first_line.take() {
            let line = self.stdout.get(..end).unwrap_or_default();
            let _ = first_line.send(String::from_utf8_lossy(line).into_owned());
        }
    }

    fn push_stderr(&mut self, data: &[u8]) {
        self.tail.push(data);
        self.stderr.extend_from_slice(data);
        let excess = self.stderr.len().saturating_sub(STDERR);
        self.stderr.drain(..excess);
    }

    fn ended(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.ends = Some(Instant::now() + REST);
    }

    fn feed(&mut self) {
        if let Some(input) = self.input.take() {
            self.feeding = Some(Box::pin(feed(Arc::clone(&self.writer.half), input)));
        }
    }

    /// What came of the command when no more is to come.
    fn finish(&mut self) -> Result<Output, Error> {
        let Some(exit) = self.exit.take() else {
            return Err(self.broken());
        };
        if !self.gate.is_open() {
            return Err(self.refused(exit));
        }
        tracing::debug!(host = self.link.host, command = self.what, exit = %exit, "a command has ended");
        Ok(Output {
            exit,
            stdout: std::mem::take(&mut self.stdout),
            stderr: std::mem::take(&mut self.stderr),
            shown: self.tail.lines(&self.secrets),
        })
    }

    /// What it meant that the command did not begin: `sudo` refuses, or, without it, the user's shell.
    fn refused(&self, exit: Exit) -> Error {
        let (host, user) = (self.link.host.clone(), self.route.user().to_owned());
        let said = self.gate.said();
        if !self.gate.has_sudo() {
            return Error::CommandFailed {
                host,
                what: self.what.clone(),
                exit,
                output: masked(&said, &self.secrets),
            };
        }
        // Where it is told to ask only once, it says so instead of asking again.
        if self.gate.has_asked() && said.contains("incorrect password") {
            return Error::SudoPasswordWrong { host, user };
        }
        Error::Sudo {
            host,
            user,
            message: masked(&said, &self.secrets),
        }
    }

    fn broken(&self) -> Error {
        Error::Disconnected {
            host: self.link.host.clone(),
            what: format!("{} ({})", self.link.goodbye(), self.what),
        }
    }
}

fn signal(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        known => format!("{known:?}"),
    }
}
