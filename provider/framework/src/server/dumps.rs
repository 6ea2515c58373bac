//! Files with what the core sent and what it was answered, for debugging.
//!
//! With `TF_LOG_SDK_PROTO_DATA_DIR`, every value goes, as it is on the wire, into a file of its own in that directory:
//! `<time>_<rpc>_<message>_<field>.msgpack`, or `.json`, or `.empty`; what a provider keeps beside a state has no
//! ending. The variable and the names are those of HashiCorp's own libraries. What belongs to one message has the same
//! time, which nothing else has.
//!
//! The files hold secrets, so only their owner can read them. What a message has to show is in [`rpc`](super::rpc).

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tfplugin::tfplugin6 as proto;

/// The variable that names the directory.
const DIRECTORY: &str = "TF_LOG_SDK_PROTO_DATA_DIR";

/// The time of the latest message that this process has written.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// Where dumps go, if they are wanted.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    directory: Option<PathBuf>,
}

/// One part of a message.
pub(crate) enum Data<'m> {
    /// A value, in whatever encoding.
    Value(Option<&'m proto::DynamicValue>),
    /// What a provider keeps beside a state.
    Private(&'m [u8]),
}

/// A message that has something to show.
pub(crate) trait Payload {
    /// What kind of message it is.
    const MESSAGE: &'static str;

    /// Its parts, by name.
    fn data(&self) -> Vec<(String, Data<'_>)>;
}

/// A request of any kind.
pub(crate) trait AnyPayload: Sync {
    /// Writes it.
    fn dump(&self, dumps: &Dumps, rpc: &str);
}

impl Dumps {
    /// As the environment of the process says.
    pub(crate) fn from_environment() -> Self {
        let directory = std::env::var_os(DIRECTORY).filter(|directory| !directory.is_empty());
        Dumps {
            directory: directory.map(PathBuf::from),
        }
    }

    /// Writes all parts of a message. A failure is logged: it must not change the answer.
    pub(crate) fn write<P: Payload>(&self, rpc: &str, message: &P) {
        let Some(directory) = &self.directory else { return };
        if let Err(error) = write_all(directory, &format!("{rpc}_{}", P::MESSAGE), &message.data()) {
            tracing::error!(%error, "unable to write protocol data");
        }
    }
}

impl<P: Payload + Sync> AnyPayload for P {
    fn dump(&self, dumps: &Dumps, rpc: &str) {
        dumps.write(rpc, self);
    }
}

impl Data<'_> {
    /// The bytes, and the ending of the file.
    fn content(&self) -> (&[u8], &'static str) {
        match self {
            Data::Value(Some(value)) if !value.msgpack.is_empty() => (&value.msgpack, ".msgpack"),
            Data::Value(Some(value)) if !value.json.is_empty() => (&value.json, ".json"),
            Data::Private(bytes) if !bytes.is_empty() => (bytes, ""),
            Data::Value(_) | Data::Private(_) => (&[], ".empty"),
        }
    }
}

fn write_all(directory: &Path, message: &str, parts: &[(String, Data<'_>)]) -> io::Result<()> {
    let file = |time: u64, (field, data): &(String, Data<'_>)| {
        let (bytes, ending) = data.content();
        create(&directory.join(format!("{time}_{message}_{field}{ending}")))?.write_all(bytes)
    };
    let Some((first, rest)) = parts.split_first() else {
        return Ok(());
    };
    // Another process of the same run may be at it in the same millisecond.
    let time = loop {
        let time = next_time();
        match file(time, first) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            written => break written.map(|()| time)?,
        }
    };
    rest.iter().try_for_each(|part| file(time, part))
}

/// Opens a new file that only its owner can read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Milliseconds since 1970: now, or, if this process has used that up, later.
fn next_time() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let next = |latest: u64| now.max(latest.saturating_add(1));
    let latest = LATEST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |latest| Some(next(latest)));
    // The update cannot fail: it always has a next value.
    next(latest.unwrap_or_else(|latest| latest))
}
