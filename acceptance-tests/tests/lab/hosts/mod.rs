//! Hosts: that they boot and are reached, what can be done to them, and what is left of them when they end.

mod disturbance;
mod leftovers;
mod machine;

use std::ops::Deref;
use std::time::Duration;

use acceptance_tests::hosts::{Cgroups, Host, HostOptions, Hosts, available};
use tokio::sync::{RwLock, RwLockReadGuard};

/// How long the lab may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Tests that look at what is left of a lab have the numbers of labs to themselves.
pub(crate) static LABS: RwLock<()> = RwLock::const_new(());

/// Hosts beside those of other tests.
struct Shared {
    hosts: Hosts,
    _beside: RwLockReadGuard<'static, ()>,
}

impl Deref for Shared {
    type Target = Hosts;

    fn deref(&self) -> &Hosts {
        &self.hosts
    }
}

/// So many hosts; none if the test is skipped.
async fn hosts(count: usize) -> Option<Shared> {
    hosts_with(Cgroups::default(), &vec![HostOptions::default(); count]).await
}

/// Hosts with options; none if the test is skipped.
async fn hosts_with(cgroups: Cgroups, options: &[HostOptions]) -> Option<Shared> {
    if !available() {
        return None;
    }
    let beside = LABS.read().await;
    Some(Shared {
        hosts: Hosts::with(cgroups, options).await.unwrap(),
        _beside: beside,
    })
}

/// Whether sshd on the host says who it is.
async fn answers(host: &Host) -> bool {
    let hello = async {
        let stream = tokio::net::TcpStream::connect((host.ip(), 22)).await?;
        stream.readable().await?;
        let mut hello = [0; 4];
        stream.try_read(&mut hello)?;
        std::io::Result::Ok(hello == *b"SSH-")
    };
    // A packet to a host that was cut off may be sent again only after a second or two.
    matches!(tokio::time::timeout(Duration::from_secs(4), hello).await, Ok(Ok(true)))
}
