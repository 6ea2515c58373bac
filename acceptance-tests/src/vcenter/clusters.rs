//! How the clusters of a vCenter distribute their machines over hosts, and what becomes of these and of datastores.

use anyhow::Result;
use serde_json::json;

use super::VCenter;

/// What DRS does in a cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drs {
    /// Nothing.
    Off,
    /// It chooses the hosts that machines are powered on at, and leaves them there.
    Partial,
    /// It also moves machines that run.
    Full,
}

impl VCenter {
    /// From now on DRS does this in a cluster, such as `DC0_C0`.
    ///
    /// # Errors
    /// If there is no such cluster.
    pub async fn set_drs(&self, cluster: &str, drs: Drs) -> Result<()> {
        let behavior = match drs {
            Drs::Off | Drs::Full => "fullyAutomated",
            Drs::Partial => "partiallyAutomated",
        };
        let asked = json!({"cluster": cluster, "enabled": drs != Drs::Off, "behavior": behavior});
        self.ask("distribution", &asked).await.map(drop)
    }

    /// The hosts of a cluster offer no newer virtual hardware than this from now on, such as 17.
    ///
    /// # Errors
    /// If there is no such cluster.
    pub async fn offer_hardware(&self, cluster: &str, newest: u32) -> Result<()> {
        let asked = json!({"cluster": cluster, "newest": format!("vmx-{newest}")});
        self.ask("hardware", &asked).await.map(drop)
    }

    /// A host, such as `DC0_C0_H0`, takes no machines from now on.
    ///
    /// # Errors
    /// If there is no such host.
    pub async fn put_in_maintenance(&self, host: &str) -> Result<()> {
        self.change_host(host, "maintenance", "").await
    }

    /// A host reaches a datastore no more.
    ///
    /// # Errors
    /// If there is no such host, or it did not reach it.
    pub async fn lose_datastore(&self, host: &str, datastore: &str) -> Result<()> {
        self.change_host(host, "lose_datastore", datastore).await
    }

    /// A host reaches a network no more.
    ///
    /// # Errors
    /// If there is no such host, or it did not reach it.
    pub async fn lose_network(&self, host: &str, network: &str) -> Result<()> {
        self.change_host(host, "lose_network", network).await
    }

    /// So much is left of a datastore from now on.
    ///
    /// # Errors
    /// If there is no such datastore.
    pub async fn fill_datastore(&self, datastore: &str, free_gib: u64) -> Result<()> {
        let asked = json!({"datastore": datastore, "free_gib": free_gib});
        self.ask("datastore", &asked).await.map(drop)
    }

    async fn change_host(&self, host: &str, action: &str, name: &str) -> Result<()> {
        let asked = json!({"host": host, "action": action, "name": name});
        self.ask("host", &asked).await.map(drop)
    }
}
