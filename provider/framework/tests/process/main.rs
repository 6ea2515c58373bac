//! What a provider does to its process: how it starts and ends, what it writes, and who may connect.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod dumps;
mod ends;
#[path = "../go_plugin/mod.rs"]
mod go_plugin;
mod logs;
mod panics;
#[path = "../go_plugin/running.rs"]
mod running;
mod sockets;
mod starts;
mod thing;
