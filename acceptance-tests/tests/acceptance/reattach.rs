//! A provider that was started by hand, as in a debugger, and that command lines find by what it prints.

use std::path::Path;
use std::process::Stdio;

use acceptance_tests::tofu::{Cli, Workspace, provider_binary};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{ADDRESS, Scene};

/// Starts the provider, and answers with the value that a shell gives to the variable that it prints.
async fn start(tmp: &Path) -> (Child, String) {
    let mut provider = Command::new(provider_binary().expect("the provider was built"))
        .arg("--debug")
        .env_clear()
        .env("TMPDIR", tmp)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let stderr = provider.stderr.as_mut().expect("it is piped");
    BufReader::new(stderr)
        .read_line(&mut line)
        .await
        .expect("it prints a line");
    let shell = Command::new("sh")
        .arg("-c")
        .arg(format!("{line}printf %s \"$TF_REATTACH_PROVIDERS\""))
        .output()
        .await
        .expect("the shell runs");
    (provider, String::from_utf8(shell.stdout).expect("it is JSON"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn provider_started_by_hand_serves_command_after_command() {
    let tmp = tempfile::tempdir().expect("a directory");
    let (mut provider, variable) = start(tmp.path()).await;
    // There is nothing else to use: what is installed in the workspace serves nobody.
    let mut workspace =
        Workspace::new(Cli::tofu().expect("tofu is there"), Path::new("/bin/false")).expect("a workspace");
    workspace.set_environment("TF_REATTACH_PROVIDERS", &variable);
    let scene = Scene::of(workspace, "reattach").await;

    scene.configure(&scene.instance()).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;

    assert_eq!(
        provider.try_wait().expect("it can be asked"),
        None,
        "a command ended it"
    );
    let id = provider.id().expect("it still runs");
    kill(Pid::from_raw(id.try_into().expect("a process id")), Signal::SIGINT).expect("it is interrupted");
    assert!(provider.wait().await.expect("it ends").success());
    assert_eq!(
        tmp.path().read_dir().expect("it is there").count(),
        0,
        "the socket is left behind"
    );
}
