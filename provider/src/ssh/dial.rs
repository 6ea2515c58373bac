//! The stream to a host: a TCP connection, or a tunnel through the host before it.
//!
//! Besides [`super::client`], which speaks over it, the one place that opens connections.

use std::time::Duration;

use russh::ChannelOpenFailure;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::Address;
use super::client::Link;
use super::error::Error;

/// What SSH is spoken over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Dials a host, directly or through the one before it.
///
/// # Errors
/// There is no such host, or it does not answer.
pub(super) async fn dial(address: &Address, through: Option<&Link>) -> Result<Box<dyn Stream>, Error> {
    match through {
        None => Ok(Box::new(connect(address).await?)),
        Some(bastion) => Ok(Box::new(tunnel(bastion, address).await?)),
    }
}

async fn tunnel(bastion: &Link, to: &Address) -> Result<impl Stream + use<>, Error> {
    match bastion.open_tunnel(to).await {
        Ok(channel) => Ok(channel.into_stream()),
        Err(russh::Error::ChannelOpenFailure(failure)) => Err(Error::Tunnel {
            bastion: bastion.host.clone(),
            host: to.to_string(),
            reason: tunnel_failure(&failure),
        }),
        Err(_) => Err(bastion.broken()),
    }
}

/// How long an address is tried if there is another: one of a network that leads nowhere never answers.
const PER_ADDRESS: Duration = Duration::from_secs(5);

/// Tries all addresses of a name, and answers with the failure of the last.
async fn connect(address: &Address) -> Result<TcpStream, Error> {
    let host = address.to_string();
    let found = lookup_host((address.host.as_str(), address.port)).await;
    let found = found.map_err(|source| Error::Resolve {
        host: address.host.clone(),
        source,
    })?;
    let mut failure = None;
    let mut found = found.peekable();
    while let Some(one) = found.next() {
        let connecting = TcpStream::connect(one);
        let connected = match found.peek() {
            None => connecting.await,
            Some(_) => timeout(PER_ADDRESS, connecting)
                .await
                .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())),
        };
        match connected {
            Ok(stream) => {
                // Small packets go at once: commands are a conversation.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(source) => failure = Some(source),
        }
    }
    Err(match failure {
        Some(source) if source.kind() == std::io::ErrorKind::ConnectionRefused => Error::Refused { host },
        Some(source) => Error::Unreachable { host, source },
        None => Error::Unreachable {
            host,
            source: std::io::ErrorKind::AddrNotAvailable.into(),
        },
    })
}

fn tunnel_failure(failure: &ChannelOpenFailure) -> String {
    match failure {
        ChannelOpenFailure::AdministrativelyProhibited => {
            "it forbids connections to there (`AllowTcpForwarding` or `PermitOpen` of its SSH server)".to_owned()
        }
        ChannelOpenFailure::ConnectFailed => "nothing answers there".to_owned(),
        ChannelOpenFailure::UnknownChannelType => "its SSH server does not forward connections".to_owned(),
        ChannelOpenFailure::ResourceShortage => "it has no room for more connections".to_owned(),
        ChannelOpenFailure::Other { reason, .. } => reason.clone(),
    }
}
