//! Tells systemd that the service is up, if systemd started it.

use std::env;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use anyhow::Result;

use super::faults;

/// Says `READY=1`.
pub(super) fn ready() -> Result<()> {
    let Ok(name) = env::var("NOTIFY_SOCKET") else {
        return Ok(());
    };
    if faults::has("no-notify") {
        return Ok(());
    }
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(b"READY=1\n", &address)?;
    Ok(())
}
