//! The Community Health Toolkit: its objects in a Kubernetes cluster, and its HTTP API.
//!
//! [`instance`] is the resource `cht_instance`. [`client`] speaks to the API of a running instance, usually over
//! [`port_forward`], and [`mod@readiness`] decides from the answers whether the instance can be used. The function
//! [`sizing`] tells what hardware it needs. Start reading at [`instance`].

pub mod client;
pub mod error;
pub mod instance;
pub mod monitoring;
pub mod port_forward;
pub mod readiness;
pub mod sizing;
pub mod startup;
pub mod transport;
pub mod values;
pub mod version;

#[cfg(test)]
mod testing;

pub use client::{Client, Credentials};
pub use error::Error;
pub use readiness::{Readiness, readiness};
pub use sizing::SizingFunction;
pub use version::ChtVersion;
