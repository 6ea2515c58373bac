//! Terraform and OpenTofu provider for the Community Health Toolkit.

pub mod cht;
pub mod kubernetes;
