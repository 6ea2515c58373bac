//! Acceptance tests: the real `tofu` (and `terraform`, where there is one) applies real configurations to the lab's
//! cluster through the real provider.
//!
//! One module for each resource, one for all functions, [`certificate`] for those that users would buy, and `faults`
//! for calls that fail, processes that are killed and servers that go away; [`support`] has the lab that they share.
//! They are ignored in a plain `cargo test`, `cargo xtask test` runs them.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail as tests do")]

mod application;
mod certificate;
mod cht_credential;
mod cht_instance;
mod cht_settings;
mod cht_ssh_host;
mod cht_user;
mod data_sources;
mod examples;
mod examples_inside;
mod faults;
mod functions;
mod guides;
mod permissions;
mod reattach;
mod ssh;
mod support;
