//! Loads programs from k3s' [releases](https://docs.k3s.io/installation/airgap), or from a mirror with the same layout:
//! `<prefix>/<version>/k3s`, with a suffix for other architectures than amd64, and `sha256sum-<architecture>.txt`
//! beside it.
//!
//! A pinned hash proves what was loaded, whoever sent it. The list comes from the same place as the program, so it
//! proves no more than that nothing was lost on the way.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Response};
use tf_framework::diagnostics::error_chain;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::ProgramError;
use super::cache::Cache;
use crate::k3s::digest;
use crate::k3s::version::K3sVersion;

/// Where k3s is released.
const RELEASES: &str = "https://github.com/k3s-io/k3s/releases/download";

/// How long a connection may take, and how long nothing may come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a download is tried, and the pause before the second try, which doubles.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(2);

/// More than any list, and any program, has.
const LARGEST_LIST: u64 = 1024 * 1024;
const LARGEST_PROGRAM: u64 = 1024 * 1024 * 1024;

/// One release for one architecture. The prefix may have a login in it.
#[derive(Clone)]
pub(super) struct Release {
    prefix: String,
    version: K3sVersion,
    arch: String,
}

/// How releases are loaded.
#[derive(Clone, Debug)]
pub(super) struct Http {
    /// Before the second try.
    pub(super) pause: Duration,
    cancellation: CancellationToken,
}

/// What the program is called in a release.
pub(super) fn file_name(arch: &str) -> String {
    match arch {
        "amd64" => "k3s".to_owned(),
        "arm" => "k3s-armhf".to_owned(),
        arch => format!("k3s-{arch}"),
    }
}

impl Release {
    pub(super) fn new(mirror: Option<&str>, version: &K3sVersion, arch: &str) -> Self {
        Self {
            prefix: mirror.unwrap_or(RELEASES).trim_end_matches('/').to_owned(),
            version: *version,
            arch: arch.to_owned(),
        }
    }

    pub(super) fn program_url(&self) -> String {
        self.url(&file_name(&self.arch))
    }

    fn list_url(&self) -> String {
        self.url(&format!("sha256sum-{}.txt", self.arch))
    }

    fn url(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.prefix, self.version.url_segment())
    }
}

impl Http {
    /// Loads until it is cancelled.
    pub(super) fn new(cancellation: &CancellationToken) -> Self {
        Self {
            pause: PAUSE,
            cancellation: cancellation.clone(),
        }
    }

    /// Work that ends when it is cancelled.
    pub(super) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, ProgramError>>,
    ) -> Result<T, ProgramError> {
        tokio::select! {
            result = work => result,
            () = self.cancellation.cancelled() => Err(ProgramError::Cancelled),
        }
    }

    /// The hash of the program, as the release's list has it.
    pub(super) async fn hash(&self, release: &Release) -> Result<String, ProgramError> {
        let url = release.list_url();
        let list = self.repeat(|| text(&url)).await?;
        let file = file_name(&release.arch);
        listed(&list, &file).ok_or_else(|| ProgramError::NotListed { url: shown(&url), file })
    }

    /// Loads the program into the cache, verified.
    pub(super) async fn load(&self, release: &Release, cache: &Cache, sha256: &str) -> Result<PathBuf, ProgramError> {
        let url = release.program_url();
        tracing::info!(url = shown(&url), "downloading k3s");
        let load = || async {
            let mut part = cache.begin(&release.version, sha256).await?;
            let mut answer = get(&url).await?;
            while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&url, error))? {
                part.write(&chunk).await?;
                if part.size > LARGEST_PROGRAM {
                    return Err(ProgramError::TooLarge { url: shown(&url) });
                }
            }
            part.finish(&shown(&url), sha256).await
        };
        self.repeat(load).await
    }

    /// Tries again what may succeed then.
    async fn repeat<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, ProgramError>
    where
        F: Future<Output = Result<T, ProgramError>>,
    {
        let mut pause = self.pause;
        for _ in 1..TRIES {
            match self.unless_cancelled(attempt()).await {
                Err(error) if error.is_retryable() => {
                    tracing::warn!(error = %error_chain(&error), "a download failed, trying again");
                    // The pause ends when the work is cancelled, which the next try then finds.
                    let _ = timeout(pause, self.cancellation.cancelled()).await;
                    pause *= 2;
                }
                result => return result,
            }
        }
        self.unless_cancelled(attempt()).await
    }
}

