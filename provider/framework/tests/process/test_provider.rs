//! A provider without resources, for the tests that need a process of their own. `--debug` is the reattach mode.
#![expect(clippy::panic, reason = "the tests look at what becomes of a panic")]

use std::process::ExitCode;

use tf_framework::panic::catch_panics;
use tf_framework::server::{Mode, ServeOptions, run};
use tfplugin::tfplugin6::provider_server::Provider;
use tfplugin::tfplugin6::{
    Schema, apply_resource_change, get_functions, get_metadata, get_provider_schema, schema, stop_provider,
};
use tonic::{Request, Response, Status};

fn main() -> ExitCode {
    let mut options = ServeOptions::new("registry.terraform.io/medic/test");
    if std::env::args().any(|argument| argument == "--debug") {
        options.mode = Mode::Reattach;
    }
    run(TestProvider, options)
}

struct TestProvider;

#[tonic::async_trait]
impl Provider for TestProvider {
    async fn get_provider_schema(
        &self,
        _request: Request<get_provider_schema::Request>,
    ) -> Result<Response<get_provider_schema::Response>, Status> {
        let provider = Some(Schema {
            version: 0,
            block: Some(schema::Block::default()),
        });
        Ok(Response::new(get_provider_schema::Response {
            provider,
            ..Default::default()
        }))
    }

    async fn get_metadata(
        &self,
        _request: Request<get_metadata::Request>,
    ) -> Result<Response<get_metadata::Response>, Status> {
        Ok(Response::new(get_metadata::Response::default()))
    }

    /// Never ends.
    async fn apply_resource_change(
        &self,
        _request: Request<apply_resource_change::Request>,
    ) -> Result<Response<apply_resource_change::Response>, Status> {
        std::future::pending().await
    }

    /// Panics, and survives it.
    async fn get_functions(
        &self,
        _request: Request<get_functions::Request>,
    ) -> Result<Response<get_functions::Response>, Status> {
        let panic = catch_panics(async { panic!("a panic that is caught") }).await;
        Err(Status::internal(
            panic.map_or_else(|text| text.to_string(), |()| "no panic".to_owned()),
        ))
    }

    /// Panics, and nobody minds.
    async fn stop_provider(
        &self,
        _request: Request<stop_provider::Request>,
    ) -> Result<Response<stop_provider::Response>, Status> {
        panic!("a panic that nobody catches")
    }
}
