//! What a client says in the environment, one variable to a line; a `\n` in a value stands for a line feed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::LazyLock;

use tempfile::TempDir;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Empty;
use tf_framework::provider::{Provider, ResourceEntry};
use tf_framework::server::{ServeOptions, serve_in, service};
use tokio::runtime::{Builder, Runtime};

/// Where all folders for sockets are, whatever the environment says.
static DIRECTORY: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// Either an error, or one line that the client can take apart, and no socket is left behind.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let variables: BTreeMap<&str, String> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name, value.replace("\\n", "\n")))
        .collect();
    let lookup = |name: &str| match name {
        "PLUGIN_UNIX_SOCKET_DIR" | "TMPDIR" => Some(inside(variables.get(name).map_or("", String::as_str))),
        _ => variables.get(name).cloned(),
    };
    let options = ServeOptions::new(Nothing::ADDRESS);
    // It serves nobody: it stops as soon as it has said where it listens.
    options.stop.cancel();
    let service = service(Nothing, &options);
    let announcement = Announcement::default();
    let served = RUNTIME.with(|runtime| runtime.block_on(serve_in(service, options, lookup, announcement.clone())));
    let announced = announcement.0.take();
    match served {
        Ok(()) => check_line(&announced),
        Err(_) => assert!(announced.is_empty(), "a socket was announced, and then closed"),
    }
    assert_eq!(
        DIRECTORY.path().read_dir().expect("it is there").count(),
        0,
        "something is left behind"
    );
}

fn check_line(announced: &[u8]) {
    let line = std::str::from_utf8(announced).expect("the line is text");
    let line = line.strip_suffix('\n').expect("the line ends");
    assert!(!line.contains(char::is_control), "{line:?}");
    let parts: Vec<_> = line.split('|').collect();
    assert!(matches!(parts.len(), 6 | 7), "{line:?}");
    assert_eq!((parts[0], parts[1], parts[4]), ("1", "6", "grpc"));
    assert!(matches!(parts[2], "unix" | "tcp"), "{line:?}");
    assert!(parts.get(6).is_none_or(|multiplexed| *multiplexed == "false"));
}

/// The path, moved into the folder for all sockets.
fn inside(path: &str) -> String {
    let normal = Path::new(path)
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    DIRECTORY
        .path()
        .join(normal.collect::<PathBuf>())
        .to_string_lossy()
        .into_owned()
}

#[derive(Clone, Default)]
struct Announcement(Rc<RefCell<Vec<u8>>>);

impl Write for Announcement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Nothing;

impl Provider for Nothing {
    type Model = Empty;
    type Clients = ();

    const NAME: &'static str = "nothing";
    const ADDRESS: &'static str = "registry.opentofu.org/example/nothing";

    async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<ResourceEntry<()>> {
        Vec::new()
    }
}
