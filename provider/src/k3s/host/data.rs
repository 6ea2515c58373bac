//! What is wiped of a host: credentials that are too new, the database of a member that is none any more, or all of
//! k3s.

use crate::k3s::cleanup::{Cleaned, Cleanup, CleanupError, script};
use crate::k3s::host::{Host, HostError};
use crate::ssh::{Command, Output};

/// Argument: the data folder.
const CLEAR: &str = r#"rm -f -- "$1/server/cred/passwd""#;

/// Arguments: the data folder, and the member that may be forgotten, or nothing for any. Says if it is another by now.
/// Snapshots stay: they may be the last of what there was. What runs is not touched. What is cut off half-way must not
/// look like a database any more.
const RESET: &str = r#"case $(systemctl is-active k3s.service) in
  active | activating | reloading | deactivating) echo "k3s still runs" >&2; exit 1 ;;
esac
[ -d "$1/server/db" ] || exit 0
[ -z "$2" ] || [ "$(cat "$1/server/db/etcd/name" 2>/dev/null)" = "$2" ] || { echo another; exit 0; }
mv -- "$1/server/db/etcd" "$1/server/db/gone.$$" 2>/dev/null
exec find "$1/server/db" -xdev -mindepth 1 -depth ! -path "$1/server/db/snapshots" ! -path "$1/server/db/snapshots/*" -delete"#;

/// Argument: the data folder. What was moved away to be wiped, and was not wiped as the run ended.
const WIPE: &str = r#"[ -d "$1/server/db" ] || exit 0
exec find "$1/server/db" -xdev -mindepth 1 -depth -path "$1/server/db/gone.*" -delete"#;

impl Host {
    /// Removes the credentials that k3s has written down, which it makes again of its token and the datastore.
    ///
    /// # Errors
    /// They cannot be removed.
    pub async fn clear_credentials(&self) -> Result<(), HostError> {
        self.run("remove stale credentials on", CLEAR, &[self.data_dir()])
            .await
            .map(drop)
    }

    /// Empties the database of a server that is stopped. Snapshots stay.
    ///
    /// # Errors
    /// k3s still runs, or something cannot be removed.
    pub async fn reset_data(&self) -> Result<(), HostError> {
        self.reset("").await.map(drop)
    }

    /// The same, if the database is still that of this member; answers whether it was: k3s may have begun anew by
    /// itself.
    ///
    /// # Errors
    /// k3s still runs, or something cannot be removed.
    pub async fn forget_member(&self, member: &str) -> Result<bool, HostError> {
        Ok(self.reset(member).await?.stdout.is_empty())
    }

