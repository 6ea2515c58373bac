//! Generates the protocol's types, servers and clients. protox parses the .proto files in Rust, so no protoc is needed.

use std::error::Error;

/// Every .proto file, relative to `proto/`.
const FILES: [&str; 4] = [
    "tfplugin6.proto",
    "grpc_controller.proto",
    "grpc_stdio.proto",
    "grpc_broker.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    tonic_prost_build::configure()
        .btree_map(".")
        .bytes(".")
        // An RPC that a provider does not implement answers Unimplemented, which every core understands.
        .generate_default_stubs(true)
        // Clients take any channel; only tests use one, so only they need tonic's.
        .build_transport(false)
        .compile_fds(protox::compile(FILES, ["proto"])?)?;
    Ok(())
}
