//! Both sides of a channel: what a command reads, and the messages that come of it.

use std::future::pending;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout_at};

use super::command::Input;
use super::error::Error;

const CHUNK: usize = 32 * 1024;

/// The sending side of a channel, which closes it when it is dropped.
pub(super) struct Writer {
    pub(super) half: Arc<ChannelWriteHalf<Msg>>,
    pub(super) is_closed: bool,
}

/// What is being handed over to a command.
pub(super) type Feeding = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Drop for Writer {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        let half = Arc::clone(&self.half);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = half.close().await;
            });
        }
    }
}

/// The next message, or none when the time for it is over.
pub(super) async fn next(read: &mut ChannelReadHalf, ends: Option<Instant>) -> Option<ChannelMsg> {
    match ends {
        Some(ends) => timeout_at(ends, read.wait()).await.unwrap_or_default(),
        None => read.wait().await,
    }
}

/// The end of the feeding, if there is one.
pub(super) async fn fed(feeding: &mut Option<Feeding>) -> Result<(), Error> {
    match feeding {
        Some(feeding) => feeding.await,
        None => pending().await,
    }
}

/// Hands everything over that the command is to read. A command that ends without reading it is none of our business
/// here.
pub(super) async fn feed(half: Arc<ChannelWriteHalf<Msg>>, input: Input) -> Result<(), Error> {
    match input {
        Input::Bytes(bytes) => {
            let _ = half.data_bytes(bytes).await;
        }
        Input::Reader { path, mut reader } => {
            let mut chunk = vec![0; CHUNK];
            loop {
                let failed = |source| Error::ReadSource {
                    path: PathBuf::from(&path),
                    source,
                };
                let count = reader.read(&mut chunk).await.map_err(failed)?;
                let Some(read) = chunk.get(..count).filter(|read| !read.is_empty()) else {
                    break;
                };
                if half.data_bytes(read.to_vec()).await.is_err() {
                    break;
                }
            }
        }
    }
    let _ = half.eof().await;
    Ok(())
}
