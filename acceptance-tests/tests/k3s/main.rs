//! What k3s does on hosts, behavior by behavior, each with the number under which it was measured on the real one.
//!
//! They are run with the stand-in: several hosts on one machine, each with a root directory and a loopback address of
//! its own, and with what plays systemd in `support/`; `systemd` has what needs the real one. With `K3S_BINARY=/path`
//! all of them run with that program on hosts of the lab, so that a real k3s and the stand-in are held to the same
//! texts and states.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests fail as tests do"
)]

mod agents;
mod configuration;
mod encryption;
mod faults;
mod joining;
mod membership;
mod restore;
mod start;
mod support;
mod systemd;
mod tokens;
mod upgrade;
