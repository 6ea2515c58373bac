//! What is done to a server on demand only: authorities of one's own, a snapshot brought back, and new keys for the
//! encryption of Secrets.
//!
//! k3s says that a snapshot is restored [in its output](https://docs.k3s.io/cli/etcd-snapshot), and may end with any
//! status; so it is judged by what it said.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::k3s::ca::CustomCa;
use crate::k3s::host::{Host, HostError};
use crate::k3s::paths;
use crate::k3s::rollout::encryption::Encryption;
use crate::k3s::token::Token;
use crate::ssh::{Command, Upload};

/// How long k3s may take to make new data of a snapshot.
const RESTORE_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Arguments: the program, the data folder, the configuration, the environment, and the snapshot; variable: the token.
/// What the configuration says of joining would be in the way, and what was reset before would be taken for done.
/// Credentials that are newer than the snapshot would keep k3s from starting.
const RESTORE: &str = r#"case $(systemctl is-active k3s.service) in
  active | activating | reloading | deactivating) echo "k3s still runs" >&2; exit 1 ;;
esac
case $5 in
  /*) [ -f "$5" ] || { echo "there is no snapshot $5 on the host" >&2; exit 1; } ;;
esac
umask 077
folder=$(mktemp -d /run/cht-k3s.XXXXXX) || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 15' HUP INT TERM
printf '%s' "$token" > "$folder/token" || exit 1
sed -e '/^server:/d' -e '/^cluster-init:/d' -e "s|^token-file:.*|token-file: \"$folder/token\"|" "$3" > "$folder/config.yaml" || exit 1
rm -f -- "$2/server/db/reset-flag" "$2/server/cred/passwd" || exit 1
set -a
[ ! -f "$4" ] || . "$4"
set +a
"$1" server --config "$folder/config.yaml" --cluster-reset --cluster-reset-restore-path="$5" > "$folder/log" 2>&1
if grep -q 'membership has been reset' "$folder/log"; then exit 0; fi
grep -e 'level=fatal' -e 'level=error' "$folder/log" | tail -n 10 | cut -c 1-1000 >&2
echo "k3s did not restore the snapshot" >&2
exit 1"#;

/// Argument: where k3s has its datastore. Says whether it has begun one.
const HAS_BEGUN: &str = r#"[ ! -e "$1" ] || echo yes"#;

/// Argument: the program. What it warns of goes elsewhere.
const STATUS: &str = r#"exec "$1" secrets-encrypt status --output json"#;

/// Argument: the program.
const ROTATE: &str = r#"exec "$1" secrets-encrypt rotate-keys"#;

impl Host {
    /// Makes new data of a snapshot, with this server as the only member. k3s must not run, and is not started. The
    /// token is the one that the cluster had when the snapshot was taken.
    ///
    /// # Errors
    /// k3s runs, there is no such snapshot, or it was taken with another token.
    pub async fn restore_snapshot(&self, snapshot: &str, token: &Token) -> Result<(), HostError> {
        let step = "restore a snapshot on";
        let environment = paths::environment_file(crate::k3s::config::Role::Server);
        let arguments = [paths::BINARY, self.data_dir(), paths::CONFIG, environment, snapshot];
        let command = Command::script(step, RESTORE, &arguments)
            .variable("token", token.short())
            .timeout(RESTORE_TIMEOUT);
        self.session().run(command).await.map(drop).map_err(self.failed(step))
    }

    /// Puts authorities in place on a first server, for k3s to take them when it starts for the first time. Where it
    /// has begun its datastore, they stay: it would not take others, and could not start.
    ///
    /// # Errors
    /// One cannot be written.
    pub async fn put_authorities(&self, authorities: &CustomCa) -> Result<(), HostError> {
        let step = "put the authorities on";
        let database = format!("{}/server/db", self.data_dir());
        let has_begun = self.run(step, HAS_BEGUN, &[&database]).await?;
        if !has_begun.stdout.is_empty() {
            return Ok(());
        }
        for file in authorities.files() {
            let path = format!("{}/{}", self.data_dir(), file.path);
            let upload = Upload::bytes(path, file.text.expose_secret())
                .mode(file.mode)
                .owner("root:root");
            self.session().upload(upload).await.map_err(self.failed(step))?;
        }
        Ok(())
    }

    /// What this server says of the encryption of Secrets.
    ///
    /// # Errors
    /// k3s does not run, or answers something else.
    pub async fn encryption(&self) -> Result<Encryption, HostError> {
        let output = self.run("ask for the encryption on", STATUS, &[paths::BINARY]).await?;
        serde_json::from_slice(&output.stdout).map_err(|source| HostError::Encryption {
            host: self.name().to_owned(),
            source,
        })
    }

    /// Makes a new key, and begins to encrypt all Secrets with it.
    ///
    /// # Errors
    /// k3s does not run, or servers do not have the same keys.
    pub async fn rotate_keys(&self) -> Result<(), HostError> {
        self.run("change the keys on", ROTATE, &[paths::BINARY]).await.map(drop)
    }
}
