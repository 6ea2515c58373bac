//! Terraform and OpenTofu provider for the Community Health Toolkit.
//!
//! [`provider`] lists what there is. [`cht`] has the CHT application itself; [`kubernetes`] is the way into a cluster
//! for everything that lives in one, and [`ssh`] the way to hosts, of which [`ssh_host`] tells what they are and
//! [`k3s`] decides what they need to be a cluster. [`vsphere`] makes the machines of a data center, and [`aws`] is for
//! what is in Amazon's cloud. How it all hangs together is in `ARCHITECTURE.md`.

#![cfg_attr(test, allow(clippy::too_many_lines, reason = "a test may be a long table of cases"))]

pub mod aws;
mod causes;
pub mod cht;
mod clients;
mod home;
pub mod k3s;
pub mod kubernetes;
mod number;
pub mod provider;
pub mod retry;
pub mod ssh;
pub mod ssh_host;
pub mod vsphere;
mod wording;
