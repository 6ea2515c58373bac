//! `data.cht_ssh_host`, through the real command line, on a host that the real `sshd` plays.

use acceptance_tests::sshd::agent::Agent;
use acceptance_tests::sshd::keys::{Key, KeyKind};
use acceptance_tests::sshd::{Setup, Sshd, program};
use acceptance_tests::tofu::{Cli, Workspace, provider_binary};
use serde_json::{Value, json};

use crate::support::{blames, done, failure};

/// What the tests hand to the provider and must find nowhere else.
const SECRETS: [&str; 4] = ["passphrase-s3cret", "password-s3cret", "sudo-s3cret", "bastion-s3cret"];

struct Scene {
    workspace: Workspace,
    sshd: Sshd,
    key: Key,
    host_key: Key,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Setup::new()).await
    }

    async fn with(setup: Setup) -> Self {
        let key = Key::generate(KeyKind::Ed25519, None).expect("a key");
        let host_key = Key::generate(KeyKind::Ed25519, None).expect("a key");
        let sshd = Sshd::start(&setup.host_key(&host_key).authorize("", &key))
            .await
            .expect("sshd starts");
        let cli = Cli::tofu().expect("tofu is there");
        let workspace = Workspace::new(cli, &provider_binary().expect("the provider was built")).expect("a workspace");
        Scene {
            workspace,
            sshd,
            key,
            host_key,
        }
    }

    /// Writes a provider block and the data source with these lines in their `ssh`.
    fn write(&self, default: &str, own: &str) {
        let (user, port) = (Sshd::user().expect("a user"), self.sshd.port());
        let text = format!(
            "provider \"cht\" {{\n  ssh = {{\n    user = {user:?}\n    port = {port}\n{default}\n  }}\n}}\n\
             data \"cht_ssh_host\" \"test\" {{\n  host = \"127.0.0.1\"\n  ssh = {{\n    connect_timeout = \"30s\"\n{own}\n  }}\n}}\n"
        );
        self.workspace
            .write("main.tf", &text)
            .expect("the configuration is written");
    }

    fn private_key(&self) -> String {
        format!("private_key = {}", json!(self.key.private()))
    }

    fn known(&self) -> String {
        format!("host_key = [{:?}]", self.host_key.public())
    }

    /// How many connections there were.
    fn connections(&self) -> usize {
        self.sshd.log().expect("a log").matches("Connection from").count()
    }

    async fn look(&self) -> Value {
        done("apply", self.workspace.apply().await);
        let state = done("show", self.workspace.show().await);
        state["values"]["root_module"]["resources"][0]["values"].clone()
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_host_tells_what_it_is_by_one_command_and_why_it_is_not_fit() {
    if !program::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.write(&scene.private_key(), &scene.known());
    let found = scene.look().await;
    assert_eq!(found["host_key_print"], scene.host_key.print().expect("a print"));
    assert_eq!(found["architecture"], std::env::consts::ARCH);
    assert_eq!(
        found["clock_skew_seconds"].as_i64().map(|skew| skew.abs() <= 1),
        Some(true)
    );
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    assert_eq!(found["kernel"], release.trim());
    assert!(
        found["memory_mib"].as_i64() > Some(100) && found["cpus"].as_i64() > Some(0),
        "{found}"
    );
    // What plays the host has the systemd of this machine, if that has one.
    let has_systemd = std::path::Path::new("/run/systemd/system").is_dir();
    let problems = found["problems"].to_string();
    assert_eq!(problems.contains("no systemd"), !has_systemd, "{problems}");
    assert_eq!(found["fit"], json!(found["problems"] == json!([])));
    let state = std::fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(
        !state.contains("PRIVATE KEY"),
        "what stands in the provider block is not stored"
    );
    let log = scene.sshd.log().expect("a log");
    let runs = log.matches("Accepted publickey").count();
    assert_eq!(
        log.matches("Starting session: command").count(),
        runs,
        "one command for each connection: {log}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_host_that_is_not_recorded_is_refused_with_what_to_write_and_that_works() {
    if !program::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.write(&scene.private_key(), "");
    let refused = failure("plan", scene.workspace.plan().await);
    let print = scene.host_key.print().expect("a print");
    blames(
        &refused,
        "Unable to look at the host",
        &format!("which shows the key {print}"),
        "ssh = {",
    );
    let advice = refused
        .detail
        .split("host_key = ")
        .nth(1)
        .expect("it says what to write");
    let line = advice.split(']').next().expect("a list");
    scene.write(&scene.private_key(), &format!("host_key = {line}]"));
    scene.look().await;

    let other = Key::generate(KeyKind::Ed25519, None).expect("a key");
    scene.write(&scene.private_key(), &format!("host_key = [{:?}]", other.public()));
    let refused = failure("plan", scene.workspace.plan().await);
    blames(
        &refused,
        "Unable to look at the host",
        "or somebody is in between",
        "host_key = [",
    );

    scene.write(&scene.private_key(), "host_key_policy = \"insecure\"");
    let plan = scene.workspace.plan().await;
    done("plan", plan);
    let validated = done("validate", scene.workspace.validate().await);
    assert!(
        validated.text().contains("SSH host key is not verified"),
        "{}",
        validated.text()
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_keys_and_certificates_of_an_agent_let_in() {
    if !program::available() {
        return;
    }
    let mut scene = Scene::new().await;
    let agent = Agent::start().await.expect("an agent");
    let socket = agent.socket().display().to_string();
    scene.workspace.set_environment("SSH_AUTH_SOCK", &socket);
    scene.write("agent = true", &scene.known());
    let refused = failure("plan", scene.workspace.plan().await);
    assert!(refused.detail.contains("The SSH agent has no key"), "{refused:#?}");
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
        agent
            .add(&Key::generate(kind, None).expect("a key"))
            .expect("it is taken");
    }
    let refused = failure("plan", scene.workspace.plan().await);
    assert_eq!(
        refused.detail.matches("the agent's key SHA256:").count(),
        2,
        "{refused:#?}"
    );
    agent.add(&scene.key).expect("it is taken");
    scene.look().await;

    scene.workspace.set_environment("SSH_AUTH_SOCK", "/nowhere");
    let refused = failure("plan", scene.workspace.plan().await);
    assert!(refused.detail.contains("Start an agent"), "{refused:#?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn no_secret_is_in_a_log_at_trace_or_in_an_error() {
    if !program::available() {
        return;
    }
    let echo = "#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in -p) printf %s \"$2\" >&2; IFS= read -r p; esac; shift; done\n\
                echo \"sudo: not $p\" >&2; exit 1\n";
    let mut scene = Scene::with(Setup::new().program("sudo", echo)).await;
    let encrypted = Key::generate(KeyKind::Ed25519, Some(SECRETS[0])).expect("a key");
    scene.workspace.enable_trace();
    let default = format!(
        "private_key = {}\npassphrase = {:?}\npassword = {:?}\nsudo = true\nsudo_password = {:?}",
        json!(encrypted.private()),
        SECRETS[0],
        SECRETS[1],
        SECRETS[2]
    );
    scene.write(&default, &scene.known());
    let refused = failure("plan", scene.workspace.plan().await);
    assert!(refused.detail.contains("does not let"), "{refused:#?}");
    let mut texts = refused.detail;

    let with_key = default.replace(
        &json!(encrypted.private()).to_string(),
        &json!(scene.key.private()).to_string(),
    );
    let with_key = with_key.replace(&format!("passphrase = {:?}\n", SECRETS[0]), "");
    scene.write(&with_key, &scene.known());
    let found = scene.look().await;
    let problems = found["problems"].to_string();
    assert!(problems.contains("sudo: not (sensitive value)"), "{problems}");
    texts.push_str(&problems);

    let bastion = format!(
        "bastion = [{{ host = \"127.0.0.1\", port = 1, password = {:?} }}]",
        SECRETS[3]
    );
    scene.write(&with_key, &format!("{}\n{bastion}", scene.known()));
    let refused = failure("plan", scene.workspace.plan().await);
    blames(&refused, "Unable to look at the host", "cannot be used", "bastion = [");
    // The core shows the lines of the configuration beside what we say.
    texts.push_str(&refused.detail);

    let log = scene.workspace.trace().expect("a log");
    assert!(
        log.contains("running a command by SSH"),
        "the provider's own log is there"
    );
    let key_line = scene.key.private().lines().nth(2).expect("a line").to_owned();
    // The core logs what it sends to providers in no level; so what is found is ours.
    for secret in SECRETS.iter().copied().chain([key_line.as_str()]) {
        assert!(!texts.contains(secret), "{secret} is in an error");
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_does_not_fit_is_refused_before_anything_is_dialed() {
    if !program::available() {
        return;
    }
    let scene = Scene::new().await;
    let encrypted = Key::generate(KeyKind::Ed25519, Some("a")).expect("a key");
    let (key, public) = (json!(encrypted.private()), json!(encrypted.public()));
    for (own, text, line) in [
        (format!("private_key = {public}"), "It is the public key", "private_key"),
        (
            format!("private_key = {key}"),
            "give `passphrase` as well",
            "private_key",
        ),
        (
            format!("private_key = {key}\npassphrase = \"b\""),
            "It does not decrypt",
            "passphrase",
        ),
    ] {
        scene.write("", &own);
        let refused = failure("plan", scene.workspace.plan().await);
        blames(&refused, "Unusable private key", text, line);
    }
    for (own, text, line) in [
        ("host_key = [\"SHA256:x\"]", "no SHA-256 print", "host_key"),
        (
            "known_hosts = \"h1 ssh-ed25519\"",
            "Line 1 cannot be read",
            "known_hosts",
        ),
        ("port = 70000", "65535", "port"),
        (
            "bastion = [{ host = \"root@b1\" }]",
            "is no address of a host",
            "bastion",
        ),
        ("sudo_password = \"a\\n\"", "a text of one line", "sudo_password"),
    ] {
        scene.write("", own);
        let refused = failure("plan", scene.workspace.plan().await);
        let summary = refused.summary.clone();
        blames(&refused, &summary, text, line);
    }
    // The start of the host looks once whether it listens.
    assert!(scene.connections() <= 1, "nothing was dialed");
}
