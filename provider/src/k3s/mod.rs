//! k3s on hosts that are reached by SSH: the decisions, as functions over values.
//!
//! Nothing here does I/O. What is wanted and what was observed come in as values; files, steps, drift and what to tell the
//! user come out.
//!
//! - What is wanted: [`version`], [`config`], [`token`], [`unit`] and, from these, the [`files`] of a host, at the [`paths`]
//!   where k3s' own script has them. [`join`] is what an agent needs of its cluster.
//! - What is there: [`probe`] is one script for each host and what it says, [`marker`] what this provider notes on a host,
//!   [`journal`] what k3s says when it cannot start.

pub mod cleanup;
pub mod config;
pub mod digest;
pub mod drift;
pub mod files;
pub mod join;
pub mod journal;
pub mod marker;
pub mod paths;
pub mod preflight;
pub mod probe;
pub mod rollout;
#[cfg(test)]
mod testing;
pub mod token;
pub mod unit;
pub mod version;
pub mod wait;
