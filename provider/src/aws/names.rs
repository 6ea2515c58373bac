//! Names in the DNS, as attributes have them.

use tf_framework::schema::Validator;

/// How long the first name of a certificate may be.
const MOST_CHARACTERS: usize = 64;

/// A name for a certificate, which may begin with a wildcard.
pub(super) fn domain() -> Validator {
    Validator::matches(
        r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        "a name in lower case, such as `moh.example.org` or `*.moh.example.org`",
    )
}

/// A name that can be the first one of a certificate.
pub(super) fn short() -> Validator {
    Validator::new("a name of 64 characters at most", |value| {
        let name = value.as_str().unwrap_or_default();
        if name.len() <= MOST_CHARACTERS {
            return Ok(());
        }
        Err(format!(
            "`{name}` has {} characters, and the first name of a certificate {MOST_CHARACTERS} at most. Make a shorter one the first, such \
             as a wildcard, and give this one in `subject_alternative_names`.",
            name.len()
        ))
    })
}

/// The name of a record that users ask for.
pub(super) fn record() -> Validator {
    Validator::matches(
        r"^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        "a whole name in lower case without a dot at its end, such as `siaya.moh.example.org`",
    )
}

/// The host name of a load balancer.
pub(super) fn load_balancer() -> Validator {
    Validator::new("the host name of a load balancer", |value| {
        let name = value.as_str().unwrap_or_default();
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        let is_name = name.contains('.')
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'));
        if is_name && !is_address {
            return Ok(());
        }
        Err(format!(
            "`{name}` is not the host name of a load balancer of AWS, such as `k8s-moh-0a1b2c3d-123456789.eu-west-2.elb.amazonaws.com`. For \
             an address, make an ordinary record of type A."
        ))
    })
}

/// The id of a hosted zone.
pub(super) fn hosted_zone_id() -> Validator {
    Validator::matches(
        "^[A-Z0-9]{1,32}$",
        "the id of a hosted zone, such as `Z0123456789ABCDEFGHIJ`, without `/hostedzone/`",
    )
}

/// A name without the wildcard that it may begin with.
pub(super) fn without_wildcard(name: &str) -> &str {
    name.strip_prefix("*.").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn names_are_whole_and_in_lower_case() {
        for accepted in ["moh.example.org", "*.moh.example.org", "xn--e1afmkfd.example"] {
            assert_eq!(domain().check(&Value::from(accepted)), Ok(()), "{accepted}");
            assert_eq!(record().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        for refused in [
            "moh",
            "MOH.example.org",
            "moh.example.org.",
            "a.*.example.org",
            "-a.example.org",
            "",
        ] {
            assert!(domain().check(&Value::from(refused)).is_err(), "{refused}");
            assert!(record().check(&Value::from(refused)).is_err(), "{refused}");
        }
        assert!(hosted_zone_id().check(&Value::from("/hostedzone/Z1")).is_err());
        assert_eq!(without_wildcard("*.moh.example.org"), "moh.example.org");
    }
}
