//! What a change of `cht_version` does, and what is refused of it.
//!
//! - [`target`] is the version that a configuration brings.
//! - [`images`] tells which versions the cluster has the images of, whoever put them there.
//! - [`guard`] refuses plans and updates that would take CHT back, or that CHT does not support.
//! - [`outlook`] is what the running application says to a plan: [`space`] tells whether the volumes have room for it,
//!   [`rivals`] whether somebody has begun another upgrade.
//! - [`next_line`] says what CHT 5 changes for those who come from CHT 4.
//! - [`prepare`] stages the version while the one before serves; [`refusals`] are the words for a CHT that does not.
//!   The exchange of the images is an update like any other.

mod guard;
mod images;
pub(super) mod next_line;
pub(super) mod outlook;
mod prepare;
mod refusals;
mod rivals;
mod space;
mod target;

pub(super) use self::guard::{VersionChange, check, check_images};
pub(super) use self::images::adopt;
pub(super) use self::prepare::{Installed, Preparation, before};
pub(super) use self::target::version_of;