async fn text(url: &str) -> Result<String, ProgramError> {
    let mut answer = get(url).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(url, error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > LARGEST_LIST {
            return Err(ProgramError::TooLarge { url: shown(url) });
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn get(url: &str) -> Result<Response, ProgramError> {
    let is_https = url.starts_with("https://");
    if !is_https && !url.starts_with("http://") {
        return Err(ProgramError::Address { url: shown(url) });
    }
    let client = Client::builder()
        // What began verified does not go on unverified.
        .https_only(is_https)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build();
    let answer = client.map_err(|error| failed(url, error))?.get(url).send().await;
    let answer = answer.map_err(|error| failed(url, error))?;
    match answer.status().as_u16() {
        200 => Ok(answer),
        404 | 410 => Err(ProgramError::NotFound { url: shown(url) }),
        status => Err(ProgramError::Status {
            url: shown(url),
            status,
        }),
    }
}

fn failed(url: &str, error: reqwest::Error) -> ProgramError {
    ProgramError::Load {
        url: shown(url),
        source: error.without_url(),
    }
}

/// The hash of a file in a list as `sha256sum` writes it.
fn listed(list: &str, file: &str) -> Option<String> {
    list.lines().find_map(|line| {
        let (hash, name) = line.trim().split_once(char::is_whitespace)?;
        let name = name.trim().trim_start_matches('*');
        let is_it = name == file || name.ends_with(&format!("/{file}"));
        (is_it && digest::is_sha256(hash)).then(|| hash.to_owned())
    })
}

/// An address without the login in it, and without what stands behind a question mark: both can be secret.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_one_layout_for_all_architectures() {
        let version = "v1.36.3+k3s1".parse().unwrap();
        let urls = |mirror, arch| {
            let release = Release::new(mirror, &version, arch);
            (release.program_url(), release.list_url())
        };
        let (program, list) = urls(None, "amd64");
        assert_eq!(
            program,
            "https://github.com/k3s-io/k3s/releases/download/v1.36.3%2Bk3s1/k3s"
        );
        assert!(list.ends_with("/v1.36.3%2Bk3s1/sha256sum-amd64.txt"), "{list}");
        let (program, list) = urls(Some("https://mirror.example/k3s/"), "arm");
        assert_eq!(program, "https://mirror.example/k3s/v1.36.3%2Bk3s1/k3s-armhf");
        assert!(list.ends_with("/sha256sum-arm.txt"), "{list}");
        assert_eq!(file_name("arm64"), "k3s-arm64");
    }

    #[test]
    fn a_hash_is_that_of_the_file_of_this_name() {
        let (one, other) = (digest::sha256(b"one"), digest::sha256(b"other"));
        let list = format!("{other}  k3s-airgap-images-amd64.tar\n{one} *dist/artifacts/k3s\nshort  k3s-arm64\n");
        assert_eq!(listed(&list, "k3s"), Some(one));
        assert_eq!(listed(&list, "k3s-arm64"), None);
        assert_eq!(listed(&list, "k3s-s390x"), None);
    }

    #[test]
    fn no_login_and_no_query_is_shown() {
        assert_eq!(shown("https://me:pass@mirror/k3s?key=x"), "https://mirror/k3s");
        assert_eq!(shown("https://mirror/a@b"), "https://mirror/a@b");
        assert_eq!(shown("ftp"), "ftp");
    }
}
