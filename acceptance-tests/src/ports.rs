//! Ports of loopback for programs that do not choose their own, and keep theirs through a restart.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use anyhow::{Context, Result};

/// Below the ports from which the kernel takes those of outgoing connections (32768 on, on Linux; see
/// `net.ipv4.ip_local_port_range`): while a program is down, no connection takes its port, not even one that is made
/// to it, which would then talk to itself.
const RANGE: Range<u16> = 16_384..32_768;

/// How many are tried: so many are not taken by chance.
const ATTEMPTS: usize = 1_000;

/// Finds ports that are free, all of them held until the last is known, so that they differ.
///
/// # Errors
/// If there are none.
pub fn pick<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let held = [(); COUNT].map(|()| hold());
    let mut ports = [0; COUNT];
    for (port, listener) in ports.iter_mut().zip(&held) {
        let listener = listener.as_ref().context("no port of loopback is free")?;
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

fn hold() -> Option<TcpListener> {
    (0..ATTEMPTS).find_map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, rand::random_range(RANGE))).ok())
}
