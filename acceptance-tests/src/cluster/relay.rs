//! The far end of every port-forward: kwok's configuration names one fixed address, the relay's, which passes each
//! connection on to the target of the moment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io;
use tokio::net::{TcpListener, TcpStream};

/// Where connections go; none at first, and then they are closed at once, as by a pod that does not listen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target(Arc<Mutex<Option<SocketAddr>>>);

impl Target {
    pub(crate) fn set(&self, address: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    fn get(&self) -> Option<SocketAddr> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until its runtime ends.
pub(crate) async fn serve(listener: TcpListener, target: Target) {
    loop {
        // A connection that ends before it is accepted is the only error here, and no reason to stop.
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        if let Some(address) = target.get() {
            tokio::spawn(pass_on(connection, address));
        }
    }
}

async fn pass_on(mut connection: TcpStream, address: SocketAddr) -> io::Result<()> {
    let mut target = TcpStream::connect(address).await?;
    io::copy_bidirectional(&mut connection, &mut target).await?;
    Ok(())
}
