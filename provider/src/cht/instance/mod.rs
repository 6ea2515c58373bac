//! One CHT instance: what it is made of ([`spec`]) and the Kubernetes objects that follow from it ([`objects`]).

pub mod objects;
pub mod spec;
