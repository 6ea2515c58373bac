//! Counting members of etcd.
//!
//! More than half of the voters must answer, or nothing can be written, not even the removal of a member. Facts:
//! [etcd's fault tolerance](https://etcd.io/docs/v3.6/faq/).

use super::{Member, Seen, Server};

/// How many of so many voters must answer.
#[must_use]
pub fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}

/// The voters of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voters {
    /// All that etcd counts, whether they answer or not.
    pub all: usize,
    /// Those that answer.
    pub healthy: usize,
}

impl Voters {
    /// Counts them.
    #[must_use]
    pub fn of(seen: &Seen) -> Self {
        let voters = || seen.servers.values().filter(|server| is_voter(server));
        Self {
            all: voters().count(),
            healthy: voters().filter(|server| server.healthy).count(),
        }
    }

    /// Whether they can decide. Without etcd, there is nothing to decide.
    #[must_use]
    pub fn have_quorum(self) -> bool {
        self.all == 0 || self.healthy >= quorum(self.all)
    }

    /// Whether they can still decide while one that is healthy is down.
    #[must_use]
    pub fn can_spare_one(self) -> bool {
        self.healthy > quorum(self.all)
    }

    /// Whether they could decide with one more, once that votes.
    #[must_use]
    pub fn can_take_one(self) -> bool {
        self.healthy + 1 >= quorum(self.all + 1)
    }

    /// How many may be taken away in one change: as many as may fail, and one of two.
    #[must_use]
    pub fn removable(self) -> usize {
        match self.all {
            0 => usize::MAX,
            1 | 2 => 1,
            all => all - quorum(all),
        }
    }
}

fn is_voter(server: &Server) -> bool {
    server.member == Member::Voter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_must_answer() {
        let counts: Vec<usize> = (1..=7).map(quorum).collect();
        assert_eq!(counts, [1, 2, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn one_is_spared_only_if_the_rest_can_decide() {
        for (all, healthy, spare, take) in [
            (1, 1, false, true),
            (2, 2, false, true),
            (2, 1, false, true),
            (3, 3, true, true),
            (3, 2, false, true),
            (4, 4, true, true),
            (4, 3, false, true),
            (5, 4, true, true),
            (5, 3, false, true),
            (5, 2, false, false),
        ] {
            let voters = Voters { all, healthy };
            assert_eq!(
                (voters.can_spare_one(), voters.can_take_one()),
                (spare, take),
                "{voters:?}"
            );
        }
        assert!(!Voters { all: 3, healthy: 1 }.have_quorum());
    }

    #[test]
    fn a_change_never_takes_more_away_than_may_fail() {
        let removable: Vec<usize> = (1..=7).map(|all| Voters { all, healthy: all }.removable()).collect();
        assert_eq!(removable, [1, 1, 1, 1, 2, 2, 3]);
    }
}
