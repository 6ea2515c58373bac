//! What becomes of panics: those of an operation, those that nobody catches, and those before there is a server.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::go_plugin::environment;
use crate::thing::{creation, id_of, start, test_provider};

#[tokio::test]
async fn panic_that_is_caught_is_an_error_line_and_any_other_is_a_crash() {
    let tmp = tempfile::tempdir().unwrap();
    let provider = start(test_provider(), tmp.path()).await;

    let caught = provider.provider().apply_resource_change(creation("panic")).await;
    let caught = caught.unwrap().into_inner();
    let crashed = provider
        .provider()
        .apply_resource_change(creation("panic elsewhere"))
        .await;
    provider.signal(Signal::SIGTERM);
    let stderr = provider.exited(tmp.path()).await.stderr;

    assert_eq!(id_of(&caught), "thing".into(), "the checkpoint is lost");
    const TEXT: &str = "a panic that is caught (provider/framework/tests/process/test_provider.rs:";
    assert!(caught.diagnostics[0].detail.contains(TEXT), "{caught:?}");
    assert_eq!(
        crashed.unwrap().into_inner().diagnostics,
        [],
        "the operation is not the task"
    );
    let (lines, crash) = stderr
        .split_once("panic: a panic that nobody catches (")
        .expect("it is told");
    assert!(crash.contains("test_provider"), "there is no backtrace: {crash}");
    let panic = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["@message"] == "the provider panicked")
        .expect("it is logged");
    assert_eq!(panic["@level"], "error");
    assert!(panic["panic"].as_str().unwrap().starts_with(TEXT), "{panic}");
    assert!(panic["backtrace"].as_str().unwrap().contains("create"), "{panic}");
}

#[tokio::test]
async fn panic_before_there_is_a_server_is_a_crash_and_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let output = test_provider()
        .arg("--panic")
        .envs(environment(tmp.path(), None))
        .output()
        .await
        .unwrap();

    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("panic: there are no resources ("), "{stderr}");
    assert_eq!(tmp.path().read_dir().unwrap().count(), 0, "a folder is left behind");
}
