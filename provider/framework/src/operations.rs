//! The operations of a resource's life: each takes what the core asks for, runs the author's code, and answers within
//! the rules of the core.
//!
//! [`plan`], [`upgrade`], [`move_state`] and [`function`] answer at once; [`apply`], [`read`], [`import`] and
//! [`ephemeral`] run on a task of their own ([`task`]). Operations that only look may answer that something cannot be
//! done yet ([`surroundings`]). What happens to values on the way is in [`lifecycle`](crate::lifecycle); the wire is
//! not known here.

pub(crate) mod answer;
pub(crate) mod apply;
pub(crate) mod ephemeral;
pub(crate) mod function;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod move_state;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod surroundings;
pub(crate) mod task;
pub(crate) mod upgrade;
