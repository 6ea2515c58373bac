//! Whether the nodes of a CouchDB cluster have found together, and what to do if not.
//!
//! The first node brings the others in, but tries it only for a while after it started. Where a volume or an image of
//! another node takes longer, nobody ever does it again, unless the first node starts anew.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::cht::client::Membership;

/// How long the first node tries to bring the others in: twenty times with five seconds in between, and some time to
/// start.
const ATTEMPT: Duration = Duration::from_secs(120);

/// What to do about a cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All nodes are there.
    Complete,
    /// Some are missing, as this text says, and may still come.
    Incomplete(String),
    /// Nobody is going to bring the missing nodes in.
    GivenUp,
}

/// The cluster that is to come together.
pub(super) struct Assembly {
    expected: BTreeSet<String>,
    attempt_began: Instant,
}

impl Assembly {
    /// Expects these nodes, which an attempt that begins now is to bring together.
    pub(super) fn new(expected: BTreeSet<String>, now: Instant) -> Self {
        Self {
            expected,
            attempt_began: now,
        }
    }

    /// Decides on what the first node says. Once given up, another attempt has begun.
    pub(super) fn judge(&mut self, membership: &Membership, now: Instant) -> Verdict {
        let members: BTreeSet<String> = membership.cluster_nodes.iter().cloned().collect();
        let connected: BTreeSet<String> = membership.all_nodes.iter().cloned().collect();
        if members == self.expected && connected == self.expected {
            return Verdict::Complete;
        }
        let foreign: Vec<&String> = members.difference(&self.expected).collect();
        if let Some(foreign) = foreign.first() {
            return Verdict::Incomplete(format!(
                "CouchDB has the node {foreign}, which is not part of this instance"
            ));
        }
        let missing: Vec<&str> = self.expected.difference(&members).map(String::as_str).collect();
        if missing.is_empty() {
            let away: Vec<&str> = self.expected.difference(&connected).map(String::as_str).collect();
            return Verdict::Incomplete(format!("CouchDB has no connection to {}", away.join(", ")));
        }
        if now.duration_since(self.attempt_began) >= ATTEMPT {
            self.attempt_began = now;
            return Verdict::GivenUp;
        }
        Verdict::Incomplete(format!("CouchDB's cluster lacks {}", missing.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 3] = ["couchdb@a", "couchdb@b", "couchdb@c"];

    fn assembly(now: Instant) -> Assembly {
        Assembly::new(ALL.map(str::to_owned).into(), now)
    }

    fn membership(connected: &[&str], members: &[&str]) -> Membership {
        let owned = |nodes: &[&str]| nodes.iter().map(|node| (*node).to_owned()).collect();
        Membership {
            all_nodes: owned(connected),
            cluster_nodes: owned(members),
        }
    }

    #[test]
    fn a_cluster_is_complete_when_all_nodes_are_members_and_connected() {
        let now = Instant::now();
        assert_eq!(assembly(now).judge(&membership(&ALL, &ALL), now), Verdict::Complete);
        let away = assembly(now).judge(&membership(&ALL[..2], &ALL), now);
        assert_eq!(
            away,
            Verdict::Incomplete("CouchDB has no connection to couchdb@c".to_owned())
        );
    }

    #[test]
    fn missing_nodes_are_awaited_for_one_attempt_at_a_time() {
        let now = Instant::now();
        let mut assembly = assembly(now);
        let alone = membership(&ALL[..1], &ALL[..1]);
        let waiting = Verdict::Incomplete("CouchDB's cluster lacks couchdb@b, couchdb@c".to_owned());
        assert_eq!(assembly.judge(&alone, now), waiting);
        assert_eq!(assembly.judge(&alone, now + ATTEMPT), Verdict::GivenUp);
        assert_eq!(assembly.judge(&alone, now + ATTEMPT), waiting);
        assert_eq!(assembly.judge(&alone, now + 2 * ATTEMPT), Verdict::GivenUp);
    }

    #[test]
    fn a_member_that_cannot_be_reached_is_not_brought_in_again() {
        let now = Instant::now();
        let later = now + 10 * ATTEMPT;
        let verdict = assembly(now).judge(&membership(&ALL[..2], &ALL), later);
        assert!(matches!(verdict, Verdict::Incomplete(_)), "{verdict:?}");
    }

    #[test]
    fn a_node_of_another_instance_is_named() {
        let now = Instant::now();
        let nodes = ["couchdb@127.0.0.1", "couchdb@a"];
        let verdict = assembly(now).judge(&membership(&nodes, &nodes), now);
        assert!(matches!(verdict, Verdict::Incomplete(text) if text.contains("couchdb@127.0.0.1")));
    }
}
