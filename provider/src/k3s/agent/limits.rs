//! How many agents of a cluster are worked on at once, in this process.
//!
//! Each agent is a resource of its own, and the core works on many of them at once. An agent that is upgraded,
//! restarted or removed takes its pods away from the cluster, so that takes turns; k3s asks not to let too many join
//! together. After a failure the others are left as they are: what broke one agent would break the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many agents of a cluster join at once.
const MOST_JOINING: usize = 10;

/// The agents that are being worked on.
#[derive(Clone, Debug, Default)]
pub struct Limits(Arc<Mutex<BTreeMap<String, Cluster>>>);

/// The agents of one cluster that are being worked on.
#[derive(Debug, Default)]
struct Cluster {
    /// Each as often as there is a resource of that name.
    present: Vec<String>,
    joining: BTreeSet<String>,
    changing: BTreeSet<String>,
    failed: Option<String>,
}

/// What an agent has its turn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It joins.
    Join,
    /// It is changed, with so many others at most, and not after one has failed.
    Change {
        /// How many are changed at once.
        most: usize,
    },
    /// It is removed: as for a change, but the failure of another is no reason to stay.
    Leave {
        /// How many are changed at once.
        most: usize,
    },
}

/// Why an agent has to wait, or may not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not its turn yet: these are being worked on.
    Busy(Vec<String>),
    /// The change of this one has failed.
    Failed(String),
}

/// That an agent is among what is applied, until it is dropped.
#[derive(Debug)]
pub struct Presence {
    limits: Limits,
    cluster: String,
    agent: String,
}

/// The turn of an agent, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    limits: Limits,
    cluster: String,
    agent: String,
    work: Work,
}

impl Limits {
    /// Notes that an agent is among what is applied.
    #[must_use]
    pub fn come(&self, cluster: &str, agent: &str) -> Presence {
        let mut clusters = self.lock();
        clusters
            .entry(cluster.to_owned())
            .or_default()
            .present
            .push(agent.to_owned());
        Presence {
            limits: self.clone(),
            cluster: cluster.to_owned(),
            agent: agent.to_owned(),
        }
    }

    /// Those of these agents that are not being changed or removed now.
    #[must_use]
    pub fn without_turn(&self, cluster: &str, agents: Vec<String>) -> Vec<String> {
        let clusters = self.lock();
        let has_turn = |agent: &String| clusters.get(cluster).is_some_and(|all| all.changing.contains(agent));
        agents.into_iter().filter(|agent| !has_turn(agent)).collect()
    }

    /// Those of these agents that are not among what is applied, as far as that has begun.
    #[must_use]
    pub fn absent(&self, cluster: &str, agents: &[String]) -> Vec<String> {
        let clusters = self.lock();
        let is_present = |agent: &String| clusters.get(cluster).is_some_and(|all| all.present.contains(agent));
        agents.iter().filter(|agent| !is_present(agent)).cloned().collect()
    }

