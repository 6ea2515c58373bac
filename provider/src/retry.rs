//! Tries a call again after throttling, server errors and broken connections.
//!
//! Which calls may be made twice is for their errors to say ([`Transient`]). This is the only place of the platforms
//! that sleeps: waits for the state of something belong to the framework's `wait`.

use std::error::Error;
use std::time::{Duration, Instant};

use tf_framework::diagnostics::error_chain;
use tokio::time::sleep;
use tracing::warn;

/// An error of a call that may be made again.
pub(crate) trait Transient: Error + Sized + 'static {
    /// Whether the same call may succeed later without anybody changing anything, and does no harm if the first one
    /// did.
    fn is_transient(&self) -> bool;

    /// How long the server asks to be left alone.
    fn asked_delay(&self) -> Option<Duration> {
        None
    }
}

/// How often, and for how long, a call is tried.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The wait before the second try; it doubles from try to try.
    pub first_delay: Duration,
    /// The longest wait that is chosen here; the server may ask for more.
    pub longest_delay: Duration,
    /// How many tries there are at most.
    pub tries: u32,
    /// No try starts later than this after the first one.
    pub budget: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(5),
            tries: 6,
            budget: Duration::from_secs(45),
        }
    }
}

impl Retry {
    /// Runs `attempt` until it succeeds, fails for good, or the tries are used up; the last error is returned.
    pub(crate) async fn run<T, E, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        E: Transient,
        F: Future<Output = Result<T, E>>,
    {
        let started = Instant::now();
        let mut tries = 0;
        loop {
            let error = match attempt().await {
                Err(error) if error.is_transient() => error,
                result => return result,
            };
            tries += 1;
            let Some(delay) = self.delay(tries, started.elapsed(), error.asked_delay()) else {
                return Err(error);
            };
            warn!(error = %error_chain(&error), tries, delay_ms = delay.as_millis(), "call failed, trying again");
            sleep(delay).await;
        }
    }

    /// The wait after `tries` failed tries, or `None` if that was the last one.
    fn delay(&self, tries: u32, elapsed: Duration, retry_after: Option<Duration>) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled = self
            .first_delay
            .saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        // Parallel resources fail together; jitter keeps them from coming back together.
        let delay = match retry_after {
            Some(asked) => asked + self.first_delay.mul_f64(rand::random_range(0.0..1.0)),
            None => doubled.min(self.longest_delay).mul_f64(rand::random_range(0.5..1.0)),
        };
        (elapsed + delay <= self.budget).then_some(delay)
    }
}

#[cfg(test)]
impl Retry {
    /// Tries as often as by default, without waiting.
    pub(crate) fn immediate() -> Self {
        Self {
            first_delay: Duration::ZERO,
            longest_delay: Duration::ZERO,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn delays_double_up_to_the_longest_with_jitter() {
        let retry = Retry {
            first_delay: SECOND,
            longest_delay: 5 * SECOND,
            tries: 6,
            budget: 60 * SECOND,
        };
        for (tries, longest) in [(1, 1), (2, 2), (3, 4), (4, 5), (5, 5)] {
            let delay = retry.delay(tries, Duration::ZERO, None).unwrap();
            assert!(
                delay <= longest * SECOND && delay >= longest * SECOND / 2,
                "{tries}: {delay:?}"
            );
        }
        assert_eq!(retry.delay(6, Duration::ZERO, None), None);
    }

    #[test]
    fn server_may_ask_for_more_but_not_beyond_the_budget() {
        let retry = Retry {
            first_delay: SECOND,
            longest_delay: SECOND,
            tries: 6,
            budget: 30 * SECOND,
        };
        assert!(retry.delay(1, Duration::ZERO, Some(20 * SECOND)).unwrap() >= 20 * SECOND);
        assert_eq!(retry.delay(1, 15 * SECOND, Some(20 * SECOND)), None);
    }
}
