//! The far end of every port-forward: kwok's configuration names one fixed address, the relay's, which passes each
//! connection on to the target of the moment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::WriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time;

/// After so long without a word a connection is taken to be left behind. Requests in the lab are answered sooner.
const IDLE: Duration = Duration::from_mins(2);

const BUFFER: usize = 16 * 1024;

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

/// Passes on what either side says, until both have ended or nothing was said for long: kwok keeps the connections of
/// port-forwards whose clients have gone.
async fn pass_on(mut connection: TcpStream, address: SocketAddr) -> io::Result<()> {
    let mut target = TcpStream::connect(address).await?;
    let (mut from_client, mut to_client) = connection.split();
    let (mut from_target, mut to_target) = target.split();
    let (mut asked, mut answered) = ([0; BUFFER], [0; BUFFER]);
    let (mut asks, mut answers) = (true, true);
    while asks || answers {
        tokio::select! {
            read = from_client.read(&mut asked), if asks => asks = hand_on(&mut to_target, &asked, read?).await?,
            read = from_target.read(&mut answered), if answers => answers = hand_on(&mut to_client, &answered, read?).await?,
            () = time::sleep(IDLE) => break,
        }
    }
    Ok(())
}

/// Hands on what was read, or the end; answers whether there may be more.
async fn hand_on(to: &mut WriteHalf<'_>, buffer: &[u8], read: usize) -> io::Result<bool> {
    match buffer.get(..read) {
        Some([]) | None => to.shutdown().await.map(|()| false),
        Some(said) => to.write_all(said).await.map(|()| true),
    }
}
