//! temp
pub(crate) mod rpc;
