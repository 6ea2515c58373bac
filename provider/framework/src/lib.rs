//! A framework for Terraform and OpenTofu providers.

pub mod diagnostics;
pub mod lifecycle;
pub mod model;
pub mod path;
pub mod schema;
pub mod types;
pub mod value;