    /// Removes what is left of databases that were being emptied when a run ended.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub async fn wipe_leftovers(&self) -> Result<(), HostError> {
        self.run("remove old databases on", WIPE, &[self.data_dir()])
            .await
            .map(drop)
    }

    async fn reset(&self, member: &str) -> Result<Output, HostError> {
        self.run("empty the database on", RESET, &[self.data_dir(), member])
            .await
    }

    /// Takes k3s and all of its data off the host.
    ///
    /// # Errors
    /// Something is still mounted, or cannot be removed.
    pub async fn clean_up(&self, keep_snapshots: bool) -> Result<Cleaned, HostError> {
        let cleanup = Cleanup {
            data_dir: self.data_dir(),
            keep_snapshots,
            pods_only: false,
        };
        self.carry_out("clean up", &cleanup).await
    }

    /// Kills the containers of pods, which go on when k3s is stopped.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn kill_pods(&self) -> Result<(), HostError> {
        let cleanup = Cleanup {
            data_dir: self.data_dir(),
            keep_snapshots: true,
            pods_only: true,
        };
        self.carry_out("end the containers on", &cleanup).await.map(drop)
    }

    async fn carry_out(&self, step: &'static str, cleanup: &Cleanup<'_>) -> Result<Cleaned, HostError> {
        let failed = |source: CleanupError| HostError::Cleanup {
            host: self.name().to_owned(),
            source,
        };
        let command = Command::script(step, &script(cleanup).map_err(failed)?, &[]);
        let output = self.session().exec(command).await.map_err(self.failed(step))?;
        Cleaned::parse(&output.text()).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process;

    use super::*;

    #[test]
    fn a_database_is_emptied_and_its_snapshots_stay() {
        let root = tempfile::tempdir().unwrap();
        let database = root.path().join("server/db");
        for folder in ["etcd/member/wal", "snapshots"] {
            fs::create_dir_all(database.join(folder)).unwrap();
        }
        for file in ["etcd/member/wal/0.wal", "state.db", "snapshots/one"] {
            fs::write(database.join(file), "").unwrap();
        }
        for _ in ["the first time", "again"] {
            let reset = process::Command::new("sh")
                .args(["-c", RESET, "sh"])
                .arg(root.path())
                .status()
                .unwrap();
            assert!(reset.success());
            let left: Vec<_> = fs::read_dir(&database)
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(left, ["snapshots"]);
            assert!(database.join("snapshots/one").exists());
        }
    }

    #[test]
    fn a_member_that_began_anew_is_not_emptied() {
        let root = tempfile::tempdir().unwrap();
        let name = root.path().join("server/db/etcd/name");
        let reset = |member: &str| {
            fs::create_dir_all(name.parent().unwrap()).unwrap();
            fs::write(&name, "a-2").unwrap();
            let mut shell = process::Command::new("sh");
            let output = shell
                .args(["-c", RESET, "sh"])
                .arg(root.path())
                .arg(member)
                .output()
                .unwrap();
            assert!(output.status.success());
            (output.stdout.is_empty(), name.exists())
        };
        assert_eq!(reset("a-1"), (false, true));
        assert_eq!(reset("a-2"), (true, false));
        assert_eq!(reset(""), (true, false), "it is not asked for");
    }

    #[test]
    fn what_is_emptied_half_way_is_no_database_any_more() {
        let root = tempfile::tempdir().unwrap();
        let member = root.path().join("server/db/etcd/member");
        fs::create_dir_all(&member).unwrap();
        fs::write(root.path().join("server/db/etcd/tombstone"), "").unwrap();
        let folder = root.path().join("bin");
        fs::create_dir_all(&folder).unwrap();
        let (find, ending) = (folder.join("find"), "#!/bin/sh\nexit 15\n");
        fs::write(&find, ending).unwrap();
        fs::set_permissions(&find, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let run = |path: &str| {
            let mut shell = process::Command::new("sh");
            let reset = shell.args(["-c", RESET, "sh"]).arg(root.path()).env("PATH", path);
            reset.status().unwrap().success()
        };
        assert!(!run(&path), "it is cut off");
        assert!(!member.exists());
        assert!(run("/usr/bin:/bin"));
        assert_eq!(fs::read_dir(root.path().join("server/db")).unwrap().count(), 0);
    }

    #[test]
    fn what_is_left_of_databases_that_were_emptied_goes_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let database = root.path().join("server/db");
        for folder in ["etcd/member/wal", "snapshots", "gone.12/member/wal", "gone.7"] {
            fs::create_dir_all(database.join(folder)).unwrap();
        }
        fs::write(database.join("gone.12/member/wal/0.wal"), "").unwrap();
        for _ in ["the first time", "again"] {
            let mut shell = process::Command::new("sh");
            assert!(
                shell
                    .args(["-c", WIPE, "sh"])
                    .arg(root.path())
                    .status()
                    .unwrap()
                    .success()
            );
            let left = fs::read_dir(&database).unwrap();
            let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
            left.sort();
            assert_eq!(left, ["etcd", "snapshots"]);
            assert!(database.join("etcd/member/wal").is_dir());
        }
    }
}
