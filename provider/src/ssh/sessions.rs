//! One connection for each way to a host, for as long as the process lives, and what can be done over it.
//!
//! A core runs many operations at once, and each has its way as a value of its own. Those that go to the same host in
//! the same way share a connection, and all that goes through a bastion shares the bastion's. A connection that broke,
//! as by a reboot, is made anew by the next command. Nothing is kept of a failure but for those who wait for the same
//! host at that moment.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};

use russh::Channel;
use russh::client::Msg;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::client::Link;
use super::command::{Command, Output};
use super::error::{Error, Step};
use super::exec::execute;
use super::host_key::{HostKey, Pins, Policy};
use super::route::{Hop, Route};

/// How many large files are uploaded at once.
const UPLOADS: usize = 5;

/// The connections of this process.
#[derive(Clone)]
pub struct Sessions(Arc<Pool>);

struct Pool {
    slots: Lock<Vec<Known>>,
    uploads: Semaphore,
}

/// A way, from this machine to a hop, and the connection to the hop.
struct Known {
    hops: Vec<Hop>,
    slot: Arc<Slot>,
}

/// The connection, if there is one; whoever makes it holds the lock, and the others wait for it.
type Slot = Mutex<Dialed>;

#[derive(Default)]
struct Dialed {
    link: Option<Arc<Link>>,
    silence: Option<Silence>,
}

/// A host did not answer. Whoever waited meanwhile does not wait for the same once more: behind a bastion that is gone
/// there may be many hosts.
struct Silence {
    until: Instant,
    step: Step,
    waited: Duration,
}

/// A host that can be reached: what operations on it work with.
#[derive(Clone)]
pub struct Session {
    sessions: Sessions,
    route: Arc<Route>,
    cancellation: CancellationToken,
}

impl Sessions {
    /// A session with the host that a way leads to. Nothing is dialed: the first command does that.
    pub fn open(&self, route: Route) -> Session {
        Session {
            sessions: self.clone(),
            route: Arc::new(route),
            cancellation: CancellationToken::new(),
        }
    }

    /// The connection to the last of some hops, made if there is none, through the ones before it.
    fn link<'a>(&'a self, hops: &'a [Hop]) -> Pin<Box<dyn Future<Output = Result<Arc<Link>, Error>> + Send + 'a>> {
        Box::pin(async move {
            let asked = Instant::now();
            let slot = self.slot(hops);
            let mut slot = slot.lock().await;
            if let Some(link) = slot.link.as_ref().filter(|link| !link.is_closed()) {
                return Ok(Arc::clone(link));
            }
            let Some((hop, before)) = hops.split_last() else {
                return Err(Error::HostKeyFormat {
                    message: "the way has no host".to_owned(),
                });
            };
            if let Some(silence) = slot.silence.as_ref().filter(|silence| silence.until >= asked) {
                return Err(self.on_bastion(hop, silence.error(hop)));
            }
            let through = match before {
                [] => None,
                before => Some(self.link(before).await?),
            };
            let link = match Link::establish(hop, through).await {
                Ok(link) => Arc::new(link),
                Err(error) => {
                    slot.silence = Silence::of(&error);
                    return Err(self.on_bastion(hop, error));
                }
            };
            slot.link = Some(Arc::clone(&link));
            Ok(link)
        })
    }

    fn slot(&self, hops: &[Hop]) -> Arc<Slot> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slots.iter().find(|known| known.hops == hops) {
            return Arc::clone(&known.slot);
        }
        let slot = Arc::new(Slot::default());
        slots.push(Known {
            hops: hops.to_vec(),
            slot: Arc::clone(&slot),
        });
        slot
    }

    fn on_bastion(&self, hop: &Hop, error: Error) -> Error {
        match hop.bastion {
            Some(index) => Error::Bastion {
                index,
                host: hop.address.to_string(),
                source: Box::new(error),
            },
            None => error,
        }
    }
}

impl Session {
    /// The same, with work that ends when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: &CancellationToken) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// The address of the host, with its port.
    pub fn address(&self) -> String {
        self.route.address()
    }

    /// Connects and logs in, if that is not done yet, and answers with the key by which the host was believed.
    ///
    /// # Errors
    /// The host cannot be reached, is not believed, or does not let us in.
    pub async fn connect(&self) -> Result<HostKey, Error> {
        let link = self
            .unless_cancelled("connect", self.sessions.link(&self.route.hops))
            .await?;
        Ok(link.key.clone())
    }

