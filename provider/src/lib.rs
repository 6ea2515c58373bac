//! Terraform and OpenTofu provider for the Community Health Toolkit.
//!
//! [`provider`] lists what there is. [`cht`] has the CHT application itself; [`kubernetes`] is the way into a cluster for
//! everything that lives in one. How it all hangs together is in `ARCHITECTURE.md`.

pub mod cht;
pub mod kubernetes;
pub mod provider;