    /// Takes the turn of an agent, if it can have it now.
    ///
    /// # Errors
    /// Others are being worked on, or one of them has failed.
    pub fn try_take(&self, cluster: &str, agent: &str, work: Work) -> Result<Turn, Refused> {
        let mut clusters = self.lock();
        let of_cluster = clusters.entry(cluster.to_owned()).or_default();
        if matches!(work, Work::Change { .. }) {
            // Who has failed may try again.
            of_cluster.failed.take_if(|failed| failed == agent);
            if let Some(failed) = &of_cluster.failed {
                return Err(Refused::Failed(failed.clone()));
            }
        }
        let most = work.most();
        let busy = of_cluster.of(work);
        // Two resources of one name are one Node, and must not work on it together.
        if busy.len() >= most || busy.contains(agent) {
            return Err(Refused::Busy(busy.iter().cloned().collect()));
        }
        busy.insert(agent.to_owned());
        Ok(Turn {
            limits: self.clone(),
            cluster: cluster.to_owned(),
            agent: agent.to_owned(),
            work,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Cluster>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    fn of(&mut self, work: Work) -> &mut BTreeSet<String> {
        match work {
            Work::Join => &mut self.joining,
            Work::Change { .. } | Work::Leave { .. } => &mut self.changing,
        }
    }
}

impl Work {
    fn most(self) -> usize {
        match self {
            Self::Join => MOST_JOINING,
            Self::Change { most } | Self::Leave { most } => most.max(1),
        }
    }
}

impl Turn {
    /// Ends the turn of an agent whose change has failed: the others are left as they are.
    pub fn fail(self) {
        if matches!(self.work, Work::Change { .. }) {
            let mut clusters = self.limits.lock();
            let of_cluster = clusters.entry(self.cluster.clone()).or_default();
            of_cluster.failed = Some(self.agent.clone());
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(of_cluster) = self.limits.lock().get_mut(&self.cluster)
            && let Some(index) = of_cluster.present.iter().position(|agent| *agent == self.agent)
        {
            of_cluster.present.swap_remove(index);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(of_cluster) = self.limits.lock().get_mut(&self.cluster) {
            of_cluster.of(self.work).remove(&self.agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: Work = Work::Change { most: 2 };

    fn busy(names: &[&str]) -> Refused {
        Refused::Busy(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn no_more_agents_of_a_cluster_are_changed_or_removed_at_once_than_may_be() {
        let limits = Limits::default();
        let first = limits.try_take("c1", "a", CHANGE).unwrap();
        let _second = limits.try_take("c1", "b", Work::Leave { most: 2 }).unwrap();
        assert_eq!(limits.try_take("c1", "c", CHANGE).unwrap_err(), busy(&["a", "b"]));
        assert!(limits.try_take("c2", "c", CHANGE).is_ok(), "another cluster");
        assert!(limits.try_take("c1", "c", Work::Join).is_ok(), "joining harms nobody");
        drop(first);
        assert!(limits.try_take("c1", "c", CHANGE).is_ok());
    }

    #[test]
    fn ten_agents_join_at_once() {
        let limits = Limits::default();
        let turns: Vec<Turn> = (0..10)
            .map(|number| limits.try_take("c1", &number.to_string(), Work::Join).unwrap())
            .collect();
        assert!(matches!(limits.try_take("c1", "x", Work::Join), Err(Refused::Busy(names)) if names.len() == 10));
        drop(turns);
        assert!(limits.try_take("c1", "x", Work::Join).is_ok());
    }

    #[test]
    fn after_a_failure_others_are_not_changed_but_may_leave_and_the_failed_one_may_try_again() {
        let limits = Limits::default();
        limits.try_take("c1", "a", CHANGE).unwrap().fail();
        assert_eq!(
            limits.try_take("c1", "b", CHANGE).unwrap_err(),
            Refused::Failed("a".to_owned())
        );
        assert!(limits.try_take("c1", "b", Work::Leave { most: 1 }).is_ok());
        drop(limits.try_take("c1", "a", CHANGE).unwrap());
        assert!(limits.try_take("c1", "b", CHANGE).is_ok());
    }

    #[test]
    fn who_was_left_away_is_told_from_who_is_at_work_or_will_be() {
        let limits = Limits::default();
        let names = || ["a", "b"].map(str::to_owned).to_vec();
        assert_eq!(limits.without_turn("c1", names()), ["a", "b"]);
        let turn = limits.try_take("c1", "a", CHANGE).unwrap();
        assert_eq!(limits.without_turn("c1", names()), ["b"]);
        drop(turn);
        let two = [limits.come("c1", "a"), limits.come("c1", "a")];
        assert_eq!(limits.absent("c1", &names()), ["b"]);
        let [one, other] = two;
        drop(one);
        assert_eq!(limits.absent("c1", &names()), ["b"]);
        drop(other);
        assert_eq!(limits.absent("c1", &names()), ["a", "b"]);
    }

    #[test]
    fn two_agents_of_one_name_are_not_worked_on_together() {
        let limits = Limits::default();
        let _first = limits.try_take("c1", "a", Work::Join).unwrap();
        assert_eq!(limits.try_take("c1", "a", Work::Join).unwrap_err(), busy(&["a"]));
    }

    #[test]
    fn a_limit_of_none_is_one_or_nothing_would_ever_change() {
        let limits = Limits::default();
        assert!(limits.try_take("c1", "a", Work::Change { most: 0 }).is_ok());
    }
}
