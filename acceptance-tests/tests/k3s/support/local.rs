//! A host that is a directory and a loopback address of this machine.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use acceptance_tests::k3s::peers;
use acceptance_tests::lifeline::Lifeline;

use super::unit::Unit;
use super::{PROGRAM, State};

pub(super) struct Local {
    pub(super) name: String,
    pub(super) address: Ipv4Addr,
    root: PathBuf,
    lifeline: Arc<Lifeline>,
    unit: Mutex<Option<Unit>>,
}

impl Local {
    pub(super) fn new(lifeline: &Arc<Lifeline>, name: String, address: Ipv4Addr) -> Self {
        let root = lifeline.directory().join(&name);
        fs::create_dir_all(&root).unwrap();
        Self {
            root,
            name,
            address,
            lifeline: Arc::clone(lifeline),
            unit: Mutex::default(),
        }
    }

    pub(super) fn install(&self, program: &Path) {
        let destination = self.path(PROGRAM);
        fs::create_dir_all(destination.parent().unwrap()).unwrap();
        let part = destination.with_extension("part");
        fs::copy(program, &part).unwrap();
        fs::rename(part, destination).unwrap();
    }

    /// What tells one host from another where all have the same name and can listen everywhere.
    pub(super) fn own_configuration(&self) -> String {
        let Self { name, address, .. } = self;
        format!("node-name: {name}\nnode-ip: {address}\nbind-address: {address}\n")
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.path(path);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(super) fn link(&self, path: &str) -> String {
        fs::read_link(self.path(path)).unwrap().display().to_string()
    }

    pub(super) fn mode(&self, path: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o777
    }

    pub(super) fn start(&self, role: &str) {
        let mut unit = self.unit.lock().unwrap();
        assert!(unit.is_none(), "{} runs already", self.name);
        *unit = Some(Unit::start(self.command(), role, &self.root, &self.lifeline));
    }

    pub(super) fn stop(&self) {
        let unit = self.unit.lock().unwrap().take();
        unit.expect("the unit runs").stop();
    }

    pub(super) fn state(&self) -> State {
        self.unit.lock().unwrap().as_ref().map_or(State::Inactive, Unit::state)
    }

    pub(super) fn restarts(&self) -> usize {
        self.unit.lock().unwrap().as_ref().map_or(0, Unit::restarts)
    }

    pub(super) fn journal(&self) -> String {
        let text = fs::read(self.root.join("journal")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(super) fn k3s(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path(PROGRAM));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.root)
            .env("CHT_LAB_ROOT", &self.root)
            .env("CHT_LAB_TOOLS", tools());
        command
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(unit) = self.unit.lock().unwrap().take() {
            unit.kill();
        }
    }
}

/// The peers, once for all tests. The controllers are left out: no behavior here is theirs.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("k3s-peers");
        peers::install(&peers::required().unwrap(), &directory).unwrap();
        directory
    })
}
