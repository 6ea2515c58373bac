//! Files on a host: written beside their place, verified there, and moved into it.
//!
//! Whoever looks finds the old file or the new one, never a half of either: the content goes to a hidden file in the
//! same folder, with rights for nobody else, is flushed to the disk, and its SHA-256 is computed on the host before it
//! takes its name. A file that is as it should be is not sent at all. What an interrupted upload left behind is
//! overwritten by the next.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::io::AsyncReadExt as _;

use super::command::{Command, Exit, Output, quoted};
use super::error::Error;
use super::sessions::Session;

/// Larger files wait for their turn, so that many hosts at once do not share a slow line.
const LARGE: u64 = 1024 * 1024;

/// The slowest line that an upload has to get through.
const BYTES_PER_SECOND: u64 = 50 * 1024;

const CHUNK: usize = 64 * 1024;

/// Prints the SHA-256, the mode and the owner of a file.
const LOOK: &str = r#"[ -f "$1" ] || exit 0; s=$(sha256sum < "$1") && a=$(stat -c "%a %U:%G" -- "$1") && printf "%s %s\n" "${s%% *}" "$a""#;

/// Arguments: path, mode, owner or nothing, SHA-256. Exit status: the step that failed.
const WRITE: &str = r#"umask 077; d=$(dirname -- "$1"); t="$d/.$(basename -- "$1").cht-upload"; (umask 022; mkdir -p -- "$d") || exit 10; trap 'rm -f -- "$t"' EXIT; trap 'exit 15' HUP INT TERM; cat > "$t" || exit 10; sync -- "$t" 2>/dev/null || sync; s=$(sha256sum < "$t") || exit 11; s=${s%% *}; [ "$s" = "$4" ] || { printf %s "$s"; exit 12; }; [ -z "$3" ] || chown -- "$3" "$t" || exit 13; chmod -- "$2" "$t" || exit 13; mv -f -- "$t" "$1" || exit 14; if command -v restorecon >/dev/null; then restorecon -- "$1" || :; fi; sync -- "$d" 2>/dev/null || :"#;

/// Arguments: path, mode, owner or nothing.
const SETTLE: &str = r#"[ -z "$3" ] || chown -- "$3" "$1" || exit 13; chmod -- "$2" "$1" || exit 13"#;

const NOT_WRITTEN: Exit = Exit::Status(10);
const BROKEN: Exit = Exit::Status(12);

/// A file as it should be on a host.
#[derive(Debug)]
pub struct Upload {
    path: String,
    source: Source,
    mode: u32,
    owner: Option<String>,
    expected: Option<String>,
    timeout: Option<Duration>,
}

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// Whether the host had another content, mode or owner before.
    pub is_changed: bool,
}

enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Upload {
    /// A file with this content. Its mode is 0600 where nothing else is said.
    pub fn bytes(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Upload::of(path.into(), Source::Bytes(content.into()))
    }

    /// A copy of a file of this machine, such as a program.
    pub fn file(path: impl Into<String>, source: impl Into<PathBuf>) -> Self {
        Upload::of(path.into(), Source::File(source.into()))
    }

    /// Its mode, such as `0o755`.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Its owner and group by name, such as `root:root`. Where nothing is said, whoever writes it.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// The SHA-256 that the source has to have, in hexadecimal digits.
    #[must_use]
    pub fn expecting(mut self, sha256: &str) -> Self {
        self.expected = Some(sha256.to_ascii_lowercase());
        self
    }

    /// How long the transfer may take, instead of a time that follows from the size.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    fn of(path: String, source: Source) -> Self {
        Upload {
            path,
            source,
            mode: 0o600,
            owner: None,
            expected: None,
            timeout: None,
        }
    }

    /// The answer of [`LOOK`] about a file that is as it should be, but for what is not said of the owner.
    fn is_settled(&self, mode: &str, owner: &str) -> bool {
        mode == format!("{:o}", self.mode) && self.owner.as_ref().is_none_or(|wanted| wanted == owner)
    }

    fn command(&self, what: &str, script: &str, sha256: &str) -> Command {
        let mode = format!("{:o}", self.mode);
        let arguments = [&self.path, &mode, self.owner.as_deref().unwrap_or_default(), sha256].map(quoted);
        let line = format!("sh -c {} sh {}", quoted(script), arguments.join(" "));
        Command::new(format!("{what} {}", self.path), line)
    }
}

