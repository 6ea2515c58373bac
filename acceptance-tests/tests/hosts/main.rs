//! Acceptance tests on hosts with a real systemd and a real sshd: the real `tofu` makes clusters of k3s through the
//! real provider.
//!
//! One module for each resource and data source, one for the examples on hosts, and one for that in a data center;
//! [`support`] has the hosts and the text of a configuration. A stand-in plays k3s on them (`tests/k3s/` holds it to
//! the real one), or the real one does, if `K3S_BINARY` names it. They need root: elsewhere they are skipped and
//! counted. They are ignored in a plain `cargo test`, `cargo xtask test` runs them.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod cht_k3s_agent;
mod cht_k3s_cluster;
mod cht_k3s_snapshots;
mod data_center;
mod examples;
mod guide;
mod support;
