//! The judges: the framework held against go-cty and against the real cores.
//!
//! - [`codec`]: values in their encodings, as go-cty reads and writes them.
//! - [`proposed`]: what cores propose for plans.
//! - [`validity`]: what cores refuse of plans and results.
//! - [`simulator`]: the simulator of a core for tests of resources, beside the cores themselves.
//! - [`features`]: what cores do with everything that a provider can have.
//! - [`notes`]: the example of the framework, with the cores.
//!
//! All cases are generated from a fixed seed, so that a run can be repeated; `CHT_JUDGES_SEED` sets another one.
//! They are ignored in a plain `cargo test`, `cargo xtask test` runs them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests fail as tests do"
)]

mod codec;
mod cty;
mod features;
mod generate;
mod notes;
mod proposed;
mod run;
mod simulator;
mod support;
mod validity;
