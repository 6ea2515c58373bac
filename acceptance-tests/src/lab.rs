//! The whole lab: the cluster, and the CHT application in it.

use anyhow::Result;

use crate::cht::FakeCht;
use crate::cluster::{Cluster, ClusterOptions};

/// A cluster in which the pods of CHT instances answer.
pub struct Lab {
    /// The cluster.
    pub cluster: Cluster,
    /// What plays the API of every CHT instance in it.
    pub cht: FakeCht,
}

impl Lab {
    /// Starts the cluster, and the application behind its port-forwards.
    ///
    /// # Errors
    /// A tool cannot be built or does not start.
    pub async fn start() -> Result<Self> {
        Self::with(ClusterOptions::default()).await
    }

    /// The same on a cluster with options.
    ///
    /// # Errors
    /// A tool cannot be built or does not start.
    pub async fn with(options: ClusterOptions) -> Result<Self> {
        let cluster = Cluster::start(options).await?;
        let cht = FakeCht::start(cluster.client()?).await?;
        cluster.set_port_forward_target(cht.addr());
        Ok(Lab { cluster, cht })
    }
}
