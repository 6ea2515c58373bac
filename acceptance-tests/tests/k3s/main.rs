//! What k3s does on hosts, behavior by behavior, each with the number under which it was measured on the real one.
//!
//! The tests run the stand-in: several hosts on one machine, each with a root directory and a loopback address of its own, and
//! with what stands in for systemd in `support/`. They hold it to the texts and states on which the provider relies.

mod agents;
mod configuration;
mod encryption;
mod faults;
mod joining;
mod membership;
mod restore;
mod start;
mod support;
mod tokens;
mod upgrade;
