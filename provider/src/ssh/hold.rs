//! A command that goes on until it is let go, such as one that holds a lock on a host.
//!
//! It says with the first line of its standard output that it has begun, and reads signs of life from its standard
//! input: a dot every so often. So it notices also a connection that is cut off without a word, after which servers
//! keep a channel for hours.

use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::command::{Command, Output};
use super::error::Error;
use super::sessions::Session;

/// How often there is a sign of life.
const BEAT: Duration = Duration::from_secs(30);

/// Longer than any operation.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A command that goes on. Its standard input ends when this is dropped, and it is expected to end then.
#[derive(Debug)]
pub struct Held {
    task: JoinHandle<Result<Output, Error>>,
    _release: oneshot::Sender<()>,
}

impl Held {
    /// Whether it still goes on, as far as is known.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Session {
    /// Runs a command until it is let go, and answers when it has said its first line. What it reads are dots.
    ///
    /// # Errors
    /// As [`Session::run`]: also if it ends before it has said anything.
    pub async fn hold(&self, command: Command) -> Result<Held, Error> {
        let (tell, told) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let (ours, theirs) = tokio::io::duplex(1);
        let mut command = command.reader(PathBuf::from("signs of life"), theirs).timeout(LONGEST);
        command.first_line = Some(tell);
        tokio::spawn(beat(ours, released));
        let session = self.clone();
        let task = tokio::spawn(async move { session.run(command).await });
        if told.await.is_ok() {
            return Ok(Held {
                task,
                _release: release,
            });
        }
        match task.await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(Error::Disconnected {
                host: self.address(),
                what: "a command ended that should have gone on".to_owned(),
            }),
        }
    }
}

/// Gives signs of life until the command is let go, or has ended.
async fn beat(mut command: DuplexStream, mut released: oneshot::Receiver<()>) {
    while timeout(BEAT, &mut released).await.is_err() {
        if command.write_all(b".").await.is_err() {
            break;
        }
    }
}
