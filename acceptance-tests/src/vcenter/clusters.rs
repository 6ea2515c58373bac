//! How the clusters of a vCenter distribute their machines over hosts.

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
}