impl Session {
    /// Makes a file be as it should.
    ///
    /// # Errors
    /// The source cannot be read or is another than expected, the host has no room or no permission, or what arrived is
    /// broken. The file on the host is the old one then.
    pub async fn upload(&self, upload: Upload) -> Result<Uploaded, Error> {
        let (sha256, size) = upload.source.measure().await?;
        if let (Some(expected), Source::File(path)) = (&upload.expected, &upload.source)
            && *expected != sha256
        {
            return Err(Error::SourceChecksum {
                path: path.clone(),
                expected: expected.clone(),
                found: sha256,
            });
        }
        let looked = self.run(upload.command("look at", LOOK, &sha256)).await?.text();
        let found: Vec<&str> = looked.split_whitespace().collect();
        match found.as_slice() {
            [found, mode, owner] if *found == sha256 => {
                let is_settled = upload.is_settled(mode, owner);
                if !is_settled {
                    self.run(upload.command("set mode and owner of", SETTLE, &sha256))
                        .await?;
                }
                return Ok(Uploaded {
                    sha256,
                    is_changed: !is_settled,
                });
            }
            _ => {}
        }
        let _turn = match size {
            LARGE.. => self.turn_to_upload().await,
            _ => None,
        };
        tracing::debug!(host = self.address(), path = upload.path, size, "uploading a file");
        self.write(upload, &sha256, size).await?;
        Ok(Uploaded {
            sha256,
            is_changed: true,
        })
    }

    async fn write(&self, upload: Upload, sha256: &str, size: u64) -> Result<(), Error> {
        let timeout = upload
            .timeout
            .unwrap_or(self.command_timeout() + Duration::from_secs(size / BYTES_PER_SECOND));
        let command = upload.command("write", WRITE, sha256).timeout(timeout);
        let path = upload.path;
        let command = match upload.source {
            Source::Bytes(bytes) => command.input(bytes),
            Source::File(source) => match tokio::fs::File::open(&source).await {
                Ok(file) => command.reader(source, file),
                Err(error) => {
                    return Err(Error::ReadSource {
                        path: source,
                        source: error,
                    });
                }
            },
        };
        let output = self.exec(command).await?;
        if output.exit.is_success() {
            return Ok(());
        }
        Err(failure(self.address(), path, sha256, size, &output))
    }
}

impl Source {
    /// The SHA-256 and the size of the content.
    async fn measure(&self) -> Result<(String, u64), Error> {
        let mut context = Context::new(&SHA256);
        let mut size = 0;
        match self {
            Source::Bytes(bytes) => {
                context.update(bytes);
                size = bytes.len() as u64;
            }
            Source::File(path) => {
                let failed = |source| Error::ReadSource {
                    path: path.clone(),
                    source,
                };
                let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
                let mut chunk = vec![0; CHUNK];
                loop {
                    let count = file.read(&mut chunk).await.map_err(failed)?;
                    let Some(read) = chunk.get(..count).filter(|read| !read.is_empty()) else {
                        break;
                    };
                    context.update(read);
                    size += count as u64;
                }
            }
        }
        Ok((hexadecimal(context.finish().as_ref()), size))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Bytes(_) => f.write_str("Bytes"),
            Source::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// What it means that a file was not written.
fn failure(host: String, path: String, sha256: &str, size: u64, output: &Output) -> Error {
    let said = output.shown();
    if output.exit == NOT_WRITTEN && (said.contains("No space left") || said.contains("quota exceeded")) {
        return Error::DiskFull { host, path, size };
    }
    if output.exit == BROKEN {
        return Error::Checksum {
            host,
            path,
            expected: sha256.to_owned(),
            found: output.text(),
        };
    }
    let message = match said {
        "" => output.exit.to_string(),
        said => said.to_owned(),
    };
    Error::Upload { host, path, message }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
