//! What is secret is in no log, no diagnostic, no command line and no file that others than root can read.

use acceptance_tests::hosts::User;
use acceptance_tests::k3s::faults::FILE as FAULTS;
use acceptance_tests::sshd::keys::{Key, KeyKind};
use serde_json::json;

use crate::support::{CLUSTER, Configuration, Scene};

/// What the tests hand to the provider and must find nowhere else.
const GIVEN: [(&str, &str); 6] = [
    ("token", "given-token-s3cret"),
    ("passphrase", "passphrase-s3cret"),
    ("registry", "registry-s3cret"),
    ("access key", "access-s3cret"),
    ("secret key", "bucket-s3cret"),
    ("proxy", "proxy-s3cret"),
];

/// Takes note of every command line on a host, as anybody on it could.
const LISTEN: &str = "systemd-run --quiet --unit=listen sh -c \
    'while true; do cat /proc/[0-9]*/cmdline 2> /dev/null | tr \"\\0\" \" \" >> /srv/command-lines; sleep 0.02; done'";

/// A cluster and an agent with all of the secrets, on hosts that ask for a password as well.
fn configuration(scene: &Scene, key: &Key) -> Configuration {
    let sudo = scene.lab.hosts().password();
    let ssh = format!(
        "ssh = {{ user = {:?}, private_key = {}, passphrase = {:?}, sudo_password = {sudo:?} }}",
        User::Deputy.name(),
        json!(key.private()),
        GIVEN[1].1,
    );
    let registries = format!(
        "registries = {{ configs = {{ \"registry.health.example\" = {{ auth = {{ username = \"cht\", password = {:?} }} }} }} }}",
        GIVEN[2].1
    );
    let s3 = format!(
        "s3 = {{ bucket = \"cht\", endpoint = \"s3.health.example\", access_key = {:?}, secret_key = {:?} }}",
        GIVEN[3].1, GIVEN[4].1
    );
    // Nothing is reached through it: it is there to be kept.
    let proxy = format!(
        "proxy = {{ https = \"http://cht:{}@proxy.health.example:3128\", no_proxy = [\"0.0.0.0/0\"] }}",
        GIVEN[5].1
    );
    Configuration::new([1])
        .agents([2])
        .with(&format!(
            "token = {:?}\ntoken_version = 1\n{registries}\nsnapshots = {{ enabled = true, {s3} }}\n{proxy}",
            GIVEN[0].1
        ))
        .with_agents(&proxy)
        .with_server(1, &ssh)
        .with_agent(2, &ssh)
}

/// Everything that must not be seen, by name.
async fn secrets(scene: &Scene, key: &Key) -> Vec<(&'static str, String)> {
    let agents = scene.run(1, "cat /etc/rancher/k3s/agent-token").await;
    let kubeconfig = scene.state(CLUSTER).await["kubeconfig"].to_string();
    let client_key = kubeconfig
        .split("client-key-data")
        .nth(1)
        .expect("the administrator has a key");
    // It stands between quotes or at the end of a line, in a text in JSON.
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let client_key = client_key.split(|c| !letters(c)).find(|part| part.len() > 100);
    let given = GIVEN.map(|(name, secret)| (name, secret.to_owned()));
    let found = [
        ("sudo password", scene.lab.hosts().password().to_owned()),
        ("private key", key.private().lines().nth(2).expect("a line").to_owned()),
        ("agents' token", agents.rsplit(':').next().expect("a token").to_owned()),
        ("administrator's key", client_key.expect("a key").to_owned()),
    ];
    given.into_iter().chain(found).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn no_secret_is_where_others_can_read_it() {
    let Some(mut scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let key = Key::generate(KeyKind::Ed25519, Some(GIVEN[1].1)).expect("a key");
    for number in [1, 2] {
        let line = format!("echo '{}' >> /home/deputy/.ssh/authorized_keys", key.public().trim());
        scene.run(number, &line).await;
        scene.run(number, LISTEN).await;
    }
    scene.workspace.enable_trace();
    scene.configure(&configuration(&scene, &key));
    let mut said = scene.apply().await.text();
    scene.is_settled_after("created").await;

    // Errors repeat what hosts say.
    // In two parts, as this command line is taken note of, too.
    let (beginning, end) = GIVEN[0].1.split_at(6);
    let fatal = format!("echo 'fatal=started with token={beginning}''{end}' > {FAULTS}");
    scene
        .run(1, &format!("systemctl stop k3s; mkdir -p /etc/cht-lab; {fatal}"))
        .await;
    let failed = scene.workspace.apply().await.expect_err("the server does not start");
    let details = failed.diagnostics().iter().map(|error| error.detail.clone());
    said.push_str(&details.collect::<String>());
    assert!(said.contains("started with"), "the journal is shown: {said}");
    scene.run(1, &format!("rm {FAULTS}")).await;
    scene.apply().await;

    let log = scene.workspace.trace().expect("a log");
    assert!(
        log.contains("running a command by SSH"),
        "the provider's own log is there"
    );
    for number in [1, 2] {
        scene.run(number, "systemctl stop listen").await;
    }
    for (name, secret) in &secrets(&scene, &key).await {
        assert!(!said.contains(secret), "the {name} is in what the command says");
        assert!(!log.contains(secret), "the {name} is in the log");
        for number in [1, 2] {
            is_kept_on(&scene, number, name, secret).await;
        }
    }
    scene.destroy().await;
}

/// Checks that no file of a host has a secret that others than root can read, and that no command line had it.
async fn is_kept_on(scene: &Scene, number: usize, name: &str, secret: &str) {
    let script = format!(
        "find / /var/lib/rancher /var/lib/kubelet -xdev -type f -perm /044 -size -4M -exec grep -lF -e '{secret}' {{}} + ; \
         grep -cF -e '{secret}' /srv/command-lines; true"
    );
    let found = scene.run(number, &script).await;
    assert_eq!(found, "0", "the {name} is on h{number} where others can read it");
}
