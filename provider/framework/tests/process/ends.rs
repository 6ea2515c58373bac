//! Signals, Shutdown, and the death of the core.

use std::time::Instant;

use futures::future::join_all;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tfplugin::tfplugin6::get_metadata;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;
use tonic::transport::Endpoint;

use crate::running::{EXIT, core_of};
use crate::thing::{PROGRAM, creation, id_of, start, test_provider};

#[tokio::test]
async fn terminate_and_hangup_end_the_process() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let tmp = tempfile::tempdir().unwrap();
        let provider = start(test_provider(), tmp.path()).await;

        provider.signal(signal);

        provider.exited(tmp.path()).await;
    }
}

#[tokio::test]
async fn trap_22_interrupt_of_the_whole_process_group_is_left_to_the_core() {
    let tmp = tempfile::tempdir().unwrap();
    let mut core = core_of(PROGRAM);
    core.process_group(0).env("TF_LOG", "DEBUG");
    let mut core = start(core, tmp.path()).await;
    let mut provider = core.provider();
    let applying = tokio::spawn(async move { provider.apply_resource_change(creation("wait")).await });
    core.logged("made a thing", 1).await;

    killpg(core.pid(), Signal::SIGINT).unwrap();
    core.logged("ignoring an interrupt, as the core handles it", 1).await;

    assert!(!applying.is_finished());
    core.provider()
        .get_metadata(get_metadata::Request {})
        .await
        .expect("it still answers");
    core.shutdown().await;
    let answer = applying.await.unwrap().unwrap().into_inner();
    assert_eq!(id_of(&answer), "thing".into());
    core.rest().await;
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}

#[tokio::test]
async fn trap_22_shutdown_under_load_is_quick_and_loses_no_checkpoint() {
    const OPEN: usize = 20;
    let tmp = tempfile::tempdir().unwrap();
    let mut command = test_provider();
    command.env("TF_LOG", "DEBUG");
    let mut provider = start(command, tmp.path()).await;
    let client = provider.provider();
    let applying = tokio::spawn(join_all((0..OPEN).map(move |_| {
        let mut client = client.clone();
        async move { client.apply_resource_change(creation("wait")).await }
    })));
    provider.logged("made a thing", OPEN).await;

    let start = Instant::now();
    provider.shutdown().await;
    let answers = applying.await.unwrap();
    provider.exited(tmp.path()).await;

    assert!(start.elapsed() < EXIT, "{:?}", start.elapsed());
    for answer in answers {
        let answer = answer.expect("it is answered").into_inner();
        assert_eq!(id_of(&answer), "thing".into());
        let detail = &answer.diagnostics[0].detail;
        assert!(detail.contains("cancelled while waiting for the thing"), "{detail}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn killed_core_takes_the_provider_with_it() {
    let tmp = tempfile::tempdir().unwrap();
    let mut core = start(core_of(PROGRAM), tmp.path()).await;

    core.signal(Signal::SIGKILL);

    // The connection stays open; the provider has the other end of the pipe until it exits.
    core.rest().await;
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_killed_core_leaves_open_is_tidied_up() {
    let tmp = tempfile::tempdir().unwrap();
    let mut core = core_of(PROGRAM);
    core.env("TF_LOG", "DEBUG");
    let mut core = start(core, tmp.path()).await;
    let mut provider = core.provider();
    let applying = tokio::spawn(async move { provider.apply_resource_change(creation("tidy up")).await });
    core.logged("made a thing", 1).await;

    core.signal(Signal::SIGKILL);
    // A core's connections die with it.
    applying.abort();
    core.channel = Endpoint::from_static("http://nobody").connect_lazy();

    let rest = core.rest().await;
    assert!(rest.stderr.contains("tidied up"), "{}", rest.stderr);
}

#[tokio::test]
async fn reattach_mode_needs_no_core_and_ends_on_interrupt() {
    let tmp = tempfile::tempdir().unwrap();
    let mut child = test_provider()
        .arg("--debug")
        .env("TMPDIR", tmp.path())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .await
        .unwrap();
    assert!(line.starts_with("TF_REATTACH_PROVIDERS='{"), "{line}");

    kill(Pid::from_raw(child.id().unwrap().try_into().unwrap()), Signal::SIGINT).unwrap();

    let status = timeout(EXIT, child.wait()).await.expect("it does not exit").unwrap();
    assert!(status.success());
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "the socket is left behind");
}
