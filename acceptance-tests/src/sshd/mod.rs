//! Hosts to log in to: OpenSSH's real `sshd` as a process of ours on a loopback port, with its own configuration and
//! keys.
//!
//! A [`Sshd`] plays one host: who logs in is the user that runs the tests, and commands run on this machine. It says
//! what `sshd` says, so what it shows of keys, certificates, agents, tunnels and broken connections is real; hosts with
//! their own systemd are played elsewhere. [`keys`] makes keys and certificates with `ssh-keygen`, [`agent`] runs an
//! `ssh-agent`, [`program`] finds or installs the programs.

pub mod agent;
pub mod keys;
pub mod program;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User, getuid};

use self::keys::{Key, KeyKind};
use crate::cluster::wait;
use crate::lifeline::Lifeline;
use crate::ports;

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);

/// A host that is played by `sshd`.
#[derive(Debug)]
pub struct Sshd {
    child: Child,
    port: u16,
    program: PathBuf,
    lifeline: Lifeline,
}

/// What differs between hosts.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    host_keys: Vec<Key>,
    authorized: Vec<String>,
    lines: Vec<String>,
    programs: Vec<(String, String)>,
    port: Option<u16>,
}

impl Setup {
    /// A host with an Ed25519 key, into which nobody gets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key of the host. If there is none, one is made.
    #[must_use]
    pub fn host_key(mut self, key: &Key) -> Self {
        self.host_keys.push(key.clone());
        self
    }

    /// Lets in who has this key, with these options of `authorized_keys`.
    #[must_use]
    pub fn authorize(mut self, options: &str, key: &Key) -> Self {
        self.authorized
            .push(format!("{options} {}", key.public()).trim().to_owned());
        self
    }

    /// Adds a line to `sshd_config`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Puts a program in front of all others that commands on the host find.
    #[must_use]
    pub fn program(mut self, name: &str, script: &str) -> Self {
        self.programs.push((name.to_owned(), script.to_owned()));
        self
    }

    /// Listens on this port, as another host does that takes the place of one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }
}

impl Sshd {
    /// Starts a host, and waits until it listens.
    ///
    /// # Errors
    /// If there is no `sshd`, or it does not start.
    pub async fn start(setup: &Setup) -> Result<Self> {
        let program = program::sshd().context("there is no sshd")?.to_path_buf();
        let lifeline = Lifeline::start("sshd-")?;
        let port = match setup.port {
            Some(port) => port,
            None => {
                let [port] = ports::pick()?;
                port
            }
        };
        write_files(lifeline.directory(), setup, port)?;
        let child = spawn(&program, &lifeline)?;
        let mut host = Sshd {
            child,
            port,
            program,
            lifeline,
        };
        host.wait().await?;
        Ok(host)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user that can log in: the one that runs the tests.
    ///
    /// # Errors
    /// If the user has no name.
    pub fn user() -> Result<String> {
        Ok(User::from_uid(getuid())?.context("the user has no name")?.name)
    }

    /// A folder of the host's own, for files.
    pub fn directory(&self) -> &Path {
        self.lifeline.directory()
    }

    /// Everything that it logged.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.log_path())?)
    }

    /// Ends the server and all its connections at once, as a power cut does.
    ///
    /// # Errors
    /// If it is not there.
    pub fn kill(&mut self) -> Result<()> {
        // Each connection has processes of its own, which make groups of their own.
        for pid in descendants(self.child.id())? {
            let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = killpg(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGKILL);
        self.child.wait()?;
        self.lifeline.release(self.child.id())?;
        Ok(())
    }

    /// Starts it again after [`Sshd::kill`], with the same keys.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self) -> Result<()> {
        self.child = spawn(&self.program, &self.lifeline)?;
        self.wait().await
    }

    async fn wait(&mut self) -> Result<()> {
        let port = self.port;
        let log = self.log_path();
        let child = &mut self.child;
        wait::until("sshd to listen", START, || {
            let ended = child.try_wait();
            let connected = TcpStream::connect(("127.0.0.1", port)).map(|_| ());
            let log = log.clone();
            async move {
                match (ended, connected) {
                    (Ok(Some(status)), _) => Err(format!("it ended with {status}: {:?}", fs::read_to_string(log))),
                    (_, Ok(())) => Ok(()),
                    (_, Err(error)) => Err(error.to_string()),
                }
            }
        })
        .await
    }

    fn log_path(&self) -> PathBuf {
        self.directory().join("sshd.log")
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn spawn(program: &Path, lifeline: &Lifeline) -> Result<Child> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(lifeline.directory().join("sshd.log"))?;
    let child = Command::new(program)
        .args(["-D", "-e", "-f"])
        .arg(lifeline.directory().join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context("sshd does not start")?;
    lifeline.adopt(child.id())?;
    Ok(child)
}

fn write_files(directory: &Path, setup: &Setup, port: u16) -> Result<()> {
    let mut config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\nLogLevel VERBOSE\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n\
         AuthorizedKeysFile {}\n",
        directory.join("authorized_keys").display()
    );
    let mut host_keys = setup.host_keys.clone();
    if host_keys.is_empty() {
        host_keys.push(Key::generate(KeyKind::Ed25519, None)?);
    }
    for (index, key) in host_keys.iter().enumerate() {
        let path = directory.join(format!("host_key_{index}"));
        fs::write(&path, key.private())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        writeln!(config, "HostKey {}", path.display())?;
        if let Some(certificate) = key.certificate() {
            let path = directory.join(format!("host_key_{index}-cert.pub"));
            fs::write(&path, certificate)?;
            writeln!(config, "HostCertificate {}", path.display())?;
        }
    }
    let programs = directory.join("bin");
    fs::create_dir(&programs)?;
    for (name, script) in &setup.programs {
        let path = programs.join(name);
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    writeln!(
        config,
        // What the user's shell reads at its start is this machine's, and none of the host's.
        "SetEnv HOME={} PATH={}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        directory.display(),
        programs.display()
    )?;
    for line in &setup.lines {
        writeln!(config, "{line}")?;
    }
    fs::write(directory.join("authorized_keys"), setup.authorized.join("\n") + "\n")?;
    fs::write(directory.join("sshd_config"), config)?;
    Ok(())
}

/// All processes below one, by `/proc`.
fn descendants(parent: u32) -> Result<Vec<i32>> {
    let mut found = Vec::new();
    let mut open = vec![i32::try_from(parent)?];
    while let Some(pid) = open.pop() {
        for task in fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace() {
                let child: i32 = child.parse().context("a process has no number")?;
                found.push(child);
                open.push(child);
            }
        }
    }
    if found.len() > 1000 {
        bail!("too many processes below {parent}");
    }
    Ok(found)
}
