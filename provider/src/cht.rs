//! The Community Health Toolkit: its objects in a Kubernetes cluster, and its HTTP API.
//!
//! [`instance`] is the resource `cht_instance`. [`user`], [`settings`] and [`credential`] are what lives in the
//! application, which they reach by [`application`]. [`client`] speaks to the API of a running instance, usually over
//! [`port_forward`], and [`mod@readiness`] decides from the answers whether the instance can be used. The function
//! [`sizing`] tells what hardware it needs. Start reading at [`instance`].

pub mod application;
pub mod client;
pub mod credential;
pub mod error;
pub mod https;
pub mod instance;
pub mod instance_data;
pub mod monitoring;
pub mod monitoring_data;
pub mod password;
pub mod port_forward;
pub mod readiness;
pub mod settings;
pub mod sizing;
pub mod startup;
pub mod transport;
pub mod upgrade;
pub mod user;
pub mod values;
pub mod version;

#[cfg(test)]
mod testing;

pub use client::{Client, Credentials};
pub use error::Error;
pub use readiness::{Readiness, readiness};
pub use sizing::SizingFunction;
pub use version::ChtVersion;
