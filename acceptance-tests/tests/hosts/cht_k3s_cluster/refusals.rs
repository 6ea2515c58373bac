//! Hosts that cannot be used, and what somebody reads who has to put that right: before anything is done to any host.

use acceptance_tests::hosts::{Host, User};
use acceptance_tests::sshd::keys::{Key, KeyKind};
use acceptance_tests::tofu::Diagnostic;

use crate::support::{CLUSTER, Configuration, Scene};

/// The error of a configuration, by the plan if that sees it, else by the apply.
async fn refusal(scene: &Scene, configuration: &Configuration) -> Diagnostic {
    scene.configure(configuration);
    let error = match scene.workspace.plan().await {
        Err(error) => error,
        Ok(_) => scene.workspace.apply().await.expect_err("it is refused"),
    };
    let outcome = error.outcome().unwrap_or_else(|| panic!("it does not run: {error}"));
    let first = outcome.errors().next().cloned();
    first.unwrap_or_else(|| panic!("no error: {}", outcome.text()))
}

/// Checks that all of the words are in an error, and what it points at.
#[track_caller]
fn says(error: &Diagnostic, words: &[&str], code: &str) {
    let text = format!("{} {}", error.summary, error.detail);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{word:?} is not in: {flat}");
    }
    let snippet = error
        .snippet
        .as_ref()
        .map(|snippet| snippet.code.as_str())
        .unwrap_or_default();
    assert!(snippet.contains(code), "it points at {snippet:?}: {error:#?}");
}

/// A server with another `ssh`.
fn with_ssh(lines: &str) -> Configuration {
    Configuration::new([1]).with_server(1, &format!("ssh = {{\n{lines}\n}}"))
}

