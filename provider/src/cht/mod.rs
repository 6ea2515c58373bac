//! The Community Health Toolkit: its objects in a Kubernetes cluster.
//!
//! [`instance`] turns the description of an instance into Kubernetes objects; it does no I/O. Start reading at
//! [`instance::spec`].

pub mod instance;
pub mod version;
