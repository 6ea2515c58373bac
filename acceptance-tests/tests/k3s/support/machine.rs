//! A host of the lab, with a real systemd.

use std::fs;
use std::net::IpAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Output};
use std::sync::{Arc, Mutex};

use acceptance_tests::hosts::{self, Host, Hosts, SHARED};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{PROGRAM, State};

pub(super) struct Machine {
    hosts: Arc<Hosts>,
    index: usize,
    /// The unit, and since when its journal counts.
    unit: Mutex<Option<(&'static str, String)>>,
}

impl Machine {
    pub(super) fn new(hosts: Arc<Hosts>, index: usize) -> Self {
        Self {
            hosts,
            index,
            unit: Mutex::default(),
        }
    }

    pub(super) fn host(&self) -> &Host {
        &self.hosts[self.index]
    }

    pub(super) fn address(&self) -> IpAddr {
        self.host().ip()
    }

    /// Puts a program onto the host, by way of the directory that it shares with this machine.
    pub(super) fn install(&self, program: &Path) {
        let name = format!("k3s-{}", uuid::Uuid::new_v4().simple());
        let shared = hosts::shared_directory().unwrap().join(&name);
        fs::copy(program, &shared).unwrap();
        self.said(&format!(
            "install -m 755 {SHARED}/{name} {PROGRAM}.part && mv {PROGRAM}.part {PROGRAM}"
        ));
        fs::remove_file(shared).unwrap();
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let encoded = STANDARD.encode(text);
        self.said(&format!(
            "mkdir -p $(dirname {path}); echo {encoded} | base64 -d > {path}"
        ));
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        let output = self.shell(&format!("cat {path}"));
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap())
    }

    pub(super) fn remove(&self, path: &str) {
        self.said(&format!("rm -r {path}"));
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.shell(&format!("test -e {path}")).status.success()
    }

    pub(super) fn link(&self, path: &str) -> String {
        self.said(&format!("readlink {path}")).trim().to_owned()
    }

    pub(super) fn mode(&self, path: &str) -> u32 {
        u32::from_str_radix(self.said(&format!("stat -c %a {path}")).trim(), 8).unwrap()
    }

    pub(super) fn start(&self, role: &str) {
        let unit = if role == "server" { "k3s" } else { "k3s-agent" };
        let text = format!(
            "[Unit]\nAfter=network-online.target\n\n[Install]\nWantedBy=multi-user.target\n\n\
             [Service]\nType=notify\nEnvironmentFile=-/etc/systemd/system/{unit}.service.env\nKillMode=process\nDelegate=yes\n\
             LimitNOFILE=1048576\nTimeoutStartSec=0\nRestart=always\nRestartSec=5s\nExecStart={PROGRAM} {role}\n"
        );
        self.write(&format!("/etc/systemd/system/{unit}.service"), &text);
        let since = self.said("date +%s.%N").trim().to_owned();
        self.said(&format!("systemctl daemon-reload && systemctl enable {unit} && systemctl reset-failed {unit}; systemctl start --no-block {unit}"));
        *self.unit.lock().unwrap() = Some((unit, since));
    }

    pub(super) fn stop(&self) {
        let (unit, _) = self.unit();
        self.said(&format!("systemctl stop {unit}"));
    }

    pub(super) fn state(&self) -> State {
        match self.property("ActiveState").as_str() {
            "active" => State::Active,
            "activating" => State::Activating,
            _ => State::Inactive,
        }
    }

    pub(super) fn restarts(&self) -> usize {
        self.property("NRestarts").parse().unwrap()
    }

    pub(super) fn journal(&self) -> String {
        let (unit, since) = self.unit();
        self.said(&format!(
            "journalctl --unit {unit} --since @{since} --output cat --no-pager"
        ))
    }

    pub(super) fn k3s(&self, arguments: &[&str]) -> Output {
        let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
        self.shell(&format!("{PROGRAM} {}", quoted.join(" ")))
    }

    /// What a shell command prints; it must succeed.
    pub(super) fn said(&self, script: &str) -> String {
        let output = self.shell(script);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {script}: {complaint}", self.host().name());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn property(&self, name: &str) -> String {
        let (unit, _) = self.unit();
        self.said(&format!("systemctl show {unit} --property {name} --value"))
            .trim()
            .to_owned()
    }

    fn unit(&self) -> (&'static str, String) {
        self.unit.lock().unwrap().clone().expect("a unit was started")
    }

    /// Runs a script and keeps apart what it prints, complains of, and ends with.
    fn shell(&self, script: &str) -> Output {
        let apart = format!(
            "d=$(mktemp -d); ( {script}\n) > $d/out 2> $d/err; echo $?; base64 -w0 $d/out; echo; base64 -w0 $d/err; echo; rm -r $d"
        );
        let said = block_in_place(|| Handle::current().block_on(self.host().exec(&apart)));
        let said = said.unwrap_or_else(|error| panic!("{}: {script}: {error:#}", self.host().name()));
        let mut lines = said.lines();
        let code: i32 = lines.next().unwrap().parse().unwrap();
        let mut decoded = || STANDARD.decode(lines.next().unwrap_or_default()).unwrap();
        Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: decoded(),
            stderr: decoded(),
        }
    }
}
