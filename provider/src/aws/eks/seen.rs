//! Clusters as they were seen a moment ago: what belongs to a cluster looks at it, too, and all that is refreshed at
//! the same time shares one call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_eks::types::Cluster;
use tokio::time::Instant;

use crate::aws::account::Account;
use crate::aws::error::Error;

/// How long a look is good for those who only want to know where a cluster is, and in which version.
const GOOD_FOR: Duration = Duration::from_secs(30);

/// The clusters of an account and region, by name.
#[derive(Debug, Default)]
pub(in crate::aws) struct SeenClusters {
    seen: Mutex<BTreeMap<String, (Cluster, Instant)>>,
    /// Whoever has to look has the others wait, who then see what was seen.
    turn: tokio::sync::Mutex<()>,
}

impl SeenClusters {
    /// Notes how a cluster is, or that it cannot be told.
    pub(super) fn note(&self, name: &str, cluster: Option<&Cluster>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match cluster {
            Some(cluster) => seen.insert(name.to_owned(), (cluster.clone(), Instant::now())),
            None => seen.remove(name),
        };
    }

    fn get(&self, name: &str) -> Option<Cluster> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (cluster, since) = seen.get(name)?;
        (since.elapsed() < GOOD_FOR).then(|| cluster.clone())
    }
}

impl Account {
    /// A cluster by its name, as it was a moment ago. Whoever changes something, or waits for it, asks anew by
    /// [`Account::describe_cluster`].
    ///
    /// # Errors
    /// There is none, or the call failed.
    pub(in crate::aws) async fn recent_cluster(&self, name: &str) -> Result<Cluster, Error> {
        let clusters = self.seen_clusters();
        let _turn = clusters.turn.lock().await;
        match clusters.get(name) {
            Some(cluster) => Ok(cluster),
            None => self.describe_cluster(name).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_look_is_good_for_a_moment_and_until_another_one_finds_nothing() {
        let seen = SeenClusters::default();
        let cluster = Cluster::builder().name("moh").build();
        seen.note("moh", Some(&cluster));
        assert_eq!(seen.get("moh"), Some(cluster.clone()));
        assert_eq!(seen.get("other"), None);
        tokio::time::advance(GOOD_FOR).await;
        assert_eq!(seen.get("moh"), None);
        seen.note("moh", Some(&cluster));
        seen.note("moh", None);
        assert_eq!(seen.get("moh"), None);
    }
}
