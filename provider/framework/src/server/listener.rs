//! The socket that the client connects to.
//!
//! It is a unix socket in a fresh folder that only the user can enter, and TCP on the loopback interface where a unix
//! socket cannot be. Dropping the [`Listener`] removes the socket and its folder. What happens on a connection is in
//! `connections`.

use std::io;
use std::net::{Ipv4Addr, TcpListener as StdTcpListener};
use std::ops::RangeInclusive;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::server::connections::Io;
use crate::server::handshake::{Address, Environment};

/// An open socket.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    address: Address,
    /// Holds the unix socket, and is removed with it.
    _directory: Option<TempDir>,
}

/// Why no socket could be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The folder for the socket could not be made.
    #[error("unable to create a folder for the socket in {parent}")]
    CreateDirectory {
        /// Where it should have been.
        parent: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The socket could not be made.
    #[error("unable to open the unix socket {path}")]
    BindUnix {
        /// The socket's path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no such group.
    #[error("there is no group {group}")]
    FindGroup {
        /// The name that was looked up.
        group: String,
        /// What the system said; absent if there simply is no such group.
        #[source]
        source: Option<io::Error>,
    },
    /// The socket could not be given to the group.
    #[error("unable to give the socket to group {group}")]
    ShareWithGroup {
        /// The group's name or id.
        group: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// None of the ports could be opened.
    #[error("unable to open any TCP port from {first} to {last}")]
    BindTcp {
        /// The first port that was tried.
        first: u16,
        /// The last port that was tried.
        last: u16,
        /// What the system said about the last one.
        #[source]
        source: Option<io::Error>,
    },
}

#[derive(Debug)]
enum Socket {
    #[cfg(unix)]
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Opens the socket. Must be called inside a runtime.
    pub(super) fn bind(environment: &Environment) -> Result<Self, ListenError> {
        #[cfg(unix)]
        if let Some(listener) = Self::bind_unix(environment)? {
            return Ok(listener);
        }
        Self::bind_tcp(&environment.ports)
    }

    /// Where the socket is.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next client.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Io>> {
        match &self.socket {
            #[cfg(unix)]
            Socket::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Socket::Tcp(listener) => {
                let stream = listener.accept().await?.0;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }

    /// Opens a unix socket, unless its path is one that cannot be used.
    #[cfg(unix)]
    fn bind_unix(environment: &Environment) -> Result<Option<Self>, ListenError> {
        use std::os::unix::fs::PermissionsExt;

        let parent = &environment.socket_directory;
        let directory = tempfile::Builder::new()
            .prefix("plugin")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(|source| ListenError::CreateDirectory {
                parent: parent.clone(),
                source,
            })?;
        let path = directory.path().join("socket");
        let Some(address) = usable_in_handshake(&path) else {
            return Ok(None);
        };
        let listener = UnixListener::bind(&path).map_err(|source| ListenError::BindUnix {
            path: path.clone(),
            source,
        })?;
        if let Some(group) = &environment.socket_group {
            share_with_group(directory.path(), &path, group)?;
        }
        Ok(Some(Self {
            socket: Socket::Unix(listener),
            address: Address {
                network: "unix",
                address,
            },
            _directory: Some(directory),
        }))
    }

    /// Opens the first free port of `ports` on the loopback interface.
    fn bind_tcp(ports: &RangeInclusive<u16>) -> Result<Self, ListenError> {
        let mut last_error = None;
        for port in ports.clone() {
            match listen_on(port) {
                Ok((listener, address)) => {
                    return Ok(Self {
                        socket: Socket::Tcp(listener),
                        address: Address {
                            network: "tcp",
                            address,
                        },
                        _directory: None,
                    });
                }
                Err(error) => last_error = Some(error),
            }
        }
        Err(ListenError::BindTcp {
            first: *ports.start(),
            last: *ports.end(),
            source: last_error,
        })
    }
}

fn listen_on(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?.to_string();
    Ok((TcpListener::from_std(listener)?, address))
}

/// The path as text, if the system takes it for a socket (about 100 bytes are allowed) and the handshake line can carry
/// it.
#[cfg(unix)]
fn usable_in_handshake(path: &Path) -> Option<String> {
    use std::os::unix::net::SocketAddr;

    let text = path.to_str()?;
    let carried = !text.contains(|c: char| c == '|' || c.is_control());
    (carried && SocketAddr::from_pathname(path).is_ok()).then(|| text.to_owned())
}

/// Lets the members of `group` connect, and nobody else but the user.
#[cfg(unix)]
fn share_with_group(directory: &Path, socket: &Path, group: &str) -> Result<(), ListenError> {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    let gid = match group.parse::<u32>() {
        Ok(gid) => gid,
        Err(_) => nix::unistd::Group::from_name(group)
            .map_err(|errno| ListenError::FindGroup {
                group: group.to_owned(),
                source: Some(errno.into()),
            })?
            .ok_or_else(|| ListenError::FindGroup {
                group: group.to_owned(),
                source: None,
            })?
            .gid
            .as_raw(),
    };
    chown(socket, None, Some(gid))
        .and_then(|()| set_permissions(socket, Permissions::from_mode(0o660)))
        .and_then(|()| chown(directory, None, Some(gid)))
        .and_then(|()| set_permissions(directory, Permissions::from_mode(0o710)))
        .map_err(|source| ListenError::ShareWithGroup {
            group: group.to_owned(),
            source,
        })
}
