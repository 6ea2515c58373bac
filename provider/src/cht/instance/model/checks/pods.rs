//! What the settings of images and pods accept.

use tf_framework::custom_types::{Quantity, Text};
use tf_framework::schema::Validator;
use tf_framework::value::Value;

/// The environment variables of the API and of Sentinel that follow from other attributes.
pub(crate) const MANAGED_ENV: [&str; 7] = [
    "API_HOST",
    "API_PORT",
    "BUILDS_URL",
    "COUCH_URL",
    "LOG_LEVEL",
    "NODE_ENV",
    "UPGRADE_SERVICE_URL",
];

/// Those of HAProxy. The last one must stay unset in a cluster, whose own resolver is the right one.
pub(crate) const MANAGED_PROXY_ENV: [&str; 7] = [
    "COUCHDB_PASSWORD",
    "COUCHDB_SERVERS",
    "COUCHDB_USER",
    "HAPROXY_IP",
    "HAPROXY_PORT",
    "HEALTHCHECK_ADDR",
    "DOCKER_DNS_RESOLVER",
];

/// Those of the health check service.
pub(crate) const MANAGED_HEALTHCHECK_ENV: [&str; 4] = [
    "COUCHDB_PASSWORD",
    "COUCHDB_SERVERS",
    "COUCHDB_USER",
    "HEALTHCHECK_LOG_LEVEL",
];

/// Environment variables beside those that CHT needs, which are `managed`.
pub(crate) fn extra_env(managed: &'static [&'static str]) -> Validator {
    Validator::new("names of variables that are not managed", move |value| {
        let Value::Map(variables) = value else { return Ok(()) };
        for name in variables.keys() {
            if managed.contains(&name.as_str()) {
                return Err(format!(
                    "`{name}` is managed by the provider: it follows from other attributes."
                ));
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || !name.chars().all(allowed) || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(format!("`{name}` is not the name of an environment variable."));
            }
        }
        Ok(())
    })
}

/// An amount of a resource, which may be nothing.
pub(crate) fn amount() -> Validator {
    Validator::string("not negative", |text| match text.parse::<Text<Quantity>>() {
        Ok(amount) if amount.billionths() < 0 => Err(format!("`{text}` is negative: write the amount that is needed.")),
        // What is no quantity at all is refused by the type.
        Ok(_) | Err(_) => Ok(()),
    })
}

/// What stands in front of the names of images: a registry and perhaps a path in it.
pub(crate) fn image_registry() -> Validator {
    Validator::string("a registry such as `registry.example/medic`", |text| {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ':' | '/');
        let is_part = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(allowed);
        let (host, path) = text.split_once('/').unwrap_or((text, "path"));
        let is_host = is_part(&host.to_ascii_lowercase());
        if is_host && path.split('/').all(is_part) && !path.contains(':') {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a registry with a path: write neither a scheme nor a slash at the end, such as \
             `registry.example:5000/medic`."
        ))
    })
}

/// The tag of an image.
pub(crate) fn image_tag() -> Validator {
    Validator::string("the tag of an image", |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if text.len() <= 128 && !text.is_empty() && !text.starts_with(['.', '-']) && text.chars().all(allowed) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a tag: use at most 128 letters, digits, `.`, `-` and `_`, such as `5.3.1`."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn images_come_from_a_registry_and_a_path_with_a_tag() {
        check(
            &image_registry(),
            &[
                "public.ecr.aws/medic",
                "registry.example:5000/a/b-c",
                "localhost:5000",
                "Registry.example/a",
            ],
            &[
                "",
                "https://registry.example",
                "registry.example/",
                "a//b",
                "registry.example/a:tag",
                "a b",
            ],
        );
        check(
            &image_tag(),
            &["5.3.1", "v1_2-x"],
            &["", ".hidden", "-x", "a:b", &"a".repeat(129)],
        );
    }

    #[test]
    fn a_resource_may_be_nothing_but_not_less() {
        check(&amount(), &["0", "500m", "2Gi"], &["-1Gi"]);
    }
}
