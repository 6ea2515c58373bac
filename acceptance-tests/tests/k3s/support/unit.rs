//! What systemd does with `k3s.service`: `Type=notify`, `Restart=always`, no limit to how long a start takes.

use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use acceptance_tests::lifeline::Lifeline;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::State;

/// Between an end and the next start.
const RESTART: Duration = Duration::from_secs(1);

/// A unit that was started.
pub(super) struct Unit {
    shared: Arc<Shared>,
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    restarts: AtomicUsize,
    process: Mutex<Option<Pid>>,
}

impl Unit {
    pub(super) fn start(mut command: Command, role: &str, root: &Path, lifeline: &Arc<Lifeline>) -> Self {
        let socket = root.join("notify");
        let _ = std::fs::remove_file(&socket);
        let receiver = UnixDatagram::bind(&socket).unwrap();
        receiver.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let journal = File::create(root.join("journal")).unwrap();
        command
            .arg(role)
            .env("NOTIFY_SOCKET", &socket)
            .process_group(0)
            .stdin(Stdio::null());
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Activating),
            restarts: AtomicUsize::new(0),
            process: Mutex::new(None),
        });
        let (stop, stopped) = mpsc::channel();
        let lifeline = Arc::clone(lifeline);
        let mut spawn = move || {
            let [out, err] = [journal.try_clone().unwrap(), journal.try_clone().unwrap()];
            let child = command.stdout(out).stderr(err).spawn().unwrap();
            lifeline.adopt(child.id()).unwrap();
            child
        };
        let child = spawn();
        *shared.process.lock().unwrap() = Some(id(&child));
        let own = Arc::clone(&shared);
        let run = move || {
            let mut child = child;
            loop {
                watch(&own, &mut child, &receiver);
                *own.state.lock().unwrap() = State::Activating;
                if stopped.recv_timeout(RESTART) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
                own.restarts.fetch_add(1, Ordering::Relaxed);
                let mut process = own.process.lock().unwrap();
                child = spawn();
                *process = Some(id(&child));
            }
        };
        Self {
            shared,
            stop,
            thread: thread::spawn(run),
        }
    }

    pub(super) fn state(&self) -> State {
        *self.shared.state.lock().unwrap()
    }

    pub(super) fn restarts(&self) -> usize {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    pub(super) fn stop(self) {
        self.end(Signal::SIGTERM);
    }

    pub(super) fn kill(self) {
        self.end(Signal::SIGKILL);
    }

    fn end(self, signal: Signal) {
        // Said before the process ends, so that it is not started again.
        let _ = self.stop.send(());
        if let Some(process) = *self.shared.process.lock().unwrap() {
            let _ = kill(process, signal);
        }
        let _ = self.thread.join();
    }
}

/// Follows one process to its end.
fn watch(shared: &Shared, child: &mut Child, receiver: &UnixDatagram) {
    let mut message = [0; 64];
    loop {
        if let Ok(length) = receiver.recv(&mut message)
            && message[..length].starts_with(b"READY=1")
        {
            *shared.state.lock().unwrap() = State::Active;
        }
        if child.try_wait().unwrap().is_some() {
            *shared.process.lock().unwrap() = None;
            return;
        }
    }
}

fn id(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}
