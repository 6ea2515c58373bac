//! Tells what persists from what heals.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::object::ObjectKey;
use super::reason::Reason;

/// Remembers since when each reason has been seen.
///
/// A crashing container runs for a moment between two crashes, so a reason is forgotten only after it was away for as
/// long as it would have to persist.
#[derive(Debug)]
pub(super) struct Grace {
    grace: Duration,
    patience: Duration,
    seen: BTreeMap<(ObjectKey, u8), Sighting>,
}

#[derive(Clone, Copy, Debug)]
struct Sighting {
    first: Instant,
    last: Instant,
}

impl Grace {
    pub(super) fn new(grace: Duration, patience: Duration) -> Self {
        Self {
            grace,
            patience,
            seen: BTreeMap::new(),
        }
    }

    /// Takes what is seen now, and returns the first reason that has persisted.
    pub(super) fn judge(&mut self, now: Instant, reasons: Vec<Reason>) -> Option<Reason> {
        let grace = self.grace;
        self.seen
            .retain(|_, sighting| now.duration_since(sighting.last) <= grace);
        let mut persisting = None;
        for reason in reasons {
            let key = (reason.workload.clone(), reason.cause.rank());
            let sighting = self.seen.entry(key).or_insert(Sighting { first: now, last: now });
            sighting.last = now;
            let limit = if reason.cause.may_pass() {
                self.patience.max(grace)
            } else {
                grace
            };
            if now.duration_since(sighting.first) >= limit && persisting.is_none() {
                persisting = Some(reason);
            }
        }
        persisting
    }
}

#[cfg(test)]
mod tests {
    use super::super::reason::Cause;
    use super::*;
    use k8s_openapi::api::apps::v1::Deployment;

    fn missing(name: &str) -> Vec<Reason> {
        vec![Reason {
            workload: ObjectKey::namespaced::<Deployment>("cht", name),
            cause: Cause::Missing,
        }]
    }

    fn steps(steps: &[(u64, Vec<Reason>)]) -> Vec<bool> {
        let start = Instant::now();
        let mut grace = Grace::new(Duration::from_secs(60), Duration::from_secs(600));
        let judge = |(at, reasons): &(u64, Vec<Reason>)| {
            grace.judge(start + Duration::from_secs(*at), reasons.clone()).is_some()
        };
        steps.iter().map(judge).collect()
    }

    #[test]
    fn reason_fails_when_it_persists_also_with_short_gaps() {
        let steps = steps(&[(0, missing("a")), (30, vec![]), (50, missing("a")), (60, missing("a"))]);
        assert_eq!(steps, [false, false, false, true]);
    }

    #[test]
    fn healed_or_new_reason_starts_over() {
        assert_eq!(steps(&[(0, missing("a")), (61, missing("a"))]), [false, false]);
        assert_eq!(
            steps(&[(0, missing("a")), (60, missing("b")), (119, missing("b"))]),
            [false, false, false]
        );
        let healed = steps(&[(0, missing("a")), (10, missing("a")), (71, vec![]), (80, missing("a"))]);
        assert_eq!(healed, [false; 4]);
    }

    #[test]
    fn without_grace_the_first_sight_fails() {
        assert!(
            Grace::new(Duration::ZERO, Duration::ZERO)
                .judge(Instant::now(), missing("a"))
                .is_some()
        );
    }

    #[test]
    fn what_the_cluster_mends_itself_is_given_more_time() {
        let mut grace = Grace::new(Duration::from_secs(60), Duration::from_secs(600));
        let began = Instant::now();
        let unschedulable = || {
            let cause = Cause::Unschedulable {
                pod: "a".to_owned(),
                message: "no node".to_owned(),
            };
            missing("a")
                .into_iter()
                .map(|reason| Reason {
                    cause: cause.clone(),
                    ..reason
                })
                .collect::<Vec<_>>()
        };
        let mut at = |seconds: u64| grace.judge(began + Duration::from_secs(seconds), unschedulable());
        for seconds in (0..600).step_by(30) {
            assert_eq!(at(seconds), None, "after {seconds} s");
        }
        assert!(at(600).is_some());
    }
}
