//! What the attributes of `ingress` accept.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

use super::is_dns_label;
use crate::kubernetes::{MANAGED_BY_LABEL, OWNER_LABEL};

/// The label of the official charts.
const COMPONENT_LABEL: &str = "cht.service";

/// Annotations by names that Kubernetes takes.
pub(crate) fn annotations() -> Validator {
    Validator::new("annotations", |value| {
        let Value::Map(annotations) = value else { return Ok(()) };
        annotations.keys().try_for_each(|name| qualified_name(name))
    })
}

/// Labels that Kubernetes takes, and that are not those of ownership.
pub(crate) fn labels() -> Validator {
    Validator::new("labels that are not managed", |value| {
        let Value::Map(labels) = value else { return Ok(()) };
        for (name, value) in labels {
            if [MANAGED_BY_LABEL, OWNER_LABEL, COMPONENT_LABEL].contains(&name.as_str()) {
                return Err(format!(
                    "`{name}` is managed by the provider: it says whose object it is."
                ));
            }
            qualified_name(name)?;
            let value = value.as_str().unwrap_or_default();
            if !value.is_empty() && !is_label_word(value) {
                return Err(format!(
                    "`{value}` is not the value of a label: use at most 63 letters, digits, `-`, `_` and `.`, with a letter or \
                     digit at both ends."
                ));
            }
        }
        Ok(())
    })
}

/// The group of a load balancer of AWS.
pub(crate) fn alb_group() -> Validator {
    Validator::string("the name of a group", |text| {
        if text.len() <= 63 && text.split('.').all(is_dns_label) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not the name of a group: use at most 63 lower-case letters, digits, hyphens and dots, such as \
             `prod-cht-alb`."
        ))
    })
}

/// Tags of AWS that can stand in one line.
pub(crate) fn alb_tags() -> Validator {
    Validator::new("tags without commas and equals signs", |value| {
        let Value::Map(tags) = value else { return Ok(()) };
        for (key, value) in tags {
            let value = value.as_str().unwrap_or_default();
            if key.is_empty() || [key.as_str(), value].iter().any(|text| text.contains([',', '='])) {
                return Err(format!(
                    "The tag `{key}` cannot be handed to the controller: it takes neither commas nor equals signs in tags."
                ));
            }
        }
        Ok(())
    })
}

/// A path of a URL.
pub(crate) fn url_path() -> Validator {
    Validator::string("a path such as `/api/info`", |text| {
        if text.starts_with('/') && !text.contains(char::is_whitespace) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a path: begin with a slash, such as `/api/info`."
        ))
    })
}

/// The name of an annotation or label: a word, perhaps after a domain and a slash.
fn qualified_name(name: &str) -> Result<(), String> {
    let (domain, word) = match name.split_once('/') {
        Some((domain, word)) => (Some(domain), word),
        None => (None, name),
    };
    let has_domain = domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_dns_label));
    if has_domain && is_label_word(word) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is not a name that Kubernetes takes here: write it such as `example.org/team`."
    ))
}

fn is_label_word(text: &str) -> bool {
    let at_ends = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() <= 63 && text.starts_with(at_ends) && text.ends_with(at_ends) && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn one(key: &str, value: &str) -> Value {
        Value::Map([(key.to_owned(), Value::from(value))].into())
    }

    #[test]
    fn names_are_those_that_kubernetes_takes() {
        check(&alb_group(), &["prod-cht-alb"], &["", "Prod", &"a".repeat(64)]);
        check(&url_path(), &["/", "/api/info"], &["", "api/info", "/a b"]);
    }

    #[test]
    fn annotations_are_qualified_names() {
        for name in [
            "example.org/team",
            "team",
            "nginx.ingress.kubernetes.io/proxy-body-size",
        ] {
            assert_eq!(
                annotations().check(&one(name, "any value: even {this}")),
                Ok(()),
                "{name}"
            );
        }
        for name in ["", "/team", "a/b/c", "-team", "Example.org/team", "example.org/"] {
            assert!(annotations().check(&one(name, "")).is_err(), "{name}");
        }
    }

    #[test]
    fn labels_are_words_and_say_nothing_of_ownership() {
        assert_eq!(labels().check(&one("traefik", "public")), Ok(()));
        assert_eq!(labels().check(&one("example.org/empty", "")), Ok(()));
        for (name, value) in [
            ("cht.terraform.io/owner", "me"),
            ("app.kubernetes.io/managed-by", "me"),
            ("cht.service", "api"),
            ("team", "two words"),
            ("a b", "c"),
        ] {
            assert!(labels().check(&one(name, value)).is_err(), "{name}");
        }
    }

    #[test]
    fn tags_fit_into_one_line() {
        assert_eq!(alb_tags().check(&one("Environment", "prod east")), Ok(()));
        for (key, value) in [("", "a"), ("a=b", "c"), ("a", "b,c=d")] {
            assert!(alb_tags().check(&one(key, value)).is_err(), "{key}");
        }
    }
}
