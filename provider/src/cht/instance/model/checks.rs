//! What the attributes of `cht_instance` accept, each rule with the reason in its error.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

use crate::cht::version::ChtVersion;
use crate::kubernetes::quantity;

mod ingress;
mod pods;
mod storage;

pub(crate) use self::ingress::{alb_group, alb_tags, annotations, labels, url_path};
pub(crate) use self::pods::{
    MANAGED_ENV, MANAGED_HEALTHCHECK_ENV, MANAGED_PROXY_ENV, amount, extra_env, image_registry, image_tag,
};
pub(crate) use self::storage::{data_path, ebs_volume_id, gce_disk, host_path, object_name, volume_handle};

/// The longest name of a service of an instance, with the dots around it: `.couchdb-99.` and the like.
const LONGEST_SERVICE_NAME: usize = 12;

/// A namespace: a DNS label, short enough for the names of the services in it.
pub(crate) fn namespace() -> Validator {
    Validator::string("a DNS label of at most 51 characters", |text| {
        if text.len() > 63 - LONGEST_SERVICE_NAME {
            return Err(format!(
                "`{text}` has {} characters; at most 51 leave room for the names of services.",
                text.len()
            ));
        }
        if is_dns_label(text) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a namespace: use lower-case letters, digits and hyphens, starting and ending with a letter or \
             digit, such as `cht-kisumu`."
        ))
    })
}

/// A host name without scheme, port or path.
pub(crate) fn host_name() -> Validator {
    Validator::string("a host name", |text| {
        if text.len() <= 253 && !text.is_empty() && text.split('.').all(is_dns_label) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a host name: give it in lower case and without scheme, port or path, such as \
             `kisumu.health.example`."
        ))
    })
}

/// A release of CHT that this resource can run.
pub(crate) fn cht_version() -> Validator {
    Validator::string("a release of CHT 4 or later, such as `5.3.1`", |text| {
        let version: ChtVersion = text
            .parse()
            .map_err(|_| format!("`{text}` is not a CHT release: write `5.3.1`, `5.3.1-beta.2` or `5.3.1-FR-name`."))?;
        if version.major >= 4 {
            return Ok(());
        }
        Err(format!(
            "CHT {version} does not run in containers: this provider runs CHT 4 and later. Its data can be migrated to CHT 4."
        ))
    })
}

/// A Kubernetes quantity above zero.
pub(crate) fn quantity() -> Validator {
    Validator::string(
        "a Kubernetes quantity such as `100Gi`",
        |text| match quantity::billionths(text) {
            Some(amount) if amount > 0 => Ok(()),
            _ => Err(format!(
                "`{text}` is not a quantity: write a number with a unit, such as `100Gi`, `512Mi` or `500m`."
            )),
        },
    )
}

/// Whether two texts are the same quantity, such as `1Gi` and `1024Mi`.
pub(crate) fn same_quantity(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if quantity::is_same(one, other))
}

/// The name of CouchDB's administrator: it stands in URLs and in files of `key = value` lines.
pub(crate) fn admin_user() -> Validator {
    Validator::string("letters, digits, `.`, `_` and `-`", |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !text.is_empty() && text.len() <= 64 && text.chars().all(allowed) {
            return Ok(());
        }
        Err("The administrator's name may have letters, digits, `.`, `_` and `-`, and at most 64 of them.".to_owned())
    })
}

/// A password that CouchDB's start-up script can store: one line of printable text.
pub(crate) fn admin_password() -> Validator {
    Validator::string("at least 8 printable characters", |text| {
        let problem = if text.chars().count() < 8 {
            "It is too short: use at least 8 characters."
        } else if text.chars().any(char::is_control) {
            "It must be one line without control characters."
        } else if text.trim() != text || text.starts_with('-') {
            "It must not start or end with a space, nor start with a hyphen: CouchDB would store another password, or take \
             it for a hash."
        } else {
            return Ok(());
        };
        Err(problem.to_owned())
    })
}

/// The identity of a CouchDB server: 32 hexadecimal digits, with or without the hyphens of a UUID.
pub(crate) fn server_uuid() -> Validator {
    Validator::string("a UUID", |text| {
        if uuid::Uuid::try_parse(text).is_ok() {
            return Ok(());
        }
        Err("It must be a UUID, such as `uuidgen` prints.".to_owned())
    })
}

fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    pub(super) fn check(rule: &Validator, accepted: &[&str], refused: &[&str]) {
        for text in accepted {
            assert_eq!(rule.check(&Value::from(*text)), Ok(()), "{text}");
        }
        for text in refused {
            let error = rule.check(&Value::from(*text)).expect_err(text);
            assert!(error.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn v03_namespaces_are_dns_labels_that_leave_room() {
        check(
            &namespace(),
            &["cht", "cht-1"],
            &["", "Cht", "-cht", "a.b", &"a".repeat(52)],
        );
    }

    #[test]
    fn hosts_have_neither_scheme_nor_port() {
        check(
            &host_name(),
            &["localhost", "a.b-c.example"],
            &["", "https://a.example", "a.example:443", "A.example", "a..b"],
        );
    }

    #[test]
    fn v01_releases_since_cht_4_are_accepted_with_betas_and_feature_releases() {
        check(
            &cht_version(),
            &["4.22.0", "5.0.0-FR-nouveau-beta.3", "5.3.1", "5.3.2-beta.1", "6.0.0"],
            &["latest", "3.17.0", "5.3", "v5.3.1"],
        );
    }

    #[test]
    fn v05_quantities_are_positive() {
        check(
            &quantity(),
            &["1Gi", "500m", "1.5Gi", "1e3"],
            &["", "big", "-1Gi", "0", "1 Gi"],
        );
    }

    #[test]
    fn quantities_are_compared_by_value() {
        assert!(same_quantity(&"1Gi".into(), &"1024Mi".into()));
        assert!(!same_quantity(&"1Gi".into(), &"1G".into()));
    }

    #[test]
    fn v06_passwords_survive_the_start_up_script() {
        check(
            &admin_password(),
            &["p@ss:w/rd %20ü"],
            &["short", " leading space", "-pbkdf2-abcdefgh", "two\nlines!!"],
        );
    }

    #[test]
    fn a_server_uuid_is_a_uuid() {
        check(
            &server_uuid(),
            &[
                "7f9a3c1e-54b2-4d8e-9c61-0a2b3c4d5e6f",
                "7f9a3c1e54b24d8e9c610a2b3c4d5e6f",
            ],
            &["", "abc"],
        );
    }
}
