//! Logins: types of keys, passphrases, certificates, bastions, and what a refusal says.

use acceptance_tests::sshd::Setup;
use acceptance_tests::sshd::keys::{Key, KeyKind};
use terraform_provider_cht::ssh::{Command, Error, Sessions, Ssh};

use super::{Host, available, ed25519, refused, route, session};

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn keys_of_each_type_let_in_and_rsa_signs_with_sha2() {
    if !available() {
        return;
    }
    let keys = [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa].map(|kind| Key::generate(kind, None).expect("a key"));
    let setup = keys.iter().fold(Setup::new(), |setup, key| setup.authorize("", key));
    let host = Host::with(setup).await;
    for key in &keys {
        let ssh = Ssh {
            private_key: Some(key.private().into()),
            ..host.ssh()
        };
        session(&ssh).connect().await.expect("it lets the key in");
    }
    let log = host.sshd.log().expect("a log");
    assert!(log.contains("Accepted publickey") && log.contains("RSA"), "{log}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn encrypted_key_opens_with_its_passphrase_and_says_so_without() {
    if !available() {
        return;
    }
    let key = Key::generate(KeyKind::Ed25519, Some("correct horse")).expect("a key");
    let host = Host::with(Setup::new().authorize("", &key)).await;
    let with = |passphrase: Option<&str>| Ssh {
        private_key: Some(key.private().into()),
        passphrase: passphrase.map(Into::into),
        ..host.ssh()
    };
    session(&with(Some("correct horse")))
        .connect()
        .await
        .expect("it lets the key in");
    let error = refused(&with(None)).await;
    assert!(
        error.to_string().ends_with("is encrypted, and there is no passphrase"),
        "{error}"
    );
    let error = refused(&with(Some("battery staple"))).await;
    assert!(
        error.to_string().ends_with("is encrypted with another passphrase"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("battery"));
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn certificates_of_a_trusted_authority_let_in() {
    if !available() {
        return;
    }
    let authority = ed25519();
    let directory = tempfile::tempdir().expect("a folder");
    let file = directory.path().join("ca.pub");
    std::fs::write(&file, format!("{}\n", authority.public())).expect("it is written");
    let host = Host::with(Setup::new().line(&format!("TrustedUserCAKeys {}", file.display()))).await;
    let user = acceptance_tests::sshd::Sshd::user().expect("a user");
    for kind in [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa] {
        let key = Key::generate(kind, None).expect("a key");
        let way = |names: &str| {
            let key = key.signed(&authority, names, &[]).expect("a certificate");
            Ssh {
                private_key: Some(key.private().into()),
                certificate: key.certificate().map(str::to_owned),
                ..host.ssh()
            }
        };
        session(&way(&user))
            .connect()
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let error = refused(&way("somebody-else")).await;
        assert!(error.to_string().contains("a certificate of the tests"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn refusal_names_the_user_what_was_tried_and_what_the_host_takes() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let stranger = ed25519();
    let ssh = Ssh {
        private_key: Some(stranger.private().into()),
        password: Some("a-password".into()),
        ..host.ssh()
    };
    let text = refused(&ssh).await.to_string();
    let print = stranger.print().expect("a print");
    assert!(
        text.contains(&format!("with the key {print}, a password; it takes: publickey")),
        "{text}"
    );
    assert!(!text.contains("a-password"));
    let wrong_user = Ssh {
        user: Some("nobody-knows-me".to_owned()),
        ..host.ssh()
    };
    let text = refused(&wrong_user).await.to_string();
    assert!(text.contains("does not let nobody-knows-me in"), "{text}");
    let nothing = Ssh {
        private_key: None,
        ..host.ssh()
    };
    assert!(matches!(refused(&nothing).await, Error::NoLogin { .. }));
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn bastions_lead_to_a_host_one_through_the_other_and_share_their_connection() {
    if !available() {
        return;
    }
    let (first, second, host) = (Host::start().await, Host::start().await, Host::start().await);
    let ssh = Ssh {
        bastion: Some(vec![first.bastion(), second.bastion()]),
        ..host.ssh()
    };
    let other = Ssh {
        command_timeout: Some("1m".parse().expect("a duration")),
        ..ssh.clone()
    };
    let sessions = Sessions::default();
    let (one, another) = (sessions.open(route(&ssh)), sessions.open(route(&other)));
    let answers = tokio::join!(
        one.run(Command::new("greet", "echo one")),
        another.run(Command::new("greet", "echo another")),
    );
    assert_eq!(answers.0.expect("an answer").text(), "one\n");
    assert_eq!(answers.1.expect("an answer").text(), "another\n");
    for played in [&first, &second, &host] {
        let log = played.sshd.log().expect("a log");
        assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
    }
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn failure_on_a_bastion_names_the_bastion() {
    if !available() {
        return;
    }
    let (good, host) = (Host::start().await, Host::start().await);
    let closed = Host::with(Setup::new().line("AllowTcpForwarding no")).await;
    let through = |hops: Vec<_>| Ssh {
        bastion: Some(hops),
        ..host.ssh()
    };
    let mut dead = good.bastion();
    dead.port = Some(1);
    let error = refused(&through(vec![good.bastion(), dead])).await;
    let text = tf_framework::diagnostics::error_chain(&error);
    assert!(error.is_unreachable() && error.bastion() == Some(1), "{error:?}");
    assert!(
        text.contains("the bastion 127.0.0.1:1 (number 2 on the way) cannot be used"),
        "{text}"
    );
    assert!(text.contains("nothing answers there"), "{text}");

    let error = refused(&through(vec![closed.bastion()])).await;
    assert!(error.to_string().contains("it forbids connections to there"), "{error}");
    let mut unknown = good.bastion();
    unknown.host_key = None;
    let error = refused(&through(vec![unknown])).await;
    assert!(error.is_host_key() && error.bastion() == Some(0), "{error:?}");
}

#[tokio::test]
#[ignore = "needs sshd: cargo xtask test"]
async fn host_that_is_not_there_is_told_from_one_that_does_not_listen() {
    if !available() {
        return;
    }
    let host = Host::start().await;
    let nobody = Ssh {
        port: Some(1),
        ..host.ssh()
    };
    assert!(matches!(refused(&nobody).await, Error::Refused { .. }));
    let nowhere = Sessions::default()
        .open(terraform_provider_cht::ssh::Route::new("no-such-host.invalid", &host.ssh()).expect("a way"));
    let error = nowhere.connect().await.expect_err("there is no such host");
    assert!(
        matches!(error, Error::Resolve { .. }) && error.is_unreachable(),
        "{error:?}"
    );
}
