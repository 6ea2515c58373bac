//! Whether a host reaches others: a firewall in between is the most common reason why a server never joins.

use crate::k3s::host::{Host, HostError};

/// Prints each `address:port` of its arguments that cannot be reached. Where there is no bash, nobody can tell.
const REACH: &str = r#"command -v bash >/dev/null && command -v timeout >/dev/null || exit 0
for target; do
  timeout 5 bash -c 'exec 3<>"/dev/tcp/${0%:*}/${0##*:}"' "$target" 2>/dev/null || echo "$target"
done"#;

impl Host {
    /// Which of these, each an address and a port behind a colon, cannot be reached from the host by TCP.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn unreached(&self, targets: &[String]) -> Result<Vec<String>, HostError> {
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let output = self.run("try the ports of other servers from", REACH, &targets).await?;
        Ok(output.text().lines().map(str::to_owned).collect())
    }
}
