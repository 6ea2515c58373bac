//! What must never happen, whatever fails: something in the cluster that no state knows and no next apply finds,
//! something made twice, or a difference that stays.
//!
//! - [`matrix`] lets each call of a creation, an update and a deletion fail in each way, one at a time, with the
//!   provider in this process and a core of the framework's ([`lane`]).
//! - [`killed`] kills the provider of the real command line, [`outages`] the API server, and [`interrupts`] has a user
//!   who presses Ctrl-C, all on a [`stage`].
//! - [`upgrades`] kills the provider while CHT 4 becomes CHT 5.
//! - [`live`] looks at the cluster past the provider.

mod interrupts;
mod killed;
mod lane;
mod live;
mod matrix;
mod outages;
mod stage;
mod upgrades;

pub(crate) use matrix::Sample;
