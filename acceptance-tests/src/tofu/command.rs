//! One run of the command line: in a process group of its own, with a time limit, and ended together with its
//! providers.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::outcome::{Error, Outcome};
use crate::lifeline::Lifeline;

/// How fast an impatient user presses Ctrl-C.
const KEYSTROKES: Duration = Duration::from_millis(100);

/// How long a command that hangs gets to print what each of its goroutines is doing.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A command that is under way, for tests that interrupt it. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    group: u32,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    lifeline: Arc<Lifeline>,
    limit: Duration,
}

/// Where providers write what they are doing, in the directory of a workspace.
pub(super) const PROVIDER_LOG: &str = "provider.log";

/// How much of it is shown of a command that hangs, in bytes.
const LAST_LINES: usize = 4000;

impl Running {
    pub(super) fn start(
        mut command: Command,
        line: String,
        lifeline: Arc<Lifeline>,
        limit: Duration,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Run {
            command: line.clone(),
            source,
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let group = child.id().unwrap_or_default();
        lifeline.adopt(group).map_err(failed)?;
        let stdout = tokio::spawn(read(child.stdout.take()));
        let stderr = tokio::spawn(read(child.stderr.take()));
        Ok(Self {
            command: line,
            child,
            group,
            stdout,
            stderr,
            lifeline,
            limit,
        })
    }

    /// Does what Ctrl-C does in a terminal: interrupts the command and, as they share its group, its providers.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    /// Presses Ctrl-C again and again, and waits for the end.
    ///
    /// # Errors
    /// As [`Running::wait`].
    pub async fn interrupt_until_it_ends(self) -> Result<Outcome, Error> {
        let group = self.group;
        let pressing = tokio::spawn(async move {
            loop {
                send(group, Signal::SIGINT);
                tokio::time::sleep(KEYSTROKES).await;
            }
        });
        let _pressing = AbortOnDropHandle::new(pressing);
        self.wait().await
    }

    /// Kills the command and its providers, as a power cut would.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Kills the providers, and leaves it to the command to notice.
    ///
    /// # Errors
    /// If there is no list of processes.
    pub fn kill_providers(&self) -> std::io::Result<()> {
        for process in group_members(self.group)?.into_iter().filter(|id| *id != self.group) {
            if let Ok(process @ 1..) = i32::try_from(process) {
                let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
            }
        }
        Ok(())
    }

    /// Waits until the command has ended, which [`Running::wait`] tells more about.
    pub async fn ends(&mut self) {
        // Whatever can be wrong with it shows there.
        let _ = self.child.wait().await;
    }

    /// Waits for the end, successful or not.
    ///
    /// # Errors
    /// If the time limit is over. The command is killed then, after it was made to say where it hangs; the error has
    /// the last lines of its providers' log, too.
    pub async fn wait(mut self) -> Result<Outcome, Error> {
        let ended = tokio::time::timeout(self.limit, self.child.wait()).await;
        if ended.is_err() {
            self.ask_where_it_hangs().await;
        }
        // Providers that outlive the command would keep its output open.
        self.kill();
        let status = ended.map(|status| {
            status.map_err(|source| Error::Run {
                command: self.command.clone(),
                source,
            })
        });
        let stdout = (&mut self.stdout).await.unwrap_or_default();
        let stderr = (&mut self.stderr).await.unwrap_or_default();
        match status {
            Ok(status) => Ok(Outcome::new(self.command.clone(), status?.code(), stdout, stderr)),
            Err(_) => Err(Error::TimedOut {
                command: self.command.clone(),
                limit: self.limit.as_secs(),
                text: format!("{stdout}{}\n{stderr}", self.last_lines_of_providers()),
            }),
        }
    }

    /// A program in Go answers SIGQUIT with the stacks of all goroutines on stderr.
    async fn ask_where_it_hangs(&mut self) {
        if let Ok(process @ 1..) = i32::try_from(self.group) {
            let _ = kill(Pid::from_raw(process), Signal::SIGQUIT);
        }
        // One that does not answer is killed like any other.
        let _ = tokio::time::timeout(LAST_WORDS, self.child.wait()).await;
    }

    fn last_lines_of_providers(&self) -> String {
        let log = fs::read(self.lifeline.directory().join(PROVIDER_LOG)).unwrap_or_default();
        let last = log.get(log.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
        String::from_utf8_lossy(last).into_owned()
    }

    fn signal(&self, signal: Signal) {
        send(self.group, signal);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.lifeline.release(self.group);
    }
}

fn send(group: u32, signal: Signal) {
    // There is no such group any more once the command and its providers have ended.
    if let Ok(group @ 1..) = i32::try_from(group) {
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

/// The processes of a group, as Linux lists them.
fn group_members(group: u32) -> std::io::Result<Vec<u32>> {
    let processes = fs::read_dir("/proc")?.flatten();
    let members = processes.filter_map(|entry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in parentheses may hold anything; after it come the state, the parent and the group.
        let (_, rest) = stat.rsplit_once(')')?;
        let its_group: u32 = rest.split_whitespace().nth(2)?.parse().ok()?;
        (its_group == group).then_some(id)
    });
    Ok(members.collect())
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What came before a broken pipe is still worth showing.
        let _ = pipe.read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
