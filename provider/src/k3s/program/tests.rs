//! Programs from files and from a server of releases on the loopback interface, which does as it is told.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tf_framework::diagnostics::error_chain;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::k3s::digest;

/// What a server does with one request.
#[derive(Clone)]
enum Play {
    Answer(u16, Vec<u8>),
    /// It says how long the answer is, and sends less.
    CutOff(Vec<u8>),
}

/// A server that gives these answers, one after another, and then the last again and again.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

impl Server {
    async fn with(plays: impl Fn(&str) -> Play + Send + 'static) -> Self {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .unwrap_or_default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(text);
                let (status, body, missing) = match plays(&path) {
                    Play::Answer(status, body) => (status, body, 0),
                    Play::CutOff(body) => (200, body, 7),
                };
                let length = body.len() + missing;
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap_or_default();
                stream.write_all(&body).await.unwrap_or_default();
                stream.shutdown().await.unwrap_or_default();
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}/k3s"),
            asked,
            _task: AbortOnDropHandle::new(task),
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// What stands for a program for amd64.
fn program() -> Vec<u8> {
    let mut bytes = elf::tests::header(1, [62, 0]);
    bytes.resize(300_000, 7);
    bytes
}

/// A release with the program, and its list.
fn release(path: &str) -> Play {
    match path {
        "/k3s/v1.36.3%2Bk3s1/k3s" => Play::Answer(200, program()),
        "/k3s/v1.36.3%2Bk3s1/sha256sum-amd64.txt" => {
            Play::Answer(200, format!("{}  k3s\n", digest::sha256(&program())).into_bytes())
        }
        _ => Play::Answer(404, Vec::new()),
    }
}

fn version() -> K3sVersion {
    "v1.36.3+k3s1".parse().unwrap()
}

async fn load(source: &Source, folder: &TempDir) -> Result<Program, ProgramError> {
    let mut http = Http::new(&CancellationToken::new());
    http.pause = Duration::ZERO;
    source
        .loaded(&Cache::at(folder.path()), &http, &version(), "amd64")
        .await
}

fn from(server: &Server, sha256: Option<String>) -> Source {
    Source {
        url: Some(server.url.as_str().into()),
        sha256,
        path: None,
    }
}

/// The names of all files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}

#[tokio::test]
async fn a_release_is_verified_by_its_list_and_loaded_once() {
    let (server, folder) = (Server::with(release).await, TempDir::new().unwrap());
    let source = from(&server, None);
    let all = futures::future::join_all((0..5).map(|_| load(&source, &folder))).await;
    let first = all[0].as_ref().unwrap();
    assert_eq!(first.sha256, digest::sha256(&program()));
    assert_eq!(std::fs::read(&first.path).unwrap(), program());
    assert!(all.iter().all(|one| one.as_ref().unwrap() == first));
    assert_eq!(server.asked(), 2, "the list and the program");
    assert_eq!(files(folder.path()), std::slice::from_ref(&first.sha256));
}

#[tokio::test]
async fn the_login_in_an_address_goes_to_the_mirror_and_is_shown_nowhere() {
    let (server, folder) = (Server::with(release).await, TempDir::new().unwrap());
    let with_login = |url: &str| Source {
        url: Some(url.replace("://", "://cht:s3cret@").into()),
        ..Source::default()
    };
    let source = with_login(&server.url);
    load(&source, &folder).await.unwrap();
    let requests = server.asked.lock().unwrap().clone();
    // "cht:s3cret" in base64.
    let has_login = |request: &String| request.to_lowercase().contains("authorization: basic y2h0onmzy3jlda==");
    assert!(requests.len() == 2 && requests.iter().all(has_login), "{requests:?}");

    let away = load(&with_login("http://127.0.0.1:1/k3s"), &folder).await.unwrap_err();
    let empty = load(&with_login(&format!("{}/none", server.url)), &folder)
        .await
        .unwrap_err();
    for shown in [
        error_chain(&away),
        error_chain(&empty),
        format!("{away:?} {empty:?} {source:?}"),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn a_pinned_program_that_is_kept_needs_no_network() {
    let (server, folder) = (Server::with(release).await, TempDir::new().unwrap());
    let pinned = digest::sha256(&program());
    let program = load(&from(&server, Some(pinned.to_uppercase())), &folder)
        .await
        .unwrap();
    assert_eq!(server.asked(), 1, "no list");
    let elsewhere = Source {
        url: Some("http://127.0.0.1:1/none".into()),
        ..from(&server, Some(pinned.clone()))
    };
    assert_eq!(load(&elsewhere, &folder).await.unwrap(), program);
    // What the disk has not kept is loaded again.
    std::fs::write(&program.path, "rotten").unwrap();
    let another = Server::with(release).await;
    assert_eq!(load(&from(&another, Some(pinned)), &folder).await.unwrap(), program);
    assert_eq!(another.asked(), 1);
    assert_eq!(digest::sha256(&std::fs::read(&program.path).unwrap()), program.sha256);
}

#[tokio::test]
async fn what_is_not_what_was_meant_is_neither_used_nor_kept() {
    let other = |path: &str| match release(path) {
        Play::Answer(200, mut body) if path.ends_with("/k3s") => {
            body.push(0);
            Play::Answer(200, body)
        }
        play => play,
    };
    let (server, folder) = (Server::with(other).await, TempDir::new().unwrap());
    for sha256 in [None, Some(digest::sha256(&program()))] {
        let error = load(&from(&server, sha256), &folder).await.unwrap_err();
        assert!(matches!(error, ProgramError::Checksum { .. }), "{error}");
        assert!(error.to_string().contains("/k3s/v1.36.3%2Bk3s1/k3s is"), "{error}");
    }
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_busy_and_a_line_that_breaks_are_tried_again() {
    let faults = Mutex::new(VecDeque::from([
        Play::Answer(503, Vec::new()),
        Play::CutOff(program()[..1000].to_vec()),
        Play::Answer(429, Vec::new()),
    ]));
    let plays = move |path: &str| faults.lock().unwrap().pop_front().unwrap_or_else(|| release(path));
    let (server, folder) = (Server::with(plays).await, TempDir::new().unwrap());
    let pinned = Some(digest::sha256(&program()));
    let program = load(&from(&server, pinned), &folder).await.unwrap();
    assert_eq!(server.asked(), 4);
    assert_eq!(files(folder.path()), [program.sha256]);
}

#[tokio::test]
async fn what_does_not_get_better_ends_with_what_to_do() {
    let busy = Server::with(|_| Play::Answer(500, Vec::new())).await;
    let folder = TempDir::new().unwrap();
    let error = load(&from(&busy, None), &folder).await.unwrap_err();
    assert!(matches!(error, ProgramError::Status { status: 500, .. }), "{error}");
    assert_eq!(busy.asked(), 4);

    let empty = Server::with(|_| Play::Answer(404, Vec::new())).await;
    let error = load(&from(&empty, None), &folder).await.unwrap_err();
    assert!(error.to_string().contains("is a release of k3s"), "{error}");
    assert_eq!(empty.asked(), 1, "it is not asked again");

    let unlisted = Server::with(|_| Play::Answer(200, b"nothing".to_vec())).await;
    let error = load(&from(&unlisted, None), &folder).await.unwrap_err();
    assert!(error.to_string().ends_with("give `sha256`"), "{error}");

    let cut = Server::with(|_| Play::CutOff(b"x".to_vec())).await;
    let error = load(&from(&cut, Some("00".to_owned())), &folder).await.unwrap_err();
    assert!(matches!(error, ProgramError::Load { .. }) && error.to_string().contains("give it as `path`"));
    assert_eq!(files(folder.path()), [""; 0]);

    let source = Source {
        url: Some("ftp://mirror/k3s".into()),
        ..Source::default()
    };
    assert!(matches!(
        load(&source, &folder).await,
        Err(ProgramError::Address { .. })
    ));
}

#[tokio::test]
async fn a_download_ends_when_it_is_cancelled() {
    let (server, folder) = (
        Server::with(|_| Play::Answer(500, Vec::new())).await,
        TempDir::new().unwrap(),
    );
    let cancellation = CancellationToken::new();
    let http = Http::new(&cancellation);
    let (source, cache, version) = (from(&server, None), Cache::at(folder.path()), version());
    let loading = source.loaded(&cache, &http, &version, "amd64");
    cancellation.cancel();
    let error = loading.await.unwrap_err();
    assert!(error.is_interrupted() && !error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_local_file_is_used_as_it_is_if_it_is_the_right_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("my-k3s");
    std::fs::write(&path, program()).unwrap();
    let source = |sha256: Option<&str>| Source {
        path: Some(path.clone()),
        sha256: sha256.map(str::to_owned),
        url: None,
    };
    let obtain = async |source: Source, arch: &str| source.obtain(&version(), arch, &CancellationToken::new()).await;
    let found = obtain(source(None), "amd64").await.unwrap();
    assert_eq!((found.path.as_path(), found.arch.as_str()), (path.as_path(), "amd64"));
    let pinned = source(Some(&digest::sha256(&program())));
    assert_eq!(obtain(pinned, "amd64").await.unwrap(), found);
    let wrong = obtain(source(Some(&digest::sha256(b"other"))), "amd64").await;
    assert!(matches!(wrong, Err(ProgramError::Checksum { .. })));
    let error = obtain(source(None), "arm64").await.unwrap_err().to_string();
    assert!(
        error.ends_with("is a program for amd64, and arm64 is needed"),
        "{error}"
    );
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    assert!(matches!(
        obtain(source(None), "amd64").await,
        Err(ProgramError::NoProgram { .. })
    ));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        obtain(source(None), "amd64").await,
        Err(ProgramError::Read { .. })
    ));
}

#[tokio::test]
async fn a_local_folder_has_the_layout_of_a_mirror() {
    let folder = TempDir::new().unwrap();
    let release = folder.path().join("v1.36.3+k3s1");
    std::fs::create_dir(&release).unwrap();
    std::fs::write(release.join("k3s-arm64"), elf::tests::header(1, [183, 0])).unwrap();
    let source = Source {
        path: Some(folder.path().to_owned()),
        ..Source::default()
    };
    let program = source
        .obtain(&version(), "arm64", &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(program.path, release.join("k3s-arm64"));
}
