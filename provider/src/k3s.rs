//! k3s on hosts that are reached by SSH.
//!
//! What decides are functions over values: what is wanted and what was observed come in; files, steps, drift and what
//! to tell the user come out.
//!
//! 1. What is wanted: [`version`], [`config`], [`token`], [`mod@unit`] and, from these, the [`files`] of a host, at the
//!    [`paths`] where k3s' own script has them. [`ca`] are authorities of one's own, [`join`] is what an agent needs of
//!    its cluster.
//! 2. What is there: [`probe`] is one script for each host and what it says, [`marker`] what this provider notes on a
//!    host, [`journal`] what k3s says when it cannot start.
//! 3. What follows: [`preflight`] refuses hosts before anything is changed, [`drift()`](drift::drift) names differences
//!    for a plan, [`rollout`] decides on one step after another, [`wait`] tells when a host is up, or why it never will
//!    be, and [`cleanup`] takes k3s off a host.
//!
//! What acts does as it is told: [`host`] works on one host by SSH, [`mod@program`] fetches what is put there,
//! [`nodes`] asks and changes the Nodes of a cluster, and [`mod@fleet`] looks at all servers of a cluster, asks
//! [`rollout`] for the next step, carries it out, and looks again. The resources are [`cluster`], for all servers, and
//! [`agent`], for each host that only runs pods; [`attributes`] has what both take. [`snapshots_data`] lists what
//! [`cluster`] can be taken back to.
//!
//! Two scripts run on hosts: `probe/probe.sh`, which reads only, and `cleanup/cleanup.sh`. Both go to `sh -s` on
//! standard input, and need no file on the host.

pub mod agent;
pub mod attributes;
pub mod ca;
pub mod cleanup;
pub mod cluster;
pub mod config;
pub mod digest;
pub mod drift;
pub mod files;
pub mod fleet;
pub mod host;
pub mod join;
pub mod journal;
pub mod kubeconfig;
pub mod marker;
pub mod nodes;
pub mod paths;
pub mod preflight;
pub mod probe;
pub mod program;
pub mod rollout;
pub mod snapshots_data;
#[cfg(test)]
mod testing;
pub mod token;
pub mod unit;
pub mod version;
pub mod wait;