    /// The prints of all hosts on the way that were believed because nothing else is recorded of them, for
    /// [`Route::with_pins`] the next time.
    ///
    /// # Errors
    /// As [`Session::connect`].
    pub async fn pins(&self) -> Result<Pins, Error> {
        let mut pins = Pins::new();
        for (index, hop) in self.route.hops.iter().enumerate() {
            if hop.trust.policy == Policy::AcceptNew && hop.trust.is_unrecorded(&hop.address) {
                let hops = self.route.hops.get(..=index).unwrap_or_default();
                let link = self.unless_cancelled("connect", self.sessions.link(hops)).await?;
                pins.insert(hop.address.to_string(), link.key.print.clone());
            }
        }
        Ok(pins)
    }

    /// Runs a command to its end, whatever its exit status.
    ///
    /// # Errors
    /// The host cannot be reached, `sudo` refuses, or the command does not end in time.
    pub async fn exec(&self, command: Command) -> Result<Output, Error> {
        let what = command.what.clone();
        let work = async {
            let link = self.sessions.link(&self.route.hops).await?;
            let patience = command.timeout.unwrap_or(self.route.command_timeout);
            match link.open_session(&what, patience).await {
                // It broke while nobody looked; the command has not begun.
                Err(Error::Disconnected { .. }) => {
                    self.forget(&link).await;
                    let link = self.sessions.link(&self.route.hops).await?;
                    let channel = link.open_session(&what, patience).await?;
                    self.on_channel(&link, channel, command).await
                }
                channel => self.on_channel(&link, channel?, command).await,
            }
        };
        self.unless_cancelled(&what, work).await
    }

    /// Runs a command that has to succeed.
    ///
    /// # Errors
    /// As [`Session::exec`], and if its exit status is not 0.
    pub async fn run(&self, command: Command) -> Result<Output, Error> {
        let what = command.what.clone();
        let output = self.exec(command).await?;
        if output.exit.is_success() {
            return Ok(output);
        }
        Err(Error::CommandFailed {
            host: self.address(),
            what,
            exit: output.exit,
            output: output.shown,
        })
    }

    /// Ends the connection, as before a reboot of the host, so that the next command makes a new one.
    pub async fn disconnect(&self) {
        self.sessions.slot(&self.route.hops).lock().await.link = None;
    }

    /// How long a command may take where nothing else is said.
    pub(super) fn command_timeout(&self) -> Duration {
        self.route.command_timeout
    }

    /// Waits until fewer than five large files are on their way.
    pub(super) async fn turn_to_upload(&self) -> Option<SemaphorePermit<'_>> {
        self.sessions.0.uploads.acquire().await.ok()
    }

    async fn on_channel(
        &self,
        link: &Arc<Link>,
        (channel, _permit): (Channel<Msg>, SemaphorePermit<'_>),
        command: Command,
    ) -> Result<Output, Error> {
        execute(link, &self.route, channel, command).await
    }

    /// Forgets a connection, unless somebody has made another one already.
    async fn forget(&self, broken: &Arc<Link>) {
        let slot = self.sessions.slot(&self.route.hops);
        let mut slot = slot.lock().await;
        if slot.link.as_ref().is_some_and(|link| Arc::ptr_eq(link, broken)) {
            slot.link = None;
        }
    }

    async fn unless_cancelled<T>(&self, what: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            result = work => result,
            () = self.cancellation.cancelled() => Err(Error::Interrupted {
                host: self.address(),
                what: what.to_owned(),
            }),
        }
    }
}

impl Silence {
    fn of(error: &Error) -> Option<Self> {
        let Error::ConnectTimeout { step, waited, .. } = error else {
            return None;
        };
        Some(Silence {
            until: Instant::now(),
            step: *step,
            waited: *waited,
        })
    }

    fn error(&self, hop: &Hop) -> Error {
        Error::ConnectTimeout {
            host: hop.address.to_string(),
            step: self.step,
            waited: self.waited,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions(Arc::new(Pool {
            slots: Lock::default(),
            uploads: Semaphore::new(UPLOADS),
        }))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
