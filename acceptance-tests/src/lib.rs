//! The lab.

pub mod cht;
