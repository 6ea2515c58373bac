//! No rule says anything about null, about what is unknown, and about what has only unknown parts.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::custom_types::{Arn, Cidr, Json, Quantity, Timestamp};
use crate::value::Refinements;

/// Every rule there is, each made so that it refuses all values that it is asked about.
fn rules() -> Vec<Validator> {
    let never = || Validator::new("never", |_| Err("It is wrong.".to_owned()));
    vec![
        never(),
        Validator::string("never", |_| Err("It is wrong.".to_owned())),
        Validator::number("never", |_| Err("It is wrong.".to_owned())),
        Validator::one_of([]),
        Validator::one_of_ignoring_case([]),
        Validator::none_of(["x"]),
        Validator::starts_with("never"),
        Validator::ends_with("never"),
        Validator::made_of("nothing", |_| false),
        Validator::no_whitespace(),
        Validator::dns_label(),
        Validator::dns_subdomain(),
        Validator::host_name(),
        Validator::url(["https"]),
        Validator::pem_certificates(),
        Validator::notation::<Duration>(),
        Validator::notation::<Cidr>(),
        Validator::notation::<IpAddr>(),
        Validator::notation::<Quantity>(),
        Validator::notation::<Json>(),
        Validator::notation::<Arn>(),
        Validator::notation::<Timestamp>(),
        Validator::between(8..=9),
        Validator::at_least(i64::MAX),
        Validator::at_most(i64::MIN),
        Validator::multiple_of(0),
        Validator::one_of_numbers::<i64>([]),
        Validator::length(1000..=1000),
        Validator::not_empty(),
        Validator::unique(),
        Validator::no_nulls(),
        Validator::each(never()),
        Validator::each(Validator::each(never())),
        Validator::keys(Validator::each(never())),
        Validator::equal_to("never"),
        Validator::any_of([never(), never()]),
        Validator::all_of([never(), never()]),
        Validator::not(Validator::new("always", |_| Ok(()))),
        never().as_warning(),
    ]
}

#[test]
fn trap_05_no_rule_complains_about_what_is_null_or_unknown() {
    let refined = Value::Unknown(Refinements {
        not_null: true,
        string_prefix: Some("x".to_owned()),
        ..Refinements::default()
    });
    let inner = || vec![Value::UNKNOWN, Value::Null];
    let map = |value: Value| [("key".to_owned(), value)].into();
    for rule in rules() {
        for value in [
            Value::Null,
            Value::UNKNOWN,
            refined.clone(),
            Value::List(vec![Value::UNKNOWN]),
            Value::List(inner()),
            Value::List(vec![Value::List(inner())]),
            Value::set(inner()),
            Value::Map(map(Value::UNKNOWN)),
            Value::Map(map(Value::List(inner()))),
            Value::Object(map(Value::UNKNOWN)),
            Value::Object(map(Value::set([Value::UNKNOWN]))),
        ] {
            assert_eq!(rule.check(&value), Ok(()), "{rule:?} {value:?}");
        }
    }
}

#[test]
fn each_rule_refuses_something_that_is_known() {
    let known = [
        "x y".into(),
        "x".into(),
        "".into(),
        7.into(),
        Value::List(vec!["a".into(), "a".into(), Value::Null]),
        Value::List(vec![Value::List(vec!["a".into()])]),
        Value::Map([("key".to_owned(), "a".into())].into()),
    ];
    for rule in rules() {
        let described = format!("{rule:?}");
        // A key has no elements.
        let vacuous = described.contains("of keys that are each of elements");
        assert_eq!(
            known.iter().any(|value| rule.check(value).is_err()),
            !vacuous,
            "{described}"
        );
    }
}
