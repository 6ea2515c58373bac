//! The host that the program runs on: where its files are, and where the real peers that it needs are.
//!
//! Several hosts fit on one machine without containers: `CHT_LAB_ROOT` puts each one's `/etc` and `/var` into a
//! directory of its own, and `bind-address` gives each an address on loopback.

use std::env;
use std::fs;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The environment variable that names another root directory.
pub(super) const ROOT: &str = "CHT_LAB_ROOT";

/// The environment variable that names the directory of etcd, kube-apiserver and the other peers.
pub(super) const TOOLS: &str = "CHT_LAB_TOOLS";

/// Where the peers are on a host of the lab; see `peers::install_on_hosts`.
const TOOLS_DIRECTORY: &str = "/opt/cht-lab/bin";

/// Where a host's absolute path really is.
pub(super) fn path(absolute: &str) -> PathBuf {
    match env::var_os(ROOT) {
        Some(root) => Path::new(&root).join(absolute.trim_start_matches('/')),
        None => PathBuf::from(absolute),
    }
}

/// The path of one of the real peers, if the host has it.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let directory = env::var_os(TOOLS).map_or_else(|| PathBuf::from(TOOLS_DIRECTORY), PathBuf::from);
    Some(directory.join(name)).filter(|path| path.is_file())
}

/// The path of one of the real peers.
pub(super) fn required_tool(name: &str) -> Result<PathBuf> {
    tool(name).with_context(|| format!("this host has no {name}; {TOOLS} names the directory, else {TOOLS_DIRECTORY}"))
}

/// The host's name, lower case, without its domain.
pub(super) fn name() -> Result<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").context("read the host's name")?;
    let name = name.trim().to_lowercase();
    Ok(name.split('.').next().unwrap_or_default().to_owned())
}

/// The address of the interface that the default route leads through.
pub(super) fn default_address() -> Result<IpAddr> {
    let routed = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        // Nothing is sent: the kernel only chooses the route.
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip())
    };
    match routed() {
        Ok(address) if !address.is_unspecified() => Ok(address),
        _ => bail!("no default routes found in \"/proc/net/route\" or \"/proc/net/ipv6_route\""),
    }
}

/// Writes a file that only root reads, and the directories above it.
pub(super) fn write_private(path: &Path, contents: &[u8]) -> Result<()> {
    write_with_mode(path, contents, 0o600)
}

/// Writes a file as a whole: it is never seen half written.
pub(super) fn write_with_mode(path: &Path, contents: &[u8], mode: u32) -> Result<()> {
    let write = || -> io::Result<()> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent)?;
        let part = path.with_extension("part");
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(mode)
            .open(&part)?;
        io::Write::write_all(&mut file, contents)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        fs::rename(&part, path)
    };
    write().with_context(|| format!("failed to write {}", path.display()))
}
