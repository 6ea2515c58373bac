//! What is secret is in no log, no diagnostic, no command line and no file that others than root can read.

use acceptance_tests::hosts::User;
use acceptance_tests::sshd::keys::{Key, KeyKind};
use serde_json::json;

use crate::support::{CLUSTER, Configuration, Scene, done};

/// What the tests hand to the provider and must find nowhere else.
const GIVEN: [(&str, &str); 5] = [
    ("token", "given-token-s3cret"),
    ("passphrase", "passphrase-s3cret"),
    ("registry", "registry-s3cret"),
    ("access key", "access-s3cret"),
    ("secret key", "bucket-s3cret"),
];

/// Takes note of every command line on a host, as anybody on it could.
const LISTEN: &str = "systemd-run --quiet --unit=listen sh -c \
    'while true; do cat /proc/[0-9]*/cmdline 2> /dev/null | tr \"\\0\" \" \" >> /root/command-lines; sleep 0.02; done'";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn no_secret_is_where_others_can_read_it() {
    let Some(mut scene) = Scene::new(2).await else { return };
    let key = Key::generate(KeyKind::Ed25519, Some(GIVEN[1].1)).expect("a key");
    for number in [1, 2] {
        let line = format!("echo '{}' >> /home/deputy/.ssh/authorized_keys", key.public().trim());
        scene.run(number, &line).await;
        scene.run(number, LISTEN).await;
    }
    scene.workspace.enable_trace();
    let sudo = scene.lab.hosts().password().to_owned();
    let ssh = |number| {
        format!(
            "ssh = {{ user = {:?}, private_key = {}, passphrase = {:?}, sudo_password = {sudo:?}, host_key = [{:?}] }}",
            User::Deputy.name(),
            json!(key.private()),
            GIVEN[1].1,
            scene.host(number).host_key().expect("a key"),
        )
    };
    let registries = format!(
        "registries = {{ configs = {{ \"registry.health.example\" = {{ auth = {{ username = \"cht\", password = {:?} }} }} }} }}",
        GIVEN[2].1
    );
    let cluster = format!(
        "token = {:?}\ntoken_version = 1\n{registries}\n\
         snapshots = {{ enabled = true, s3 = {{ bucket = \"cht\", endpoint = \"s3.health.example\", access_key = {:?}, secret_key = {:?} }} }}",
        GIVEN[0].1, GIVEN[3].1, GIVEN[4].1
    );
    let configuration = Configuration::new([1])
        .agents([2])
        .with(&cluster)
        .with_server(1, &ssh(1))
        .with_agent(2, &ssh(2));
    scene.configure(&configuration);
    let mut said = scene.apply().await.text();
    scene.is_settled("created").await;

    let agents = scene.run(1, "cat /etc/rancher/k3s/agent-token").await;
    let kubeconfig = scene.state(CLUSTER).await["kubeconfig"]
        .as_str()
        .expect("a kubeconfig")
        .to_owned();
    let client_key = kubeconfig
        .lines()
        .find_map(|line| line.trim().strip_prefix("client-key-data: "))
        .expect("the administrator has a key")
        .to_owned();
    let key_line = key.private().lines().nth(2).expect("a line").to_owned();
    let password = agents.rsplit(':').next().expect("a token").to_owned();
    let secrets: Vec<(&str, &str)> = GIVEN
        .into_iter()
        .chain([
            ("sudo password", sudo.as_str()),
            ("private key", key_line.as_str()),
            ("agents' token", password.as_str()),
            ("administrator's key", client_key.as_str()),
        ])
        .collect();

    // Errors repeat what hosts say, too.
    scene.run(1, "systemctl stop k3s; printf 'fatal=%s\\n' 'bad token given-token-s3cret' > /tmp/fatal; mkdir -p /etc/cht-lab; mv /tmp/fatal /etc/cht-lab/faults").await;
    if scene.lab.plays_k3s() {
        let failed = scene.workspace.apply().await.expect_err("the server does not start");
        let outcome = failed.outcome().expect("it ran");
        said.push_str(
            &outcome
                .diagnostics
                .iter()
                .map(|error| error.detail.clone())
                .collect::<String>(),
        );
        assert!(said.contains("bad token"), "the journal is shown: {said}");
        scene.run(1, "rm /etc/cht-lab/faults").await;
        scene.apply().await;
    }

    let log = scene.workspace.trace().expect("a log");
    assert!(
        log.contains("running a command by SSH"),
        "the provider's own log is there"
    );
    for (name, secret) in &secrets {
        assert!(!said.contains(secret), "the {name} is in what the command says");
        assert!(!log.contains(secret), "the {name} is in the log");
        for number in [1, 2] {
            is_kept_on(&scene, number, name, secret).await;
        }
    }
    done("destroy", scene.workspace.destroy().await);
}

/// Checks that no file of a host has a secret that others than root can read, and that no command line had it.
async fn is_kept_on(scene: &Scene, number: usize, name: &str, secret: &str) {
    let script = format!(
        "find / /var/lib/rancher /var/lib/kubelet -xdev -type f -perm /044 -size -4M -exec grep -lF -e '{secret}' {{}} + ; \
         grep -cF -e '{secret}' /root/command-lines; true"
    );
    let found = scene.run(number, &script).await;
    assert_eq!(found, "0", "the {name} is on h{number} where others can read it");
}
