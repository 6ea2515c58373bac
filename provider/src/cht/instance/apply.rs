//! How the cluster is changed.
//!
//! - [`converge`] is what creation and update have in common: their goal, and the way there. [`steps`] has its steps,
//!   [`database`] proves in between that CouchDB is complete and has its data.
//! - [`update`] has the order of an update: [`rotation`] changes the password, [`crate::cht::instance::upgrade`]
//!   prepares another version, then the rest follows.
//! - [`teardown`] is what a deletion does, and what an update removes.

pub(super) mod converge;
mod database;
mod rotation;
pub(super) mod steps;
pub(super) mod teardown;
pub(super) mod update;
