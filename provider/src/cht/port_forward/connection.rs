//! HTTP over one port-forward: one request after the other, until somebody hangs up.

use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::cht::transport::TransportError;

const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// The pod that a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) name: String,
    /// What tells it from a later one of the same name.
    pub(super) uid: String,
}

/// A connection to the API of one pod. It takes one request at a time, and one that was given up halfway must not be
/// used again.
pub(super) struct Connection {
    target: Target,
    sender: SendRequest<Full<Bytes>>,
    closed: CancellationToken,
    _driver: AbortOnDropHandle<()>,
}

impl Connection {
    pub(super) async fn open<S>(target: Target, stream: S) -> Result<Self, TransportError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, driver) = handshake.map_err(|source| broken(&target, source))?;
        let closed = CancellationToken::new();
        let at_the_end = closed.clone().drop_guard();
        let driver = tokio::spawn(async move {
            let _at_the_end = at_the_end;
            // How it ended is told to whoever waits for an answer.
            let _ = driver.await;
        });
        Ok(Self {
            target,
            sender,
            closed,
            _driver: AbortOnDropHandle::new(driver),
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// What is cancelled when the other side hangs up.
    pub(super) fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    pub(super) async fn exchange(&mut self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let unsent = |source| Failure {
            error: broken(&self.target, source),
            was_sent: false,
        };
        self.sender.ready().await.map_err(unsent)?;
        let answer = self.sender.try_send_request(request.map(Full::new)).await;
        let answer = answer.map_err(|mut failure| Failure {
            was_sent: failure.take_message().is_none(),
            error: broken(&self.target, failure.into_error()),
        })?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|source| Failure {
            error: TransportError::ReadAnswer {
                pod: self.target.name.clone(),
                source,
            },
            was_sent: true,
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// An exchange that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: TransportError,
    /// Whether any of the request may have arrived.
    was_sent: bool,
}

impl Failure {
    /// Whether the same request can be sent again, over another connection, without doing anything twice.
    pub(super) fn may_be_repeated(&self, method: &Method) -> bool {
        !self.was_sent || method.is_idempotent()
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

fn broken(target: &Target, source: hyper::Error) -> TransportError {
    TransportError::Exchange {
        pod: target.name.clone(),
        source,
    }
}
