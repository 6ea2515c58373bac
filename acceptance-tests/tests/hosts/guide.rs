//! Guides are followed as a reader does: every command in a block marked `sh`, in order, in the directory of the
//! configuration.
//!
//! The addresses in guides are those that are kept for documentation; `192.0.2.11` stands for host 1, and so on. What a
//! reader has, `tofu`, `kubectl` and an `ssh` with the right key, is put on the path. Manifests that a guide links to
//! are copied beside the configuration, and have to be shown but for their comments. Blocks marked `shell` name files
//! of the reader's, and are not run.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use acceptance_tests::tofu::Cli;
use acceptance_tests::tools;
use tokio::process::Command;

use crate::support::Scene;

/// Where guides link to files of the project.
const PROJECT: &str = "](https://github.com/medic/terraform-provider-cht/tree/main/";

/// Follows a guide, named by its file without `.md`.
pub(crate) async fn follow(scene: &Scene, guide: &str) {
    follow_text(scene, guide, &text(scene, guide)).await;
}

/// Follows a guide as far as this heading.
pub(crate) async fn follow_up_to(scene: &Scene, guide: &str, heading: &str) {
    let text = text(scene, guide);
    let (before, _) = text
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading is there");
    follow_text(scene, guide, before).await;
}

/// Follows the part of a guide that has this heading.
pub(crate) async fn follow_section(scene: &Scene, guide: &str, heading: &str) {
    let text = text(scene, guide);
    let (_, after) = text
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading is there");
    let section = after.split("\n## ").next().unwrap_or_default();
    follow_text(scene, guide, section).await;
}

/// The text of a guide, with the addresses of the hosts.
fn text(scene: &Scene, guide: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/guides/{guide}.md"));
    let mut text = fs::read_to_string(&path).expect("the guide can be read");
    for (number, host) in (1..).zip(scene.lab.hosts().iter()) {
        text = text.replace(&format!("192.0.2.1{number}"), &host.ip().to_string());
    }
    text
}

async fn follow_text(scene: &Scene, guide: &str, text: &str) {
    let programs = programs(scene);
    copy_manifests(scene, text);
    let blocks: Vec<&str> = text.split("```sh\n").skip(1).collect();
    assert!(!blocks.is_empty(), "{guide} has no commands");
    for block in blocks {
        let commands = block.split("```").next().unwrap_or_default();
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("sh")
            .args(["-ec", commands])
            .current_dir(scene.workspace.directory())
            .stdin(Stdio::null())
            .envs(scene.workspace.environment())
            .env("PATH", format!("{}:{path}", programs.display()))
            // A reader reads the plan, and says yes.
            .env("TF_CLI_ARGS_apply", "-auto-approve")
            .output()
            .await
            .expect("a shell");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(output.status.success(), "{guide}: {commands}{}", said.concat());
    }
}

/// Copies the manifests that a text links to.
fn copy_manifests(scene: &Scene, text: &str) {
    let links = text.split(PROJECT).skip(1).filter_map(|after| after.split(')').next());
    for link in links.filter(|link| link.ends_with(".yaml")) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(link);
        let manifest = fs::read_to_string(&path).expect("the manifest can be read");
        let shown: Vec<&str> = manifest.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(text.contains(&shown.join("\n")), "{link} is not what the guide shows");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        scene.workspace.write(&name, &manifest).expect("the file is written");
    }
}

/// A directory with the programs that a reader has.
fn programs(scene: &Scene) -> PathBuf {
    let directory = scene.workspace.directory().join(".bin");
    if !directory.exists() {
        fs::create_dir(&directory).expect("a directory");
        let tofu = Cli::tofu().expect("tofu is there").path().to_owned();
        for (name, program) in [("tofu", tofu), ("kubectl", tools::kubectl().expect("kubectl is there"))] {
            symlink(program, directory.join(name)).expect("a link");
        }
        let ssh = directory.join("ssh");
        let key = scene.lab.hosts().ssh_key();
        let known = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
        let script = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -F none -i {} {known} \"$@\"\n",
            key.display()
        );
        fs::write(&ssh, script).expect("a file");
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("a program");
    }
    directory
}
