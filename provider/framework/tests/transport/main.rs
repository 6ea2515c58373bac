//! The transport against a client that behaves as go-plugin's does: real sockets, real TLS, generated gRPC client.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod connections;
mod ends;
#[path = "../go_plugin/mod.rs"]
mod go_plugin;
mod load;
mod test_server;
mod things;

use tfplugin::tfplugin6::get_metadata;
use tfplugin::tfplugin6::provider_client::ProviderClient;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// The largest message that either side may send.
const MAX_MESSAGE: usize = 256 << 20;

fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
}

async fn assert_served(channel: Channel) {
    let check = HealthCheckRequest {
        service: "plugin".to_owned(),
    };
    let health = HealthClient::new(channel.clone()).check(check).await.unwrap();
    assert_eq!(health.into_inner().status(), ServingStatus::Serving);
    let metadata = provider(channel)
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(metadata.resources[0].type_name, "test_thing");
}
