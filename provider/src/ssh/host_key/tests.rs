//! Hosts that show a key, and whether it is believed.

use russh::keys::PrivateKey;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData};

use super::*;

const NOW: u64 = 1_800_000_000;

fn ed25519(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn ecdsa() -> PrivateKey {
    let keypair = EcdsaKeypair::random(&mut rand::rng(), EcdsaCurve::NistP256).unwrap();
    PrivateKey::new(KeypairData::Ecdsa(keypair), "").unwrap()
}

fn shown(key: &PrivateKey) -> PublicKeyOrCertificate {
    key.public_key().clone().into()
}

fn address() -> Address {
    Address {
        host: "h1.example".to_owned(),
        port: 22,
    }
}

fn trust(keys: &[&str], known_hosts: &str, policy: Policy) -> Trust {
    Trust {
        keys: keys.iter().map(|key| Recorded::parse(key).unwrap()).collect(),
        known_hosts: KnownHosts::parse(known_hosts),
        pin: None,
        policy,
    }
}

fn judge(trust: &Trust, key: &PrivateKey) -> Result<HostKey, Refusal> {
    trust.judge(&address(), &shown(key), NOW)
}

fn line(key: &PrivateKey) -> String {
    line_of(key.public_key())
}

fn print(key: &PrivateKey) -> String {
    print_of(key.public_key())
}

#[test]
fn recorded_key_and_recorded_print_are_believed_and_any_other_key_has_changed() {
    let (good, bad) = (ed25519(1), ed25519(2));
    for recorded in [
        line(&good),
        format!("{} root@h1", line(&good)),
        print(&good),
        format!("{}=", print(&good)),
    ] {
        let trust = trust(&[&recorded], "", Policy::Verify);
        let found = judge(&trust, &good).unwrap();
        assert!(found.print == print(&good) && !found.is_new);
        let expected = vec![format!("{} (in `host_key`)", print(&good))];
        assert_eq!(judge(&trust, &bad), Err(Refusal::Changed { expected }));
    }
}

#[test]
fn unknown_host_is_refused_or_believed_once_or_always_as_the_policy_says() {
    let key = ed25519(1);
    assert_eq!(judge(&trust(&[], "", Policy::Verify), &key), Err(Refusal::Unknown));
    assert!(judge(&trust(&[], "", Policy::AcceptNew), &key).unwrap().is_new);
    assert!(!judge(&trust(&[], "", Policy::Insecure), &key).unwrap().is_new);
}

#[test]
fn what_was_believed_the_first_time_counts_until_the_user_records_something() {
    let (first, second) = (ed25519(1), ed25519(2));
    let mut pinned = trust(&[], "", Policy::AcceptNew);
    pinned.pin = Some(print(&first));
    assert!(!judge(&pinned, &first).unwrap().is_new);
    let expected = vec![format!("{} (believed the first time)", print(&first))];
    assert_eq!(judge(&pinned, &second), Err(Refusal::Changed { expected }));
    pinned.keys = vec![Recorded::parse(&line(&second)).unwrap()];
    assert!(judge(&pinned, &second).is_ok());
    assert!(judge(&pinned, &first).is_err());
}

#[test]
fn what_is_believed_beside_a_revoked_key_is_kept_as_well() {
    let known = format!("@revoked {} {}\n", address().host, line(&ed25519(2)));
    let trust = trust(&[], &known, Policy::AcceptNew);
    assert!(judge(&trust, &ed25519(1)).unwrap().is_new);
    assert!(
        trust.is_unrecorded(&address()),
        "or any other key would be believed the next time"
    );
}

#[test]
fn key_of_another_type_for_a_known_host_has_changed_under_every_policy_but_insecure() {
    let known = format!("h1.example {}\n", line(&ed25519(1)));
    for policy in [Policy::Verify, Policy::AcceptNew] {
        let trust = trust(&[], &known, policy);
        assert_eq!(
            trust.algorithms(&address()),
            [Algorithm::Ed25519],
            "it is not even asked for"
        );
        let refusal = judge(&trust, &ecdsa()).unwrap_err();
        let expected = vec![format!("{} (line 1 of `known_hosts`)", print(&ed25519(1)))];
        assert_eq!(refusal, Refusal::Changed { expected });
    }
}

#[test]
fn revoked_key_is_refused_even_if_it_is_recorded_or_nothing_is_verified() {
    let key = ed25519(1);
    let known = format!("h1.example {0}\n@revoked * {0}\n", line(&key));
    for policy in [Policy::Verify, Policy::AcceptNew, Policy::Insecure] {
        let trust = trust(&[&line(&key)], &known, policy);
        assert_eq!(judge(&trust, &key), Err(Refusal::Revoked { line: 2 }));
    }
}

#[test]
fn line_that_cannot_be_read_refuses_the_host_that_it_is_about() {
    let key = ed25519(1);
    let trust = trust(&[&line(&key)], "h1.example ssh-ed25519 AAAA\n", Policy::Verify);
    assert_eq!(judge(&trust, &key), Err(Refusal::Unreadable { line: 1 }));
}

#[test]
fn algorithms_are_those_of_the_recorded_types_and_never_sha1() {
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDNwBpl63uVMcoB+yIAma59SKE7dajn5N+otcLRgt+BIrtkil16hF1yfOt3ADtlCcU0c+f49z8CwB3ChAtrOLqpg7i5UaRyPRbCD/7ncwV00IY9FbSarob/zN1hdjD6IPAYDuJDr7kUGjbxsUtuSPC5cpPRrDVPiTGZ2jbRpF0r7Q==";
    let sha2 = [
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ];
    assert_eq!(trust(&[rsa], "", Policy::Verify).algorithms(&address()), sha2);
    let all = trust(&[], "", Policy::AcceptNew).algorithms(&address());
    assert!(all.len() == 6 && !all.contains(&Algorithm::Rsa { hash: None }));
    let by_print = trust(&[&print(&ed25519(1))], "", Policy::Verify);
    assert_eq!(by_print.algorithms(&address()), all, "a print does not tell the type");
    assert!(by_print.certificate_algorithms(&address()).is_empty());
}

fn certificate(authority: &PrivateKey, host: &PrivateKey, kind: CertType, name: &str) -> PublicKeyOrCertificate {
    let mut builder = Builder::new_with_random_nonce(
        &mut rand::rng(),
        host.public_key().key_data().clone(),
        NOW - 10,
        NOW + 10,
    )
    .unwrap();
    builder.cert_type(kind).unwrap();
    builder.valid_principal(name).unwrap();
    builder.sign(authority).unwrap().into()
}

#[test]
fn certificate_of_a_recorded_authority_counts_if_it_holds_for_the_host_and_now() {
    let (authority, host) = (ed25519(7), ed25519(1));
    let known = format!("@cert-authority *.example {}\n", line(&authority));
    let trust = trust(&[], &known, Policy::Verify);
    assert_eq!(trust.certificate_algorithms(&address()).len(), 6);
    let named = |name| certificate(&authority, &host, CertType::Host, name);
    for name in ["h1.example", "H1.Example", "*.example"] {
        assert_eq!(
            trust.judge(&address(), &named(name), NOW).unwrap().print,
            print(&host),
            "{name}"
        );
    }
    let reason = |shown, now| match trust.judge(&address(), &shown, now) {
        Err(Refusal::Certificate { reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(named("h2.example"), NOW), "it is for hosts of other names");
    assert_eq!(reason(named("h1.example"), NOW + 10), "it has expired");
    assert_eq!(reason(named("h1.example"), NOW - 11), "it is not valid yet");
    let for_user = certificate(&authority, &host, CertType::User, "h1.example");
    assert_eq!(reason(for_user, NOW), "it is one for users");
    let foreign = certificate(&ed25519(8), &host, CertType::Host, "h1.example");
    assert_eq!(trust.judge(&address(), &foreign, NOW), Err(Refusal::Unknown));
}

#[test]
fn certificate_of_a_revoked_authority_is_refused() {
    let (authority, host) = (ed25519(7), ed25519(1));
    let known = format!("@cert-authority * {0}\n@revoked * {0}\n", line(&authority));
    let shown = certificate(&authority, &host, CertType::Host, "h1.example");
    let judged = trust(&[], &known, Policy::Insecure).judge(&address(), &shown, NOW);
    assert_eq!(judged, Err(Refusal::Revoked { line: 2 }));
}

#[test]
fn what_is_no_host_key_is_refused_with_what_to_write() {
    for (text, part) in [
        ("SHA256:short", "is no SHA-256 print"),
        ("MD5:16:27:ac:a5", "Prints with MD5 prove nothing"),
        ("h1 ssh-ed25519 AAAA", "It is neither a public key"),
    ] {
        assert!(Recorded::parse(text).unwrap_err().contains(part), "{text}");
    }
}
