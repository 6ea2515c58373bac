//! Starts and stops k3s. Nothing waits until it is up: where k3s cannot start, `systemctl start` never returns.
//! [`wait`](crate::k3s::wait) tells from looks whether it is.

use crate::k3s::config::Role;
use crate::k3s::host::{Host, HostError};
use crate::k3s::paths;

/// Argument: the unit.
const START: &str = r#"systemctl daemon-reload && systemctl enable --quiet "$1" || exit 1
systemctl reset-failed "$1" 2>/dev/null
exec systemctl start --no-block "$1""#;

/// Argument: the unit.
const ENABLE: &str = r#"systemctl daemon-reload && exec systemctl enable --quiet "$1""#;

/// Waits until the new process has begun: before that, the old one could be taken for it. systemd goes on by itself
/// also if nobody waits any more.
const RESTART: &str = r#"invocation() { systemctl show --property InvocationID --value "$1"; }
systemctl daemon-reload && systemctl enable --quiet "$1" || exit 1
systemctl reset-failed "$1" 2>/dev/null
before=$(invocation "$1")
systemctl restart --no-block "$1" || exit 1
for attempt in $(seq 720); do
  [ "$(invocation "$1")" != "$before" ] && exit 0
  sleep 0.25
done
echo "$1 has not stopped within three minutes" >&2
exit 1"#;

/// Waits until it has stopped; pods go on.
const STOP: &str = r#"systemctl cat "$1" >/dev/null 2>&1 || exit 0
systemctl disable --quiet --now "$1"
case $(systemctl is-active "$1") in
  active | activating | reloading | deactivating) echo "$1 has not stopped" >&2; exit 1 ;;
esac
systemctl reset-failed "$1" 2>/dev/null
exit 0"#;

impl Host {
    /// Starts k3s in a role, now and with the host. One that runs goes on.
    ///
    /// # Errors
    /// systemd refuses.
    pub async fn start(&self, role: Role) -> Result<(), HostError> {
        self.run("start k3s on", START, &[paths::unit(role)]).await.map(drop)
    }

    /// Has k3s started with the host, and the unit read anew. What runs goes on.
    ///
    /// # Errors
    /// systemd refuses.
    pub async fn enable(&self, role: Role) -> Result<(), HostError> {
        self.run("enable k3s on", ENABLE, &[paths::unit(role)]).await.map(drop)
    }

    /// Restarts k3s, so that it reads all that it is told; one that is stopped is started.
    ///
    /// # Errors
    /// systemd refuses, or k3s does not stop.
    pub async fn restart(&self, role: Role) -> Result<(), HostError> {
        self.run("restart k3s on", RESTART, &[paths::unit(role)])
            .await
            .map(drop)
    }

    /// Stops k3s, and does not start it with the host any more. Without a unit, there is nothing to do.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(&self, role: Role) -> Result<(), HostError> {
        self.run("stop k3s on", STOP, &[paths::unit(role)]).await.map(drop)
    }
}
