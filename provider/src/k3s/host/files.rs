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
    /// It does not arrive whole.
    pub async fn install(&self, program: &Program) -> Result<bool, HostError> {
        let upload = Upload::file(paths::BINARY, &program.path)
            .mode(0o755)
            .owner(OWNER)
            .expecting(&program.sha256);
        self.upload("install k3s on", upload).await
    }

    /// Puts archives of images where k3s loads them from.
    ///
    /// # Errors
    /// One does not arrive whole.
    pub async fn put_images(&self, images: &[Image]) -> Result<(), HostError> {
        for image in images {
            let Some(name) = image.path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let path = format!("{}/agent/images/{name}", self.data_dir());
            let upload = Upload::file(path, &image.path)
                .mode(0o644)
                .owner(OWNER)
                .expecting(&image.sha256);
            self.upload("put images on", upload).await?;
        }
        Ok(())
    }

    /// Writes files, and removes those that must not be there; answers whether any differed.
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
