//! Certificates as authorities make them, and what is wrong with some of them.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use super::*;
use crate::cht::instance::fixtures::{Authority, Issued};

fn refused(text: &str) -> String {
    Chain::parse(text).expect_err("it is refused").to_string()
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_certificate_is_for_its_names_and_those_that_its_wildcard_covers() {
    let Issued { certificate, .. } = Authority::new("CA").issue(&["kisumu.health.example", "*.siaya.example"]);
    let chain = Chain::parse(&certificate).expect("a chain");
    for host in ["kisumu.health.example", "a.siaya.example"] {
        assert!(chain.check_host(host).is_ok(), "{host}");
    }
    for host in ["health.example", "siaya.example", "a.b.siaya.example"] {
        let error = chain.check_host(host).expect_err(host).to_string();
        let expected = format!("it is for kisumu.health.example, *.siaya.example, not for {host}");
        assert_eq!(error, expected);
    }
}

#[test]
fn a_common_name_alone_is_for_nobody() {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "kisumu.health.example");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    let error = Chain::parse(&certificate)
        .expect("a chain")
        .check_host("kisumu.health.example")
        .expect_err("it has no names");
    assert!(error.to_string().starts_with("it is for no name"), "{error}");
}

#[test]
fn a_key_is_that_of_the_first_certificate() {
    let authority = Authority::new("CA");
    let (one, other) = (authority.issue(&["a.example"]), authority.issue(&["a.example"]));
    let chain = Chain::parse(&one.certificate).expect("a chain");
    assert!(chain.check_key(&one.key).is_ok());
    assert!(matches!(chain.check_key(&other.key), Err(Error::OtherKey)));
    let garbled = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    for text in ["", "secret", garbled] {
        let error = chain.check_key(&text.into()).expect_err("it is no key");
        assert!(matches!(error, Error::Key), "{error:?}");
    }
}

#[test]
fn each_certificate_is_followed_by_the_one_that_signed_it() {
    let root = Authority::new("Root");
    let intermediate = root.intermediate("Intermediate");
    let Issued { certificate, .. } = intermediate.issue(&["a.example"]);
    let (middle, top) = (intermediate.pem(), root.pem());
    assert!(Chain::parse(&format!("{certificate}{middle}{top}")).is_ok());
    assert!(Chain::parse(&format!("{certificate}{middle}")).is_ok());
    assert_eq!(
        refused(&format!("{certificate}{top}{middle}")),
        "certificate 2 in it, of CN=Root, did not sign certificate 1, which is signed by CN=Intermediate"
    );
    // Another authority of the same name, such as one whose key was renewed.
    let namesake = root.intermediate("Intermediate");
    assert!(refused(&format!("{certificate}{}", namesake.pem())).starts_with("certificate 2"));
}

#[test]
fn what_is_no_certificate_is_refused_without_quoting_it() {
    let issued = Authority::new("CA").issue(&["a.example"]);
    let garbled = "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
    assert_eq!(refused("secret"), "there is no certificate in it");
    assert_eq!(refused(garbled), "certificate 1 in it cannot be read");
    let with_key = format!("{}{}", issued.certificate, issued.key());
    assert!(refused(&with_key).starts_with("it holds a private key"));
}

#[test]
fn a_chain_lasts_as_long_as_its_shortest_certificate() {
    let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 4, 1);
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.not_before = date_time_ymd(2020, 1, 1);
    authority.not_after = date_time_ymd(2026, 3, 1);
    let ca_key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(authority, ca_key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = params.signed_by(&key, &issuer).expect("a certificate");
    let chain = Chain::parse(&format!("{}{}", leaf.pem(), issuer.pem())).expect("a chain");
    for (now, expected) in [
        ("2025-12-31T00:00:00Z", Lifetime::NotYet(time("2026-01-01T00:00:00Z"))),
        ("2026-02-01T00:00:00Z", Lifetime::Until(time("2026-03-01T00:00:00Z"))),
        ("2026-03-02T00:00:00Z", Lifetime::Expired(time("2026-03-01T00:00:00Z"))),
    ] {
        assert_eq!(chain.lifetime(time(now)).expect("it can be read"), expected, "{now}");
    }
}
