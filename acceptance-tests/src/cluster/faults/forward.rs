//! The HTTP side: connections, calls that are passed on with their answers, and those that go wrong.

use std::io;

use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Fault;
use super::call::{changes, what};
use super::script::Script;

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// What every connection needs.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) upstream: Client,
    pub(super) script: watch::Sender<Script>,
}

/// Serves until it is dropped, and the connections with it.
pub(super) async fn serve(listener: TcpListener, tls: TlsAcceptor, server: Server) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let mut refuses = false;
                server.script.send_modify(|script| refuses = script.refuses());
                if !refuses {
                    connections.spawn(converse(stream, tls.clone(), server.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
            else => tokio::task::yield_now().await,
        }
    }
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, server: Server) {
    // A client that hangs up is not the server's business.
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = service_fn(|request| server.clone().answer(request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

impl Server {
    async fn answer(self, request: Request<Incoming>) -> io::Result<Answer> {
        let what = what(&request);
        let _open = self.admit(changes(&what)).await;
        let (mut fault, mut refuses) = (None, false);
        self.script.send_modify(|script| {
            refuses = script.refuses();
            fault = if refuses { None } else { script.enter(what) };
        });
        if refuses {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        match fault {
            None => self.forward(request).await,
            Some(Fault::ServerError) => Ok(failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError")),
            Some(Fault::Throttled) => Ok(soon(failure(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"))),
            Some(Fault::Forbidden) => Ok(failure(StatusCode::FORBIDDEN, "Forbidden")),
            // A service that fails ends its connection without an answer.
            Some(Fault::Cut) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::LostAnswer | Fault::Outage) => {
                self.forward(request).await?.into_body().collect().await?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Some(Fault::Hang) => self.stop().await,
            Some(Fault::Withheld) => {
                self.forward(request).await?.into_body().collect().await?;
                self.stop().await
            }
        }
    }

    /// Gives no answer.
    async fn stop(&self) -> io::Result<Answer> {
        self.script.send_modify(Script::stop);
        std::future::pending().await
    }

    /// Waits until a call may pass.
    async fn admit(&self, call_changes: bool) -> Open {
        let mut passes = false;
        self.script.send_modify(|script| passes = script.passes(call_changes));
        if !passes {
            // The sender is ours, so it is never gone.
            let _ = self.script.subscribe().wait_for(Script::is_open).await;
            self.script.send_modify(Script::go_on);
        }
        Open(self.script.clone())
    }

    async fn forward(&self, mut request: Request<Incoming>) -> io::Result<Answer> {
        let client = hyper::upgrade::on(&mut request);
        let (mut head, body) = request.into_parts();
        head.headers.remove(HOST);
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let answer = self.upstream.send(Request::from_parts(head, body.into())).await;
        let mut answer = answer.map_err(io::Error::other)?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let server = hyper::upgrade::on(&mut answer);
            tokio::spawn(async move {
                if let Ok((client, server)) = tokio::try_join!(client, server) {
                    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
                }
            });
        }
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed_unsync()))
    }
}

/// A call that was let through, until it is answered or its client has gone.
struct Open(watch::Sender<Script>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(Script::leave);
    }
}

/// What the API server says when it fails.
fn failure(status: StatusCode, reason: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "message": "a fault of the lab", "reason": reason, "code": status.as_u16(),
    });
    let body = Full::from(body.to_string())
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn soon(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}
