//! What texts about hosts, nodes and files on them accept, each by itself.

use tf_framework::schema::Validator;

use crate::k3s::digest;
use crate::k3s::version::K3sVersion;

/// A version of k3s.
pub fn version() -> Validator {
    Validator::string("a version of k3s such as `v1.36.3+k3s1`", |text| {
        let problem = |_| {
            format!(
                "`{text}` is not a version of k3s: write it as on k3s' page of releases, such as `v1.36.3+k3s1`. Names of \
                 channels, such as `stable`, would be another version each day."
            )
        };
        text.parse::<K3sVersion>().map(|_| ()).map_err(problem)
    })
}

/// The name of a Node.
pub fn node_name() -> Validator {
    Validator::string("the name of a node such as `server-1`", |text| {
        let fine = text.split('.').all(is_dns_label) && text.len() <= 253;
        require(fine, || {
            format!(
                "`{text}` is not the name of a node: use lower-case letters, digits, hyphens and dots, such as `server-1`."
            )
        })
    })
}

/// The name of a label or taint, with or without a domain before it.
pub fn label_name() -> Validator {
    Validator::string("a name such as `example.org/tier`", |text| {
        let (domain, name) = match text.split_once('/') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        let has_domain = domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_dns_label));
        require(has_domain && is_qualified(name), || {
            format!(
                "`{text}` is not the name of a label or taint: use at most 63 letters, digits, `-`, `_` and `.`, with a domain \
                 and `/` before it if you like, such as `example.org/tier`."
            )
        })
    })
}

/// The value of a label or taint, which may be empty.
pub fn label_value() -> Validator {
    Validator::string("at most 63 letters, digits, `-`, `_` and `.`", |text| {
        require(text.is_empty() || is_qualified(text), || {
            format!(
                "`{text}` is not the value of a label or taint: use at most 63 letters, digits, `-`, `_` and `.`, starting and \
                 ending with a letter or digit."
            )
        })
    })
}

/// A path on a host, from its root on.
pub fn absolute_path() -> Validator {
    Validator::string("a path that begins with `/`", |text| {
        let is_plain = text.split('/').skip(1).all(|part| part != ".." && part != ".");
        let fine = text.starts_with('/') && !text.ends_with('/') && is_plain && !text.contains(['\n', '\r', '\0']);
        require(fine, || {
            format!(
                "`{text}` is not a path on the hosts: write all of it from `/` on, without `.` and `..`, and without `/` \
                 at its end."
            )
        })
    })
}

/// A hash, as `sha256sum` writes it.
pub fn sha256() -> Validator {
    Validator::string("a SHA-256 hash in hexadecimal", |text| {
        require(digest::is_sha256(text), || {
            format!("`{text}` is not a SHA-256 hash: give the 64 digits in lower case that `sha256sum` writes.")
        })
    })
}

/// A host, with its port if there is one.
pub fn registry_host() -> Validator {
    Validator::string("a host such as `registry.example:5000`", |text| {
        let fine = !text.is_empty() && !text.contains(['/', ' ', '\n', '\t']);
        require(fine, || {
            format!(
                "`{text}` is not the host of a registry: give it without scheme and path, such as `registry.example:5000`."
            )
        })
    })
}

/// An argument of one of Kubernetes' programs. Those in `managed` have attributes of their own.
pub fn argument(managed: &'static [(&'static str, &'static str)]) -> Validator {
    Validator::string("an argument such as `v=2`", move |text| {
        let name = text.split('=').next().unwrap_or_default();
        if text.starts_with('-') {
            return Err(format!(
                "`{text}` begins with dashes: write it without them, such as `v=2`."
            ));
        }
        if name.is_empty() || text.contains(['\n', '\r']) || name.contains(char::is_whitespace) {
            return Err(format!(
                "`{text}` is not an argument: write its name and its value, such as `v=2`."
            ));
        }
        match managed.iter().find(|(argument, _)| *argument == name) {
            Some((_, instead)) => Err(format!("`{name}` follows from other attributes: {instead}.")),
            None => Ok(()),
        }
    })
}

/// Arguments of the kubelet that follow from other attributes, each with what to do instead.
pub const MANAGED_BY_NODE: [(&str, &str); 3] = [
    ("cloud-provider", "set `cloud_provider` of the cluster"),
    ("provider-id", "set `provider_id` of the host"),
    ("node-ip", "set `node_ip` of the host"),
];

fn require(fine: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(problem()) }
}

fn is_dns_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_qualified(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let at_end = |c: char| c.is_ascii_alphanumeric();
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(allowed)
        && text.starts_with(at_end)
        && text.ends_with(at_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &Validator, accepted: &[&str], refused: &[&str]) {
        for text in accepted {
            assert_eq!(rule.check(&(*text).into()), Ok(()), "{text}");
        }
        for text in refused {
            assert!(rule.check(&(*text).into()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn texts_are_accepted_where_kubernetes_and_k3s_accept_them() {
        check(&version(), &["v1.36.3+k3s1"], &["stable", "1.36.3", "v1.36"]);
        check(
            &node_name(),
            &["a", "server-1", "n1.dc.example"],
            &["", "A", "-a", "a..b", "a_b"],
        );
        check(
            &label_name(),
            &["tier", "example.org/tier", "a_b.C"],
            &["", "/a", "a/", "a/b/c", "-a"],
        );
        check(&label_value(), &["", "a", "1.2_3"], &["-", "a b", "a/b"]);
        check(
            &absolute_path(),
            &["/srv/k3s"],
            &["/", "srv", "/srv/", "/srv/../etc", "/a\nb"],
        );
        check(
            &registry_host(),
            &["a.example:5000", "10.0.0.1"],
            &["", "https://a.example", "a/b"],
        );
    }

    #[test]
    fn arguments_are_written_without_dashes_and_none_has_two_owners() {
        let rule = argument(&MANAGED_BY_NODE);
        check(
            &rule,
            &["v=2", "max-pods=200"],
            &["--v=2", "", "=2", "a b=1", "provider-id=x"],
        );
        let problem = rule.check(&"cloud-provider=aws".into()).unwrap_err();
        assert!(problem.contains("`cloud_provider`"), "{problem}");
    }
}
