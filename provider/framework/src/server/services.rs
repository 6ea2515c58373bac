//! What is served on a connection: the provider, and the services that go-plugin adds to it.
//!
//! Of go-plugin's services only Shutdown does something. The streams just stay open: the client opens both at start,
//! and an open RPC keeps its end of the connection from being closed as idle after half an hour of waiting for an
//! answer.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use tfplugin::plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use tfplugin::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use tfplugin::plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use tfplugin::plugin::{ConnInfo, Empty, StdioData};
use tfplugin::tfplugin6::provider_server::{Provider, ProviderServer};
use tonic::codegen::BoxStream;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic::{Request, Response, Status, Streaming};
use tonic_health::ServingStatus;

use crate::server::{Mode, Stops};

/// The largest message, either way. States of this size exist; tonic's own limit of 4 MiB is soon met.
const MAX_MESSAGE: usize = 256 << 20;

/// How much of one message, and of all messages, may be on its way before the receiver must confirm.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The name under which go-plugin's clients ask for the health of a plugin.
const HEALTH_SERVICE: &str = "plugin";

/// Everything that is served.
///
/// There are no keepalive pings: a local socket reports a dead peer by itself, and a core that is suspended or in a
/// debugger answers none.
pub(super) async fn router<S: Provider>(service: S, mode: Mode, stops: &Stops) -> Router {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status(HEALTH_SERVICE, ServingStatus::Serving)
        .await;
    let provider = ProviderServer::new(service)
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    let plugin = PluginServices {
        mode,
        stops: stops.clone(),
    };
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keepalive_interval(None::<Duration>)
        .add_service(provider)
        .add_service(GrpcControllerServer::new(plugin.clone()))
        .add_service(GrpcStdioServer::new(plugin.clone()))
        .add_service(GrpcBrokerServer::new(plugin))
        .add_service(health)
}

#[derive(Debug, Clone)]
struct PluginServices {
    mode: Mode,
    stops: Stops,
}

impl PluginServices {
    /// `stream`, but it also ends when the server stops.
    fn until_stopped<T>(&self, stream: impl Stream<Item = Result<T, Status>> + Send + 'static) -> BoxStream<T> {
        stream.take_until(self.stops.stop.clone().cancelled_owned()).boxed()
    }
}

#[tonic::async_trait]
impl GrpcController for PluginServices {
    /// Stops the server. RPCs that are open, this one among them, still get to answer.
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        match self.mode {
            Mode::Plugin => self.stops.shut_down(),
            // The core that leaves did not start this process, and others may follow.
            Mode::Reattach => tracing::debug!("not stopping, as no core started this process"),
        }
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for PluginServices {
    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(self.until_stopped(stream::pending())))
    }
}

#[tonic::async_trait]
impl GrpcBroker for PluginServices {
    /// Reads and ignores what the client says for as long as the stream is open: a request that is dropped unread would
    /// be reset.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let unanswered = request.into_inner().filter_map(|_| std::future::ready(None));
        Ok(Response::new(self.until_stopped(unanswered)))
    }
}
