//! Where a provider listens, and who may come in.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::go_plugin::{Handshake, environment};
use crate::thing::{start, start_in, test_provider};

#[tokio::test]
async fn socket_with_a_group_is_open_to_that_group_only() {
    let tmp = tempfile::tempdir().unwrap();
    // A user may always give a file to the group that the user's own files have.
    let gid = tmp.path().metadata().unwrap().gid();
    let mut environment = environment(tmp.path(), None);
    environment.insert("PLUGIN_UNIX_SOCKET_GROUP", gid.to_string());

    let provider = start_in(test_provider(), environment, None).await;

    let address = Handshake::parse(&provider.line).address;
    let socket = Path::new(&address);
    let directory = socket.parent().unwrap().metadata().unwrap();
    assert_eq!((directory.mode() & 0o777, directory.gid()), (0o710, gid));
    let metadata = socket.metadata().unwrap();
    assert_eq!((metadata.permissions().mode() & 0o777, metadata.gid()), (0o660, gid));
    provider.shutdown().await;
    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn path_that_would_break_the_handshake_line_falls_back_to_tcp() {
    let tmp = tempfile::Builder::new().prefix("a|b").tempdir().unwrap();

    let provider = start(test_provider(), tmp.path()).await;

    assert_eq!(Handshake::parse(&provider.line).network, "tcp");
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the folder is left behind");
    provider.shutdown().await;
    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn ports_that_are_taken_are_skipped_and_named_in_the_error() {
    // No socket can have such a path, so it has to be TCP.
    let tmp = tempfile::Builder::new().prefix("a|b").tempdir().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut environment = environment(tmp.path(), None);
    environment.insert("PLUGIN_MIN_PORT", port.to_string());
    environment.insert("PLUGIN_MAX_PORT", port.to_string());

    let output = test_provider().envs(environment).output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    let told = format!("unable to open any TCP port from {port} to {port}");
    assert!(line.contains(&told), "{line}");
}
