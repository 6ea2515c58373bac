//! Puts the program, its files and its images in place: each whole or not at all, and only what differs.

use secrecy::ExposeSecret as _;

use crate::k3s::files::HostFiles;
use crate::k3s::host::{Host, HostError};
use crate::k3s::marker::Marker;
use crate::k3s::paths;
use crate::k3s::program::{Image, Program};
use crate::ssh::Upload;

/// Who owns all that is written.
const OWNER: &str = "root:root";

/// Removes files, and names those that were there.
const REMOVE: &str = r#"for file; do
  [ -e "$file" ] || continue
  rm -f -- "$file" || exit 1
  echo "$file"
done"#;

/// The step that puts a program in place.
const INSTALL: &str = "install k3s on";

/// Where a program waits until it has said what it is, and until nothing is in its way.
const NEXT: &str = "/usr/local/bin/.k3s.cht-next";

/// Arguments: the program, the hash that it should have, and where another one may wait, which nobody needs then. Says
/// if the program is the right one.
const IS_THERE: &str = r#"[ -x "$1" ] || exit 0; s=$(sha256sum < "$1") || exit 1
[ "${s%% *}" != "$2" ] || { rm -f -- "$3" && echo yes; }"#;

/// Arguments: a program that waits, and the version that it should have. Prints the one that it has.
const VERSION: &str = r#"v=$("$1" --version | sed -n 's/^k3s version \([^ ]*\).*/\1/p')
printf %s "${v:-of no version}"
[ "$v" = "$2" ] || rm -f -- "$1""#;

/// Arguments: a program that waits, and its place.
const REPLACE: &str = r#"mv -f -- "$1" "$2" || exit 1
if command -v restorecon >/dev/null; then restorecon -- "$2" || :; fi
sync -- "$(dirname -- "$2")" 2>/dev/null || :"#;

/// Argument: a folder. Lists what is in it.
const LIST: &str = r#"[ -d "$1" ] || exit 0; exec ls -1 -- "$1""#;

/// Which files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// All but those with tokens.
    ButTokens,
    /// Those with tokens.
    Tokens,
}

impl Which {
    fn has(self, path: &str) -> bool {
        let is_token = path == paths::TOKEN || path == paths::AGENT_TOKEN;
        match self {
            Self::All => true,
            Self::ButTokens => !is_token,
            Self::Tokens => is_token,
        }
    }
}

impl Host {
    /// Puts the program in place, and answers whether another was there. What runs goes on running.
    ///
    /// # Errors
    /// It does not arrive whole, or says that it has another version.
    pub async fn install(&self, program: &Program) -> Result<bool, HostError> {
        let is_another = self.stage(program).await?;
        if is_another {
            self.run(INSTALL, REPLACE, &[NEXT, paths::BINARY]).await?;
        }
        Ok(is_another)
    }

    /// Has the program wait on the host for [`Host::install`], and answers whether it is another than the one in place.
    /// That stays until then, and a host that restarts comes back with it.
    ///
    /// # Errors
    /// It does not arrive whole, or says that it has another version.
    pub async fn stage(&self, program: &Program) -> Result<bool, HostError> {
        let arguments = [paths::BINARY, &program.sha256, NEXT];
        if !self.run(INSTALL, IS_THERE, &arguments).await?.stdout.is_empty() {
            return Ok(false);
        }
        let upload = Upload::file(NEXT, &program.path)
            .mode(0o755)
            .owner(OWNER)
            .expecting(&program.sha256);
        self.upload(INSTALL, upload).await?;
        let wanted = program.version.to_string();
        let found = self.run(INSTALL, VERSION, &[NEXT, &wanted]).await?.text();
        match found.trim() {
            found if found == wanted => Ok(true),
            found => Err(HostError::OtherVersion {
                host: self.name().to_owned(),
                found: found.to_owned(),
                wanted,
            }),
        }
    }

    /// Puts archives of images where k3s loads them from, and removes those of ours that are not wanted any more.
    ///
    /// # Errors
    /// One does not arrive whole.
    pub async fn put_images(&self, images: &[Image]) -> Result<(), HostError> {
        let folder = format!("{}/agent/images", self.data_dir());
        let names: Vec<String> = images.iter().map(Image::host_name).collect();
        let listed = self.run("look at the images on", LIST, &[&folder]).await?.text();
        let is_wanted = |listed: &str| names.iter().any(|name| name == listed);
        let extra = listed.lines().filter(|name| Image::is_ours(name) && !is_wanted(name));
        let extra: Vec<String> = extra.map(|name| format!("{folder}/{name}")).collect();
        if !extra.is_empty() {
            let extra: Vec<&str> = extra.iter().map(String::as_str).collect();
            self.run("remove images on", REMOVE, &extra).await?;
        }
        let is_there = |name: &str| listed.lines().any(|listed| listed == name);
        let missing = images.iter().zip(&names).filter(|(_, name)| !is_there(name));
        for (image, name) in missing {
            let path = format!("{folder}/{name}");
            let upload = Upload::file(path, &image.path)
                .mode(0o644)
                .owner(OWNER)
                .expecting(&image.sha256);
            self.upload("put images on", upload).await?;
        }
        Ok(())
    }

    /// Writes files, with the images beside them, and removes those that must not be there; answers whether any file
    /// differed. k3s loads images while it runs, so they need no restart.
    ///
    /// # Errors
    /// One cannot be written.
    pub async fn write(&self, files: &HostFiles, which: Which) -> Result<bool, HostError> {
        let mut is_changed = false;
        for file in files.files.iter().filter(|file| which.has(file.path)) {
            let upload = Upload::bytes(file.path, file.text.expose_secret())
                .mode(file.mode)
                .owner(OWNER);
            is_changed |= self.upload("write files on", upload).await?;
        }
        let absent: Vec<&str> = files.absent.iter().copied().filter(|path| which.has(path)).collect();
        if !absent.is_empty() {
            let removed = self.run("remove files on", REMOVE, &absent).await?;
            is_changed |= !removed.stdout.is_empty();
        }
        if which != Which::Tokens {
            self.put_images(&files.images).await?;
        }
        Ok(is_changed)
    }

    /// Notes on the host whose it is and how far it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn mark(&self, marker: &Marker) -> Result<(), HostError> {
        let text = format!("{}\n", marker.text());
        let upload = Upload::bytes(paths::MARKER, text).mode(0o600).owner(OWNER);
        self.upload("leave a note on", upload).await.map(drop)
    }

    async fn upload(&self, step: &'static str, upload: Upload) -> Result<bool, HostError> {
        let uploaded = self.session().upload(upload).await.map_err(self.failed(step))?;
        Ok(uploaded.is_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_tokens_are_written_in_steps_of_their_own() {
        for (path, token) in [
            (paths::TOKEN, true),
            (paths::AGENT_TOKEN, true),
            (paths::CONFIG, false),
            (paths::REGISTRIES, false),
            ("/etc/systemd/system/k3s.service", false),
        ] {
            assert!(Which::All.has(path));
            assert_eq!(
                (Which::Tokens.has(path), Which::ButTokens.has(path)),
                (token, !token),
                "{path}"
            );
        }
    }
}
