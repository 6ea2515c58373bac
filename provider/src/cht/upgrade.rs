//! Upgrades of the CHT, as its API carries them out.
//!
//! A version is staged first: the CHT fetches it and builds its indexes while the running version serves users, which
//! can take hours. Then the images are exchanged, and the new version takes over what is prepared within a minute.
//! Without that, it would do the same work when it starts, and serve nobody meanwhile.
//!
//! - [`log`] has what the CHT tells of an upgrade. The CHT keeps it in its database, so it is the memory that survives
//!   a killed provider: whoever looks again finds how far it is.
//! - [`staging`] decides from that what to do next, one step at each look.
//! - [`rival`] knows what becomes of an upgrade to another version.
//! - [`summary`] says in a word how far it is.
//! - [`path`] knows which version can follow which.

pub mod log;
pub mod path;
pub mod rival;
pub mod staging;
pub mod summary;

pub use log::{UpgradeAction, UpgradeLog, UpgradeState, Upgrades};
pub use rival::Rival;
pub use staging::{Failure, Staging, Step};
pub use summary::Summary;
