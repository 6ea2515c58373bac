//! What is said of certificates, and when.

use serde_json::{Value as Json, json};

use super::*;
use crate::cht::instance::fixtures::{Authority, Issued, draft, model, with};

const HOST: &str = "kisumu.health.example";

fn issued() -> Issued {
    Authority::new("CA").issue(&[HOST])
}

fn configuration(tls: Json) -> Json {
    with(json!({"ingress": {"tls": tls}}))
}

#[track_caller]
fn check(tls: Json, expected: &[(&str, &str)]) {
    let draft = draft(&configuration(tls));
    let diagnostics = Given::in_draft(&draft).expect("a certificate is given").check();
    let found: Vec<(String, String)> = diagnostics
        .iter()
        .map(|one| (one.summary.clone(), one.path.as_ref().expect("a path").to_string()))
        .collect();
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(summary, attribute)| ((*summary).to_owned(), format!("ingress.tls.{attribute}")))
        .collect();
    assert_eq!(found, expected, "{diagnostics}");
}

#[test]
fn what_does_not_fit_is_reported_at_the_attribute() {
    let (one, other) = (issued(), issued());
    check(json!({"certificate": one.certificate, "private_key": one.key()}), &[]);
    check(
        json!({"certificate": one.certificate, "private_key_wo": one.key()}),
        &[],
    );
    check(json!({"certificate": one.certificate}), &[]);
    let key = [("Private key cannot be used", "private_key")];
    check(
        json!({"certificate": one.certificate, "private_key": other.key()}),
        &key,
    );
    let key = [("Private key cannot be used", "private_key_wo")];
    check(
        json!({"certificate": one.certificate, "private_key_wo": other.key()}),
        &key,
    );
    let foreign = Authority::new("CA").issue(&["elsewhere.example"]);
    let certificate = [("Certificate cannot be used", "certificate")];
    check(
        json!({"certificate": foreign.certificate, "private_key": foreign.key()}),
        &certificate,
    );
    check(json!({"certificate": "text", "private_key": "text"}), &certificate);
}

#[test]
fn the_lifetime_is_an_error_where_the_certificate_is_new_and_a_warning_where_it_is_in_use() {
    let issued = issued();
    let tls = json!({"certificate": issued.certificate, "private_key": issued.key()});
    let model = model(&configuration(tls));
    let given = Given::in_model(&model).expect("a certificate is given");
    let at = |time: &str, prior: Option<&InstanceModel>| {
        let found = given.check_lifetime(prior, time.parse().expect("a time"));
        found.map(|diagnostic| (diagnostic.summary.clone(), diagnostic.severity == Severity::Error))
    };
    let said = |summary: &str, is_error: bool| Some((summary.to_owned(), is_error));
    // The authority of the tests signs from 2026-01-01 to 2027-01-01.
    assert_eq!(at("2026-06-01T00:00:00Z", None), None);
    assert_eq!(at("2026-11-30T00:00:00Z", None), None);
    assert_eq!(
        at("2026-12-05T00:00:00Z", None),
        said("Certificate expires soon", false)
    );
    assert_eq!(at("2027-01-02T00:00:00Z", None), said("Certificate has expired", true));
    assert_eq!(
        at("2027-01-02T00:00:00Z", Some(&model)),
        said("Certificate has expired", false)
    );
    assert_eq!(
        at("2025-06-01T00:00:00Z", None),
        said("Certificate is not valid yet", true)
    );
}

#[test]
fn what_was_not_known_before_is_checked_before_anything_is_changed() {
    let (one, other) = (issued(), issued());
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a time");
    let with_key = |key: &str| {
        model(&configuration(
            json!({"certificate": one.certificate, "private_key": key}),
        ))
    };
    assert!(check_before_apply(&with_key(one.key()), None, now).is_ok());
    assert!(check_before_apply(&with_key(other.key()), None, now).is_err());
    let late: Timestamp = "2028-06-01T00:00:00Z".parse().expect("a time");
    let in_use = with_key(one.key());
    assert!(check_before_apply(&in_use, None, late).is_err());
    assert!(check_before_apply(&in_use, Some(&in_use), late).is_ok());
    assert!(check_before_apply(&model(&with(json!({}))), None, late).is_ok());
}
