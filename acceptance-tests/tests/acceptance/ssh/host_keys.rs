//! Whether a host is the one that it should be.

use acceptance_tests::sshd::keys::{Key, KeyKind};
use acceptance_tests::sshd::{Setup, Sshd};
use terraform_provider_cht::ssh::{Error, Sessions, Ssh};

use super::{Host, available, ed25519, refused, route, session};

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn unknown_host_is_refused_with_the_line_to_record() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let ssh = Ssh {
        host_key: None,
        ..host.ssh()
    };
    let Error::UnknownHostKey { shown, .. } = refused(&ssh).await else {
        panic!("it is known")
    };
    let line = host.host_key.public().trim_end_matches(" test");
    assert_eq!(
        (shown.line.as_str(), shown.print),
        (line, host.host_key.print().expect("a print"))
    );
    let log = host.sshd.log().expect("a log");
    assert!(!log.contains("Accepted"), "nothing is offered to a stranger: {log}");
    let recorded = Ssh {
        host_key: Some(vec![shown.line]),
        ..ssh
    };
    session(&recorded)
        .connect()
        .await
        .expect("what it says to record is believed");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn host_that_was_believed_the_first_time_must_keep_its_key() {
    if !available() {
        return;
    }
    let mut host = Host::start().await;
    let ssh = Ssh {
        host_key: None,
        host_key_policy: Some("accept-new".to_owned()),
        ..host.ssh()
    };
    let first = session(&ssh);
    assert!(first.connect().await.expect("it is believed").is_new);
    let pins = first.pins().await.expect("there are prints");
    let print = host.host_key.print().expect("a print");
    assert_eq!(pins.values().collect::<Vec<_>>(), [&print]);
    let again = Sessions::default().open(route(&ssh).with_pins(&pins));
    assert!(!again.connect().await.expect("it is the same").is_new);
    assert_eq!(again.pins().await.expect("there are prints"), pins, "a pin is kept");

    host.sshd.kill().expect("it ends");
    let other = ed25519();
    let setup = Setup::new()
        .host_key(&other)
        .authorize("", &host.key)
        .port(host.sshd.port());
    let _impostor = Sshd::start(&setup).await.expect("it starts");
    let changed = Sessions::default()
        .open(route(&ssh).with_pins(&pins))
        .connect()
        .await
        .expect_err("another key");
    let text = changed.to_string();
    assert!(
        text.contains(&print) && text.contains(&other.print().expect("a print")),
        "both prints: {text}"
    );
    assert!(changed.is_host_key() && !changed.is_unreachable());
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn key_of_another_type_for_a_known_host_is_a_changed_one() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let ecdsa = Key::generate(KeyKind::Ecdsa, None).expect("a key");
    for policy in ["verify", "accept-new"] {
        let ssh = Ssh {
            host_key: Some(vec![ecdsa.public().to_owned()]),
            host_key_policy: Some(policy.to_owned()),
            ..host.ssh()
        };
        let error = refused(&ssh).await;
        assert!(matches!(error, Error::ChangedHostKeyType { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .contains("(ecdsa-sha2-nistp256), but other ones (ssh-ed25519)"),
            "{error}"
        );
    }
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn host_with_several_keys_is_asked_for_the_recorded_one_even_if_only_its_print_is_known() {
    if !available() {
        return;
    }
    let keys = [KeyKind::Ecdsa, KeyKind::Rsa].map(|kind| Key::generate(kind, None).expect("a key"));
    let host = Host::with(keys.iter().fold(Setup::new(), |setup, key| setup.host_key(key))).await;
    for key in keys.iter().chain([&host.host_key]) {
        for recorded in [key.public().to_owned(), key.print().expect("a print")] {
            let ssh = Ssh {
                host_key: Some(vec![recorded]),
                ..host.ssh()
            };
            let believed = session(&ssh).connect().await.expect("it has the key");
            assert_eq!(believed.print, key.print().expect("a print"));
        }
    }
    let ssh = Ssh {
        host_key: Some(vec![ed25519().print().expect("a print")]),
        ..host.ssh()
    };
    assert!(
        matches!(refused(&ssh).await, Error::ChangedHostKey { .. }),
        "none of its keys has the print"
    );
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn known_hosts_count_with_hashes_ports_revocations_and_authorities() {
    if !available() {
        return;
    }
    let authority = ed25519();
    let signed = ed25519()
        .signed(&authority, "127.0.0.1", &["-h"])
        .expect("a certificate");
    let (key, plain) = (ed25519(), ed25519());
    let setup = |host_key: &Key| Setup::new().host_key(host_key).authorize("", &key);
    let vouched = Sshd::start(&setup(&signed)).await.expect("it starts");
    let host = Sshd::start(&setup(&plain)).await.expect("it starts");
    let way = |sshd: &Sshd, known_hosts: String| Ssh {
        user: Some(Sshd::user().expect("a user")),
        port: Some(sshd.port()),
        private_key: Some(key.private().into()),
        known_hosts: Some(known_hosts),
        ..Ssh::default()
    };
    let line = format!("[127.0.0.1]:{} {}\n", host.port(), plain.public());
    session(&way(&host, line.clone())).connect().await.expect("it is known");
    let other_port = format!("127.0.0.1 {}\n", plain.public());
    assert!(matches!(
        refused(&way(&host, other_port)).await,
        Error::UnknownHostKey { .. }
    ));
    let revoked = format!("{line}@revoked * {}\n", plain.public());
    assert!(matches!(
        refused(&way(&host, revoked)).await,
        Error::RevokedHostKey { line: 2, .. }
    ));

    let file = host.directory().join("known_hosts");
    std::fs::write(&file, line).expect("it is written");
    let hashing = std::process::Command::new("ssh-keygen")
        .args(["-H", "-f"])
        .arg(&file)
        .output();
    assert!(hashing.expect("ssh-keygen runs").status.success());
    assert!(std::fs::read_to_string(&file).expect("it is there").starts_with("|1|"));
    session(&way(&host, file.display().to_string()))
        .connect()
        .await
        .expect("it is known by a hash");

    let trusted = format!("@cert-authority [127.0.0.1]:* {}\n", authority.public());
    session(&way(&vouched, trusted.clone()))
        .connect()
        .await
        .expect("the authority vouches for it");
    assert!(matches!(
        refused(&way(&host, trusted)).await,
        Error::UnknownHostKey { .. }
    ));
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn host_certificate_for_another_name_is_refused() {
    if !available() {
        return;
    }
    let authority = ed25519();
    let signed = ed25519()
        .signed(&authority, "other.example", &["-h"])
        .expect("a certificate");
    let key = ed25519();
    let sshd = Sshd::start(&Setup::new().host_key(&signed).authorize("", &key))
        .await
        .expect("it starts");
    let ssh = Ssh {
        user: Some(Sshd::user().expect("a user")),
        port: Some(sshd.port()),
        private_key: Some(key.private().into()),
        known_hosts: Some(format!("@cert-authority * {}\n", authority.public())),
        ..Ssh::default()
    };
    let error = refused(&ssh).await;
    assert!(
        error.to_string().ends_with("but it is for hosts of other names"),
        "{error}"
    );
}
