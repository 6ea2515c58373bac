//! The guide: how to write a provider, from the smallest one upwards.
//!
//! It is for Rust developers who have used Terraform or OpenTofu a little. Each chapter takes a few minutes, and all
//! its code is compiled by the tests of this crate, and run where it can be. Read the first two in order; after that,
//! take what you need.
//!
//! | chapter | question |
//! | --- | --- |
//! | [`smallest`] | What is a provider, and how does its configuration become clients? |
//! | [`resource`] | How does an object come into being, change, and go? |
//! | [`plans`] | What shows a plan, and how do I decide it? |
//! | [`validation`] | How do I refuse a configuration that cannot work? |
//! | [`nested`] | How do I describe objects in objects, and blocks? |
//! | [`failures`] | What happens when an operation fails, waits, or is interrupted? |
//! | [`adoption`] | How do objects and states come in that this release did not make? |
//! | [`data_sources`] | How do I look something up? |
//! | [`functions`] | How do I compute something without an object? |
//! | [`ephemeral`] | How do I give out a value that is stored nowhere? |
//! | [`secrets`] | How do I keep a secret out of logs, plans and states? |
//! | [`testing`] | How do I test all that without a core? |
//! | [`serving`] | How do I run it, read its logs, and debug it? |
//! | [`traps`] | What can go wrong that I need not care for, and which test holds it? |
//!
//! Some words first. The *core* is Terraform or OpenTofu. A *configuration* says what people want, a *state* what there
//! was when somebody last looked. A *plan* is the difference, which people approve before it is *applied*. The core
//! holds all three and calls the provider for each step, every time in a new process. So nothing that a provider keeps
//! in memory lasts from a plan to its apply.
//!
//! A complete provider in one file is `examples/notes.rs`.

pub mod adoption;
pub mod data_sources;
pub mod ephemeral;
pub mod failures;
pub mod functions;
pub mod nested;
pub mod plans;
pub mod resource;
pub mod secrets;
pub mod serving;
pub mod smallest;
pub mod testing;
pub mod traps;
pub mod validation;
