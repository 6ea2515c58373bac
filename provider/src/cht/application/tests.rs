//! How failures are told, and how what is imported is named. What needs a cluster is tested with a real one.

use tf_framework::diagnostics::Diagnostics;

use super::*;

fn told(error: &Error, has_url: bool) -> (String, Option<String>) {
    let told: Diagnostics = diagnostics::explain("Unable to try", error, has_url);
    let first = told.iter().next().expect("one error");
    (first.detail.clone(), first.path.as_ref().map(ToString::to_string))
}

#[test]
fn the_part_of_the_address_that_is_wrong_is_blamed() {
    let request = || "GET /x".to_owned();
    let unauthorized = Error::Unauthorized { request: request() };
    assert_eq!(told(&unauthorized, true).1.as_deref(), Some("instance.password"));
    assert_eq!(told(&unauthorized, false).1.as_deref(), Some("instance.namespace"));
    let forbidden = Error::Forbidden {
        request: request(),
        reason: "Insufficient privileges".to_owned(),
    };
    assert_eq!(told(&forbidden, true).1.as_deref(), Some("instance.user"));
    assert_eq!(told(&forbidden, false).1, None);
    let (detail, _) = told(&forbidden, true);
    assert!(
        detail.starts_with("The CHT does not allow GET /x: Insufficient privileges.\n\n"),
        "{detail}"
    );
    let refused = Error::Refused {
        request: request(),
        reason: "no".to_owned(),
        key: None,
    };
    assert_eq!(told(&refused, true).1, None, "the task knows better");
}

#[test]
fn an_id_is_a_namespace_and_a_name_that_may_have_anything_in_it() {
    let parse = |id: &str| ImportName::parse(id, "cht-kisumu/jane").map(|name| (name.instance, name.name));
    let parts = |instance: &str, name: &str| Ok((instance.to_owned(), name.to_owned()));
    assert_eq!(parse("cht-kisumu/jane"), parts("cht-kisumu", "jane"));
    assert_eq!(parse("cht-kisumu/oidc:a/b"), parts("cht-kisumu", "oidc:a/b"));
    for other in ["jane", "/jane", "cht-kisumu/", "https://a.example/jane"] {
        let error = parse(other).expect_err(other).to_string();
        assert!(error.contains("cht-kisumu/jane"), "{error}");
    }
    assert!(address_of("https://a.example").is_err(), "there is no login for it");
    let address = address_of("cht-kisumu").expect("a namespace");
    assert_eq!(address.name().as_deref(), Some("cht-kisumu"));
}

#[test]
fn an_address_is_named_without_its_last_slash() {
    let address = InstanceAddress {
        url: Some("https://a.example/".to_owned()),
        ..InstanceAddress::default()
    };
    assert_eq!(address.name().as_deref(), Some("https://a.example"));
}
