//! Waits: probing until something is there, for as long as the operation may take.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Scope;
use crate::diagnostics::Diagnostics;
use crate::model::format_duration;

/// What a probe of [`Scope::wait`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It is not there yet; the text says how far it is.
    Pending(String),
    /// It is there.
    Ready(T),
}

/// How long to pause between two probes: from `first`, half as long again each time, up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Backoff {
    /// For things that take seconds: half a second at first, five seconds at most.
    pub const QUICK: Backoff = Backoff {
        first: Duration::from_millis(500),
        most: Duration::from_secs(5),
    };
    /// For things that take minutes: two seconds at first, twenty at most.
    pub const SLOW: Backoff = Backoff {
        first: Duration::from_secs(2),
        most: Duration::from_secs(20),
    };
}

/// How often a wait tells in the log what it is waiting for.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

impl<C> Scope<C> {
    /// Probes until it is [`Progress::Ready`]: the only place where an operation may pause.
    ///
    /// `what` completes the sentence "waiting for …".
    ///
    /// # Errors
    /// Fails with the probe's own error, when the operation is cancelled, and when its time is over; the latter two
    /// name what was awaited and its last status.
    pub async fn wait<T, E, F>(
        &self,
        what: &str,
        backoff: Backoff,
        mut probe: impl FnMut() -> F,
    ) -> Result<T, Diagnostics>
    where
        E: Into<Diagnostics>,
        F: Future<Output = Result<Progress<T>, E>>,
    {
        let began = Instant::now();
        let mut pause = backoff.first;
        let mut last_status = String::from("nothing seen yet");
        let mut last_logged = began;
        loop {
            let answer = tokio::select! {
                answer = probe() => answer.map_err(Into::into)?,
                interruption = self.interruption() => return Err(self.interrupted(interruption, what, &last_status)),
            };
            match answer {
                Progress::Ready(found) => return Ok(found),
                Progress::Pending(status) => last_status = status,
            }
            if last_logged.elapsed() >= PROGRESS_INTERVAL {
                last_logged = Instant::now();
                tracing::info!(
                    what,
                    status = last_status,
                    waited_seconds = began.elapsed().as_secs(),
                    "still waiting"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                interruption = self.interruption() => return Err(self.interrupted(interruption, what, &last_status)),
            }
            pause = (pause * 3 / 2).min(backoff.most);
        }
    }

    async fn interruption(&self) -> Interruption {
        tokio::select! {
            () = self.cancel.cancelled() => Interruption::Cancelled,
            () = tokio::time::sleep_until(self.deadline) => Interruption::TimedOut,
        }
    }

    fn interrupted(&self, interruption: Interruption, what: &str, last_status: &str) -> Diagnostics {
        match interruption {
            Interruption::Cancelled => Diagnostics::error(
                "Operation cancelled",
                format!("It was cancelled while waiting for {what}.\n\nLast status: {last_status}"),
            ),
            Interruption::TimedOut => {
                let limit = format_duration(self.deadline - self.started);
                let mut detail = format!(
                    "Waited for {what} until the time for this operation ({limit}) was over.\n\nLast status: {last_status}"
                );
                if self.is_configurable {
                    let advice = format!("\n\nIf it only needs longer, raise `timeouts.{}`.", self.operation);
                    detail.push_str(&advice);
                }
                Diagnostics::error("Timed out", detail)
            }
        }
    }
}

enum Interruption {
    Cancelled,
    TimedOut,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio_util::sync::CancellationToken;

    use super::*;

    fn scope(limit: Duration) -> Scope<()> {
        Scope::new(Arc::new(()), "create", limit, CancellationToken::new(), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_the_probe_is_ready() {
        let probes = AtomicU32::new(0);
        let found = scope(Duration::from_secs(60))
            .wait("the moon", Backoff::QUICK, || async {
                let count = probes.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Diagnostics>(if count == 3 {
                    Progress::Ready(count)
                } else {
                    Progress::Pending("rising".into())
                })
            })
            .await;
        assert_eq!(found, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_names_what_was_awaited_and_its_last_status() {
        let outcome = scope(Duration::from_secs(90))
            .wait("the moon", Backoff::QUICK, || async {
                Ok::<Progress<()>, Diagnostics>(Progress::Pending("still below the horizon".into()))
            })
            .await;
        let text = outcome.expect_err("it never rises").to_string();
        assert!(
            text.contains("the moon") && text.contains("still below the horizon"),
            "{text}"
        );
        assert!(text.contains("1m30s") && text.contains("timeouts.create"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_ends_at_once_even_if_the_probe_hangs() {
        let scope = scope(Duration::from_secs(3600));
        scope.cancellation().cancel();
        let outcome = scope
            .wait(
                "the moon",
                Backoff::SLOW,
                std::future::pending::<Result<Progress<()>, Diagnostics>>,
            )
            .await;
        assert!(
            outcome
                .expect_err("cancelled")
                .to_string()
                .contains("cancelled while waiting for the moon")
        );
    }
}
