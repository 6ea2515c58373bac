//! The life of a resource against a provider whose behavior each test chooses: by the core simulator where it is about
//! what ends up in the state, by single calls where it is about messages.
//!
//! Tests whose name begins with `trap` are about mistakes that are easily made in a provider; the framework has to make
//! them impossible, or to say whose they are.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod ancestors;
mod calls;
mod client;
mod deferral;
mod ephemeral;
mod failures;
mod functions;
mod identity;
mod identity_calls;
mod interruptions;
mod lifecycle;
mod logs;
mod moves;
mod provider;
mod thing;
mod unnamed;
mod world;
