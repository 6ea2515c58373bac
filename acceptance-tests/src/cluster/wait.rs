//! Waiting for something to become so, with a deadline: the only sleep of the lab.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{self, Instant};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// What a look found: done, with a value, or not yet, with what is there instead.
pub type Probe<T> = std::result::Result<T, String>;

/// Looks again and again until there is a value.
///
/// # Errors
/// After `limit`, with `what` was waited for and what the last look found.
pub async fn until<T, F>(what: &str, limit: Duration, mut probe: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Probe<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        // A look that hangs must not outlast the deadline.
        let last = match time::timeout_at(deadline, probe()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(last)) => last,
            Err(_) => "no answer".to_owned(),
        };
        if Instant::now() >= deadline {
            bail!("waited {} s for {what}; last: {last}", limit.as_secs());
        }
        time::sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn value_ends_the_wait() {
        let mut looks = 0;
        let found = until("three looks", Duration::from_secs(60), || {
            looks += 1;
            std::future::ready(if looks == 3 {
                Ok(looks)
            } else {
                Err(format!("{looks} looks"))
            })
        });
        assert_eq!(found.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn timeout_names_what_was_found_last() {
        let error = until::<(), _>("rain", Duration::ZERO, || std::future::ready(Err("sun".to_owned()))).await;
        assert_eq!(error.unwrap_err().to_string(), "waited 0 s for rain; last: sun");
    }
}
