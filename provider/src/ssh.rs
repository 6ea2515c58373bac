//! The way to a host by SSH, for every platform that works on hosts. It knows neither Kubernetes nor CHT.
//!
//! A resource has the address of a host and an [`Ssh`] value, and then
//!
//! 1. makes a [`Route`] of both ([`attribute`], [`route`]): the hops, each with its login and what it is known by;
//! 2. opens a [`Session`] ([`sessions`]): one connection for each way, shared by all operations of the process, made by
//!    the first command and again when it broke ([`dial`], [`client`], [`login`]);
//! 3. runs each [`Command`] with a deadline, as root where the way says so ([`command`], [`exec`], [`sudo`]), and puts
//!    files in place with [`Session::upload`] ([`mod@upload`]); what has to go on for a while is [`Held`]
//!    ([`mod@hold`]);
//! 4. keeps the prints of hosts that were believed the first time ([`Session::pins`]) and gives them back with
//!    [`Route::with_pins`].
//!
//! Whether a host is the one that it should be is judged by [`host_key`] and [`known_hosts`], which are pure. What
//! fails is an [`Error`], which holds no secret; [`diagnostics`] says it in a user's words.

pub mod address;
mod advice;
pub mod attribute;
mod client;
pub mod command;
pub mod diagnostics;
mod dial;
pub mod error;
mod exec;
pub mod hold;
mod host_certificate;
pub mod host_key;
pub mod known_hosts;
mod login;
mod mask;
pub mod route;
pub mod rules;
pub mod sessions;
mod stream;
mod sudo;
#[cfg(test)]
mod testing;
pub mod upload;
mod validation;

pub use self::attribute::{Bastion, Ssh, SshDraft};
pub use self::command::{Command, Exit, Output, quoted};
pub use self::diagnostics::Access;
pub use self::error::Error;
pub use self::hold::Held;
pub use self::host_key::{HostKey, Pins};
pub use self::route::Route;
pub use self::sessions::{Session, Sessions};
pub use self::upload::{Upload, Uploaded};
