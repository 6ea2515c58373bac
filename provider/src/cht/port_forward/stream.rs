//! One port of a pod as a stream of bytes, over a WebSocket through the API server.
//!
//! `kube` makes the WebSocket, and has port-forwards as well. Those hold 128 KiB for each, which is most of what an
//! operation needs when many run at once; one port needs neither that nor their tasks and pipes.
//!
//! In the [subprotocol](https://pkg.go.dev/k8s.io/kubelet/pkg/cri/streaming/portforward)
//! each message begins with the number of its channel, of which a port has two, one for its bytes and one for the
//! reason why there are none. The first message of a channel says which port it is for.

use std::io;

use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use hyper::body::Bytes;
use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use kube::core::Request;
use tokio::io::{AsyncRead, AsyncWrite, join};
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

const BYTES: u8 = 0;
const REASON: u8 = 1;

/// Answers of the CHT are a few KiB, and longer ones come in pieces.
const BUFFER_BYTES: usize = 8 * 1024;

/// A port of a pod.
pub(super) struct Port {
    pub(super) stream: Box<dyn Stream>,
    /// Why nothing answers there, in the kubelet's words, if it comes to that.
    pub(super) reason: BoxFuture<'static, Option<String>>,
}

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Port {
    /// Asks the API server for a port of a pod. It answers before the port is reached.
    ///
    /// # Errors
    /// The API server does not allow it, or does not answer.
    pub(super) async fn open(pods: &Api<Pod>, pod: &str, port: u16) -> Result<Self, kube::Error> {
        let request = Request::new(pods.resource_url()).portforward(pod, &[port]);
        let request = request.map_err(kube::Error::BuildRequest)?;
        let socket = pods.clone().into_client().connect(request).await?.into_stream();
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES);
        Ok(Self::over(
            WebSocketStream::from_raw_socket(socket.into_inner(), Role::Client, Some(config)).await,
        ))
    }

    fn over<S: Stream + 'static>(socket: WebSocketStream<S>) -> Self {
        let (outgoing, incoming) = socket.split();
        let (tell, reason) = oneshot::channel();
        let mut channels = Channels {
            are_begun: [false; 2],
            tell: Some(tell),
        };
        let incoming = incoming
            // Whoever takes leave says no more, also if the connection stays.
            .take_while(|message| ready(!matches!(message, Ok(Message::Close(_)))))
            .filter_map(move |message| {
                ready(match message {
                    Ok(Message::Binary(message)) => channels.take(message).map(Ok),
                    Ok(_) => None,
                    Err(failure) => Some(Err(io::Error::other(failure))),
                })
            });
        let outgoing = outgoing
            .with(|bytes: Bytes| ready(Ok::<_, Error>(Message::binary([&[BYTES], &bytes[..]].concat()))))
            .sink_map_err(io::Error::other);
        let writer = SinkWriter::new(CopyToBytes::new(outgoing));
        Port {
            stream: Box::new(join(StreamReader::new(incoming), writer)),
            reason: reason.map(Result::ok).boxed(),
        }
    }
}

/// What has come of the channels of a port.
struct Channels {
    are_begun: [bool; 2],
    tell: Option<oneshot::Sender<String>>,
}

impl Channels {
    /// The bytes of the port that a message has, if it has any.
    fn take(&mut self, mut message: Bytes) -> Option<Bytes> {
        let channel = *message.first()?;
        let is_begun = self.are_begun.get_mut(usize::from(channel))?;
        if !std::mem::replace(is_begun, true) {
            return None;
        }
        let content = message.split_off(1);
        if channel == REASON {
            let words = String::from_utf8_lossy(&content).into_owned();
            // Whoever has an answer already does not ask for it.
            let _ = self.tell.take().map(|tell| tell.send(words));
            return None;
        }
        Some(content).filter(|content| !content.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A port, and the kubelet's side of it.
    async fn port() -> (Port, WebSocketStream<tokio::io::DuplexStream>) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let near = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        (
            Port::over(near),
            WebSocketStream::from_raw_socket(far, Role::Server, None).await,
        )
    }

    async fn say(kubelet: &mut WebSocketStream<tokio::io::DuplexStream>, messages: &[&[u8]]) {
        for message in messages {
            kubelet.send(Message::binary(message.to_vec())).await.unwrap();
        }
    }

    #[tokio::test]
    async fn bytes_go_both_ways_without_what_is_said_of_channels() {
        let (mut port, mut kubelet) = port().await;
        say(
            &mut kubelet,
            &[
                b"\x00\x64\x17",
                b"\x01\x64\x17",
                b"\x00HTTP/1.1 ",
                b"\x00",
                b"\x00200 OK",
            ],
        )
        .await;
        let mut answer = [0; 15];
        port.stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");

        port.stream.write_all(b"GET /").await.unwrap();
        port.stream.flush().await.unwrap();
        let asked = kubelet.next().await.unwrap().unwrap();
        assert_eq!(asked.into_data().as_ref(), b"\x00GET /");

        kubelet.close(None).await.unwrap();
        assert_eq!(port.stream.read(&mut answer).await.unwrap(), 0, "it ends");
        drop(port.stream);
        assert_eq!(port.reason.await, None, "there is none");
    }

    #[tokio::test]
    async fn the_kubelets_reason_is_told_and_what_nobody_asked_for_is_overlooked() {
        let (mut port, mut kubelet) = port().await;
        let told: &[&[u8]] = &[
            b"\x01\x64\x17",
            b"\x04of another port",
            b"",
            b"\x01connection refused",
            b"\x01again",
        ];
        say(&mut kubelet, told).await;
        kubelet.close(None).await.unwrap();
        assert_eq!(port.stream.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(port.reason.await.as_deref(), Some("connection refused"));
    }

    #[tokio::test]
    async fn a_message_longer_than_the_buffer_arrives() {
        let (near, far) = tokio::io::duplex(1024);
        let config = WebSocketConfig::default().read_buffer_size(64).write_buffer_size(64);
        let near = WebSocketStream::from_raw_socket(near, Role::Client, Some(config)).await;
        let (mut port, mut kubelet) = (
            Port::over(near),
            WebSocketStream::from_raw_socket(far, Role::Server, None).await,
        );
        let long = [&[BYTES], &[7; 100_000][..]].concat();
        let kubelet = async move {
            say(&mut kubelet, &[b"\x00\x64\x17", &long]).await;
            kubelet
        };
        let mut answer = vec![0; 100_000];
        let (read, _kubelet) = tokio::join!(port.stream.read_exact(&mut answer), kubelet);
        assert_eq!(read.unwrap(), 100_000);
        assert!(answer.iter().all(|byte| *byte == 7));
    }
}
