//! Files on hosts: whole or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use acceptance_tests::sshd::Setup;
use terraform_provider_cht::ssh::{Error, Session, Upload};

use super::{Host, available};

async fn send(session: &Session, upload: Upload) -> bool {
    session.upload(upload).await.expect("it is uploaded").is_changed
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn file_appears_with_its_mode_and_is_sent_again_only_if_it_differs() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let session = host.session();
    let path = host.sshd.directory().join("new folder/it's.conf");
    let name = path.display().to_string();
    let upload = |content: &str| Upload::bytes(&name, content);
    assert!(send(&session, upload("one")).await);
    let mode = || fs::metadata(&path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(
        (fs::read_to_string(&path).expect("it is there").as_str(), mode()),
        ("one", 0o600)
    );
    assert!(!send(&session, upload("one")).await, "it is as it should be");
    assert!(send(&session, upload("one").mode(0o755)).await);
    assert_eq!(mode(), 0o755);
    assert!(send(&session, upload("two").mode(0o644)).await);
    assert_eq!(
        (fs::read_to_string(&path).expect("it is there").as_str(), mode()),
        ("two", 0o644)
    );
    let left: Vec<_> = fs::read_dir(path.parent().expect("a folder"))
        .expect("it is there")
        .collect();
    assert_eq!(left.len(), 1, "nothing else is left: {left:?}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn large_file_arrives_whole() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let source = host.sshd.directory().join("source");
    let bytes: Vec<u8> = (0..8_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(&source, &bytes).expect("it is written");
    let target = host.sshd.directory().join("target");
    let upload = Upload::file(target.display().to_string(), &source).mode(0o755);
    let uploaded = host.session().upload(upload).await.expect("it is uploaded");
    assert!(fs::read(&target).expect("it is there") == bytes);
    let other = Upload::file(target.display().to_string(), &source).expecting(&"0".repeat(64));
    let error = host
        .session()
        .upload(other)
        .await
        .expect_err("another file was asked for");
    assert!(
        matches!(&error, Error::SourceChecksum { found, .. } if *found == uploaded.sha256),
        "{error:?}"
    );
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn full_disk_is_named_and_the_old_file_stays() {
    if !available() {
        return;
    }
    // What `cat` says of a full disk, as a real one would fill that of this machine.
    let full = "#!/bin/sh\nhead -c 10\necho 'cat: write error: No space left on device' >&2\nexit 1\n";
    let host = Host::with(Setup::new().program("cat", full)).await;
    let path = host.sshd.directory().join("file");
    fs::write(&path, "old").expect("it is written");
    let upload = Upload::bytes(path.display().to_string(), vec![0; 100_000]);
    let error = host.session().upload(upload).await.expect_err("the disk is full");
    assert!(matches!(error, Error::DiskFull { size: 100_000, .. }), "{error:?}");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
    assert!(!host.sshd.directory().join(".file.cht-upload").exists());
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn broken_content_is_never_put_in_place() {
    if !available() {
        return;
    }
    let host = Host::with(Setup::new().program("cat", "#!/bin/sh\nhead -c 10\n")).await;
    let path = host.sshd.directory().join("file");
    let upload = Upload::bytes(path.display().to_string(), vec![0; 100_000]);
    let error = host.session().upload(upload).await.expect_err("it arrives broken");
    assert!(matches!(error, Error::Checksum { .. }), "{error:?}");
    assert!(!path.exists() && !host.sshd.directory().join(".file.cht-upload").exists());
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn upload_that_does_not_get_through_ends_at_its_deadline() {
    if !available() {
        return;
    }
    let host = Host::with(Setup::new().program("cat", "#!/bin/sh\nexec sleep 600\n")).await;
    let path = host.sshd.directory().join("file");
    let upload = Upload::bytes(path.display().to_string(), vec![0; 4_000_000]).timeout(Duration::from_secs(1));
    let error = host.session().upload(upload).await.expect_err("it hangs");
    assert!(matches!(error, Error::CommandTimeout { .. }), "{error:?}");
    assert!(!path.exists());
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn source_that_is_not_there_and_target_that_cannot_be_written_are_named() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let error = host
        .session()
        .upload(Upload::file("/tmp/never", "/no/such/file"))
        .await
        .expect_err("no source");
    assert!(matches!(error, Error::ReadSource { .. }), "{error:?}");
    let error = host
        .session()
        .upload(Upload::bytes("/proc/never/file", "x"))
        .await
        .expect_err("no target");
    assert!(
        matches!(&error, Error::Upload { message, .. } if message.contains("/proc/never")),
        "{error:?}"
    );
}
