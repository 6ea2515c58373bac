//! A stand-in for k3s: test equipment that behaves on a host as the real program does, where a provider can tell.
//!
//! It is a program of its own (`src/bin/k3s.rs`) that puts k3s's own part in front of real peers: each server runs a
//! real etcd member with real membership and a real Kubernetes API server. What it imitates was measured on real hosts;
//! `tests/k3s/` names each behavior.
//!
//! - [`release`] makes copies of the program that pose as a version, [`peers`] puts what it needs beside it; [`faults`]
//!   lists what can go wrong on demand.
//! - [`lab`] is hosts for it, with all that a provider is told of them.
//! - `config` and `flags` read what it is told, `token` and `certificates` say who may join, `bootstrap` carries that
//!   between servers.
//! - `server` and `agent` are the two roles: lists of steps over `etcd`, `control_plane`, `front`, `supervisor`, `node`
//!   and `members`.
//! - `kubelet` and `addons` are what workloads need: pods that become ready, volumes, addresses of ingresses.
//! - `command/` holds the other commands: kubectl, token, etcd-snapshot, secrets-encrypt, certificate.
//!
//! What is not there: containers, networking, encryption of secrets at rest, TLS between members of etcd, S3.

mod addons;
mod agent;
mod bootstrap;
pub(crate) mod certificates;
mod command;
mod config;
mod control_plane;
mod encryption;
mod etcd;
pub mod faults;
mod flags;
mod front;
mod host;
mod join;
mod kubelet;
pub mod lab;
mod log;
mod members;
mod node;
mod notify;
mod password;
pub mod peers;
mod process;
pub mod release;
mod server;
mod snapshot;
mod supervisor;
mod token;

use std::process::ExitCode;

pub use kubelet::PORT_FORWARDS;

/// What the program does: the first argument names the command.
pub async fn run(arguments: Vec<String>) -> ExitCode {
    // Another part of the program may have installed the same one before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    command::run(arguments).await
}
