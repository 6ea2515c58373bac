//! Signals: a core's Ctrl-C reaches its plugins too and must not end them, as the core first waits for their RPCs and
//! then says Shutdown.

use std::io;

use tokio_util::sync::CancellationToken;

use crate::server::Mode;

/// Takes over the signals that would end the process, from now on and for good; those that should end it cancel `stop`.
#[cfg(unix)]
pub(super) fn watch(mode: Mode, stop: &CancellationToken) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let stop = stop.clone();
    #[cfg(target_os = "linux")]
    if mode == Mode::Plugin {
        linux::stop_with_parent(stop.clone())?;
    }
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => match mode {
                    Mode::Plugin => tracing::debug!("ignoring an interrupt, as the core handles it"),
                    Mode::Reattach => break,
                },
                _ = terminate.recv() => break,
                _ = hangup.recv() => break,
            }
        }
        stop.cancel();
    });
    Ok(())
}

/// Takes over Ctrl-C, from now on and for good; in reattach mode it cancels `stop`.
#[cfg(not(unix))]
pub(super) fn watch(mode: Mode, stop: &CancellationToken) -> io::Result<()> {
    let stop = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if mode == Mode::Reattach {
                stop.cancel();
            }
        }
    });
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    //! A core that is killed cannot say Shutdown, but Linux can tell us of its death.

    use std::io;

    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::getppid;
    use tokio::signal::unix::{SignalKind, signal};
    use tokio_util::sync::CancellationToken;

    /// Cancels `stop` when the parent process dies.
    ///
    /// The kernel sends the signal when the *thread* dies that started us, so it counts only if we also have another
    /// parent since.
    pub(super) fn stop_with_parent(stop: CancellationToken) -> io::Result<()> {
        let parent = getppid();
        let mut parent_died = signal(SignalKind::user_defined1())?;
        set_pdeathsig(Signal::SIGUSR1)?;
        tokio::spawn(async move {
            while parent_died.recv().await.is_some() {
                if getppid() != parent {
                    tracing::info!("stopping because the core died");
                    stop.cancel();
                }
            }
        });
        Ok(())
    }
}
