//! A framework for Terraform and OpenTofu providers.

pub mod server;
