//! Types, servers and clients of the Terraform plugin protocol, generated from the .proto files in `proto/`.
//!
//! - [`tfplugin6`] is protocol 6.11 as Terraform 1.16.3 speaks it, a superset of what OpenTofu 1.12 speaks (6.10).
//!   Names and numbers are those of the `docs/plugin-protocol` folders of both; everything else in the files is our
//!   own.
//! - [`plugin`] are the services that go-plugin 1.8 adds to the connection: shutdown, standard streams, broker.
//!
//! There is no logic here. Maps are sorted, so that encoding is deterministic; `bytes` fields are
//! [`Bytes`](prost::bytes::Bytes), so that decoding does not copy states. How a server is run is in `tf-framework`'s
//! `server` module; what the messages mean is in its `wire` module.

#![allow(
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "prost and tonic write neither docs nor reasons, and one function for all calls of a service"
)]

/// The provider's service and its messages.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's own services.
pub mod plugin {
    tonic::include_proto!("plugin");
}
