//! The connections of the server: accepting them, TLS on each, and noticing when there are none left.
//!
//! The socket is in `listener`, who is let in is in `tls`, what is served is in `services`.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use crate::server::listener::Listener;

/// How long a client may take for TLS.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait after a failed accept, which mostly means that there are too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// How long the first client may take to connect. The client itself gives a plugin that long to start.
const FIRST_CONNECTION: Duration = Duration::from_secs(60);

/// How long there may be no connection before the core counts as gone.
const NEXT_CONNECTION: Duration = Duration::from_secs(5);

/// Any byte stream.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Counts the open connections.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    open: watch::Sender<usize>,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self {
            open: watch::Sender::new(0),
        }
    }

    /// Waits until the core is gone: no client came, or the last one left and none followed.
    ///
    /// Nothing else tells a plugin that its core was killed. An idle client keeps its connection, as its stream of
    /// standard output is an open RPC.
    pub(super) async fn abandoned(&self) {
        let mut open = self.open.subscribe();
        let mut patience = FIRST_CONNECTION;
        while timeout(patience, open.wait_for(|open| *open > 0)).await.is_ok() {
            // This fails only without a sender, and `self` is one.
            let _ = open.wait_for(|open| *open == 0).await;
            patience = NEXT_CONNECTION;
        }
    }

    fn open(&self, io: Box<dyn Io>) -> Connection {
        self.open.send_modify(|open| *open += 1);
        Connection {
            io,
            connections: self.clone(),
        }
    }
}

/// A connection that requests can come from: with TLS, its handshake is done and the client is the right one.
pub(super) struct Connection {
    io: Box<dyn Io>,
    connections: Connections,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.open.send_modify(|open| *open -= 1);
    }
}

/// The connections that come in on `listener`. One whose TLS handshake fails is logged and left out; one whose
/// handshake is slow holds up no other. The stream never ends.
pub(super) fn incoming(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    connections: Connections,
) -> impl Stream<Item = Result<Connection, Infallible>> {
    stream::unfold(
        listener,
        |listener| async move { Some((accept(&listener).await, listener)) },
    )
    .map(move |socket| establish(socket, tls.clone()))
    .buffer_unordered(usize::MAX)
    .filter_map(move |io| std::future::ready(io.map(|io| Ok(connections.open(io)))))
}

async fn accept(listener: &Listener) -> Box<dyn Io> {
    loop {
        match listener.accept().await {
            Ok(socket) => return socket,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "accepting a connection failed"
                );
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn establish(socket: Box<dyn Io>, tls: Option<TlsAcceptor>) -> Option<Box<dyn Io>> {
    let Some(tls) = tls else {
        return Some(socket);
    };
    match timeout(TLS_HANDSHAKE, tls.accept(socket)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::warn!("a TLS handshake took too long");
            None
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn connection(connections: &Connections) -> Connection {
        connections.open(Box::new(tokio::io::empty()))
    }

    #[tokio::test(start_paused = true)]
    async fn core_that_never_connects_is_gone_after_a_minute() {
        let start = Instant::now();
        Connections::new().abandoned().await;
        assert_eq!(start.elapsed().as_secs(), FIRST_CONNECTION.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn core_is_gone_five_seconds_after_the_last_connection() {
        let connections = Connections::new();
        let (first, second) = (connection(&connections), connection(&connections));
        let abandoned = tokio::spawn({
            let connections = connections.clone();
            async move { connections.abandoned().await }
        });

        drop(first);
        sleep(Duration::from_secs(3600)).await;
        assert!(!abandoned.is_finished(), "there is still a connection");
        drop(second);
        let start = Instant::now();
        abandoned.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), NEXT_CONNECTION.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn core_that_reconnects_is_not_gone() {
        let connections = Connections::new();
        let first = connection(&connections);
        let abandoned = tokio::spawn({
            let connections = connections.clone();
            async move { connections.abandoned().await }
        });
        sleep(Duration::from_secs(1)).await;

        drop(first);
        sleep(NEXT_CONNECTION / 2).await;
        let _second = connection(&connections);
        sleep(NEXT_CONNECTION * 2).await;

        assert!(!abandoned.is_finished());
    }
}
