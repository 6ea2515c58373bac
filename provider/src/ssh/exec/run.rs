//! A command that runs: what it is fed, what it says, and how it ends.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::{ChannelMsg, ChannelReadHalf, Sig};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Begun;
use crate::ssh::client::Link;
use crate::ssh::command::{Exit, Input, Output};
use crate::ssh::error::Error;
use crate::ssh::mask::{Tail, masked};
use crate::ssh::route::{Route, Sudo};
use crate::ssh::stream::{Feeding, Writer, fed, feed, next};
use crate::ssh::sudo::{Event, Gate};

/// How long output may come after the exit status.
const REST: Duration = Duration::from_secs(2);

/// How much of standard error is kept.
const STDERR: usize = 64 * 1024;

/// The number of standard error among a channel's further streams.
const STDERR_STREAM: u32 = 1;

/// A command that runs.
pub(super) struct Run<'a> {
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
    pub(super) fn new(begun: Begun<'a>) -> Self {
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

    /// Runs it to its end; on the host it ends by itself when so much time is over.
    pub(super) async fn drive(&mut self, limit: Duration) -> Result<Output, Error> {
        let line = self.gate.line(&self.line, limit);
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

    /// The time is over.
    pub(super) fn timed_out(&self, waited: Duration) -> Error {
        Error::CommandTimeout {
            host: self.link.host.clone(),
            what: self.what.clone(),
            waited,
            output: self.tail.lines(&self.secrets),
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
