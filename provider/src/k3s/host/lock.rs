//! The lock of a host: as long as it is held, no other run of this provider changes anything there.
//!
//! It is a lock of the kernel's on a file, held by a process behind a channel of SSH. Whatever becomes of us, it goes
//! with that.

use std::process;

use crate::k3s::host::{Host, HostError};
use crate::ssh::{self, Command, Exit, Held, quoted};

/// Argument: who holds it. A lock that was just let go is waited for; signs of life come on standard input.
const LOCK: &str = r#"command -v flock >/dev/null || { echo "the program flock of util-linux is missing" >&2; exit 70; }; umask 077; f=/run/lock/cht-k3s.lock; exec 9>>"$f" || exit 71; flock -w 20 9 || { cat "$f" >&2; exit 75; }; echo "$1${SSH_CONNECTION:+ from ${SSH_CONNECTION%% *}}, since $(date -u +%FT%TZ)" > "$f"; echo locked; while [ -n "$(timeout 150 head -c 1)" ]; do :; done"#;

/// Somebody else holds it.
const HELD: Exit = Exit::Status(75);

/// The lock of a host, until it is dropped.
#[derive(Debug)]
pub struct Lock(Held);

impl Lock {
    /// Whether it is still held: it goes with the connection.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.goes_on()
    }
}

impl Host {
    /// Takes the lock of the host.
    ///
    /// # Errors
    /// Another run holds it for longer than a moment.
    pub async fn lock(&self) -> Result<Lock, HostError> {
        let step = "lock";
        let who = format!("process {} of terraform-provider-cht", process::id());
        let line = format!("exec sh -c {} sh {}", quoted(LOCK), quoted(&who));
        match self.session().hold(Command::new(step, line)).await {
            Ok(held) => Ok(Lock(held)),
            Err(ssh::Error::CommandFailed { exit: HELD, output, .. }) => Err(HostError::Locked {
                host: self.name().to_owned(),
                holder: output,
            }),
            Err(source) => Err(self.failed(step)(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_one_line_for_any_login_shell() {
        assert!(!LOCK.contains('\n'));
    }
}
