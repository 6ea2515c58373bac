//! Terraform and OpenTofu provider for the Community Health Toolkit.
//!
//! [`provider`] lists what there is. [`cht`] has the CHT application itself; [`kubernetes`] is the way into a cluster for
//! everything that lives in one. [`k3s`] decides what hosts need to be a cluster. How it all hangs together is in `ARCHITECTURE.md`.

#![cfg_attr(test, allow(clippy::too_many_lines, reason = "a test may be a long table of cases"))]

pub mod cht;
pub mod k3s;
pub mod kubernetes;
pub mod provider;