fn known_by(host: &Host, key: &Key) -> String {
    format!("known_hosts = \"{} {}\"", host.ip(), key.public().trim())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_way_to_a_host_that_does_not_work_is_told_apart() {
    let Some(scene) = Scene::new(1).await else { return };
    let host = scene.host(1);
    let other = Key::generate(KeyKind::Ed25519, None).expect("a key");
    let of_other_kind = Key::generate(KeyKind::Ecdsa, None).expect("a key");

    let wrong_key = with_ssh(&format!("private_key = {:?}", other.private()));
    let refused = refusal(&scene, &wrong_key).await;
    says(&refused, &["h1", "does not let", "authorized_keys"], "");

    let refused = refusal(&scene, &with_ssh("user = \"nobody\"")).await;
    says(&refused, &["does not let", "nobody"], "h1 = {");

    let refused = refusal(&scene, &with_ssh(&known_by(host, &other))).await;
    says(&refused, &["somebody is in between", "SHA256:"], "");

    let refused = refusal(&scene, &with_ssh(&known_by(host, &of_other_kind))).await;
    says(&refused, &["somebody is in between"], "");

    let guest = scene.host(1).ssh_attribute(User::Guest, None).expect("a way");
    let refused = refusal(
        &scene,
        &Configuration::new([1]).with_server(1, &format!("ssh = {guest}")),
    )
    .await;
    says(&refused, &["sudo"], "");

    let refused = refusal(&scene, &with_ssh("user = \"deputy\"")).await;
    says(&refused, &["sudo_password"], "");

    let bastion = "bastion = [{ host = \"198.18.255.254\", host_key_policy = \"insecure\" }]\nconnect_timeout = \"2s\"";
    // A host that cannot be reached may be one that is still on its way up, so it is waited for.
    let soon = with_ssh(bastion).with("timeouts = { create = \"20s\" }");
    let refused = refusal(&scene, &soon).await;
    says(&refused, &["198.18.255.254"], "");

    scene.is_clean(1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn hosts_that_are_not_fit_are_all_named_before_anything_is_done() {
    let Some(scene) = Scene::new(3).await else { return };
    let configuration = Configuration::new([1, 2, 3]);
    // Everything that is wrong is told at once.
    scene.host(1).take_port(10250).await.expect("the port is taken");
    scene.host(2).set_clock(90).await.expect("the clock is off");
    scene.host(3).fill_disk().expect("the disk is full");
    scene.configure(&configuration);
    let error = match scene.workspace.plan().await {
        Err(error) => error,
        Ok(_) => scene.workspace.apply().await.expect_err("it is refused"),
    };
    let text = format!("{:?}", error.diagnostics());
    for words in [
        "something else listens on port 10250",
        "clocks differ by",
        "MiB of the disk are free",
    ] {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
    assert!(scene.state(CLUSTER).await.is_null(), "nothing was made");
    scene.host(1).free_port(10250).await.expect("the port is free");
    scene.host(3).free_disk().expect("the disk is large");

    scene.host(1).disconnect().expect("it is cut off");
    // It may be a machine that is still on its way up, so it is waited for.
    let soon = Configuration::new([1, 2]).with("timeouts = { create = \"20s\" }");
    let unreachable = refusal(&scene, &soon).await;
    says(&unreachable, &["h1"], "");
    scene.host(1).connect().expect("it is back");
    for number in 1..=3 {
        scene.is_clean(number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn another_program_and_anothers_cluster_are_left_alone() {
    let Some(scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let wrong = Configuration::new([1]).hcl(&scene.lab);
    let sha256 = scene.lab.release(scene.lab.first_version()).expect("a release").sha256;
    scene.write(&wrong.replace(&sha256, &"0".repeat(64)));
    let error = match scene.workspace.plan().await {
        Err(error) => error,
        Ok(_) => scene.workspace.apply().await.expect_err("it is refused"),
    };
    let refused = error.diagnostics().first().expect("an error").clone();
    says(&refused, &[&sha256, &"0".repeat(64)], "");
    scene.is_clean(1).await;

    // A cluster that this provider made, in no state any more, and another that wants its host.
    scene.configure(&Configuration::new([1]));
    scene.apply().await;
    done_forgetting(&scene).await;
    let refused = refusal(&scene, &Configuration::new([1])).await;
    says(&refused, &["h1", "import"], "");
    let refused = refusal(&scene, &Configuration::new([1, 2])).await;
    says(&refused, &["h1"], "");
    scene.is_clean(2).await;
    let node = scene.node(1, "h1").await;
    assert!(node.is_some(), "it was left alone");

    // One that nobody marked.
    scene.run(1, "rm /etc/rancher/k3s/cht.json").await;
    let refused = refusal(&scene, &Configuration::new([1])).await;
    says(&refused, &["h1", "k3s is there already", "import"], "");
}

async fn done_forgetting(scene: &Scene) {
    scene.workspace.state_rm(CLUSTER).await.expect("it is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_server_that_only_ssh_does_not_reach_is_not_taken_for_gone() {
    let Some(scene) = Scene::new(3).await else { return };
    scene.configure(&Configuration::new([1, 2, 3]));
    scene.apply().await;

    // It runs, and the others know it well.
    scene
        .run(
            3,
            "systemctl stop ssh.socket ssh.service sshd.service 2> /dev/null; true",
        )
        .await;
    scene.configure(&Configuration::new([1, 2]));
    let refused = scene.apply_fails().await;
    says(
        &refused,
        &["h3", "its node is ready", "on_destroy", "stop the machine"],
        "",
    );
    assert_eq!(scene.members(1).await.len(), 3, "it is still a member");
    assert!(scene.node(1, "h3").await.is_some(), "its node is still there");

    // As soon as it is reached, it leaves in order.
    scene
        .run(
            3,
            "systemctl start ssh.service 2> /dev/null || systemctl start sshd.service",
        )
        .await;
    scene.apply().await;
    scene.is_clean(3).await;
    assert_eq!(scene.nodes(1).await, ["h1", "h2"]);
    scene.destroy().await;
}
