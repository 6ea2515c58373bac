//! Log-ins: CouchDB's administrators, session cookies, and the CHT's limit of failures.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What a request shows to be let in.
pub(super) enum Login {
    /// Nothing.
    None,
    /// Basic authentication.
    Basic(Credentials),
    /// The cookie of a session.
    Session(String),
}

/// How many failures the CHT takes in [`WINDOW`] from one address, for one user, or with one password.
const MAX_FAILURES: usize = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// The failed log-ins of the last seconds, by what they have in common.
#[derive(Default)]
pub(super) struct FailedLogins(HashMap<String, VecDeque<Instant>>);

impl FailedLogins {
    /// Whether the CHT refuses to look at the credentials.
    pub(super) fn is_limited(&mut self, address: &str, credentials: &Credentials, now: Instant) -> bool {
        keys(address, credentials).iter().any(|key| {
            let Some(failures) = self.0.get_mut(key) else {
                return false;
            };
            while failures
                .front()
                .is_some_and(|failure| now.duration_since(*failure) >= WINDOW)
            {
                failures.pop_front();
            }
            failures.len() >= MAX_FAILURES
        })
    }

    /// Counts a failure.
    pub(super) fn record(&mut self, address: &str, credentials: &Credentials, now: Instant) {
        for key in keys(address, credentials) {
            self.0.entry(key).or_default().push_back(now);
        }
    }
}

fn keys(address: &str, credentials: &Credentials) -> [String; 3] {
    [
        format!("address {address}"),
        format!("user {}", credentials.user),
        format!("password {}", credentials.password),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    #[test]
    fn ten_failures_in_ten_seconds_limit_address_user_and_password() {
        let now = Instant::now();
        let mut failed = FailedLogins::default();
        for count in 0..10 {
            assert!(
                !failed.is_limited("10.0.0.1", &credentials("medic", "wrong"), now),
                "after {count}"
            );
            failed.record("10.0.0.1", &credentials("medic", "wrong"), now);
        }
        let limited = [
            ("10.0.0.1", "a", "b"),
            ("10.0.0.2", "medic", "b"),
            ("10.0.0.2", "a", "wrong"),
        ];
        for (address, user, password) in limited {
            assert!(
                failed.is_limited(address, &credentials(user, password), now),
                "{address} {user} {password}"
            );
        }
        assert!(!failed.is_limited("10.0.0.2", &credentials("a", "b"), now));
        let last_moment = now + WINDOW - Duration::from_millis(1);
        assert!(failed.is_limited("10.0.0.1", &credentials("medic", "wrong"), last_moment));
        assert!(!failed.is_limited("10.0.0.1", &credentials("medic", "wrong"), now + WINDOW));
    }
}
