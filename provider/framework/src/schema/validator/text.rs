//! Rules for strings.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex_lite::Regex;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Validator, list_of, require};
use crate::custom_types::Notation;

impl Validator {
    /// The string is one of these.
    pub fn one_of(allowed: impl IntoIterator<Item = &'static str>) -> Self {
        let allowed: Vec<&str> = allowed.into_iter().collect();
        let list = list_of(&allowed);
        Validator::string(format!("one of {list}"), move |text| {
            require(allowed.contains(&text), || {
                format!("It must be one of {list}, not `{text}`.")
            })
        })
    }

    /// The string is one of these, in upper or lower case.
    pub fn one_of_ignoring_case(allowed: impl IntoIterator<Item = &'static str>) -> Self {
        let allowed: Vec<&str> = allowed.into_iter().collect();
        let list = list_of(&allowed);
        Validator::string(format!("one of {list}, in upper or lower case"), move |text| {
            let text_lower = text.to_lowercase();
            require(allowed.iter().any(|word| word.to_lowercase() == text_lower), || {
                format!("It must be one of {list}, in upper or lower case, not `{text}`.")
            })
        })
    }

    /// The string is none of these.
    pub fn none_of(refused: impl IntoIterator<Item = &'static str>) -> Self {
        let refused: Vec<&str> = refused.into_iter().collect();
        let list = list_of(&refused);
        Validator::string(format!("none of {list}"), move |text| {
            require(!refused.contains(&text), || format!("It must be none of {list}."))
        })
    }

    /// The string starts with this text.
    pub fn starts_with(prefix: &'static str) -> Self {
        Validator::string(format!("a text that starts with `{prefix}`"), move |text| {
            require(text.starts_with(prefix), || {
                format!("It must start with `{prefix}`, unlike `{text}`.")
            })
        })
    }

    /// The string ends with this text.
    pub fn ends_with(suffix: &'static str) -> Self {
        Validator::string(format!("a text that ends with `{suffix}`"), move |text| {
            require(text.ends_with(suffix), || {
                format!("It must end with `{suffix}`, unlike `{text}`.")
            })
        })
    }

    /// The string has no characters but those of which the function says so. The phrase names them, such as "lower-case
    /// letters and digits".
    pub fn made_of(characters: &'static str, allowed: fn(char) -> bool) -> Self {
        Validator::string(format!("made of {characters}"), move |text| {
            match text.chars().find(|c| !allowed(*c)) {
                Some(other) => Err(format!("It must be made of {characters}, but it has {other:?} in it.")),
                None => Ok(()),
            }
        })
    }

    /// All of the string matches a [regular expression](regex_lite#syntax), whose classes are those of ASCII. The
    /// phrase names what does, with an example, such as "a version such as `1.2`": few people read expressions.
    ///
    /// An expression that is none accepts nothing, and says so. It is compiled when the first value is there, as
    /// schemas with all of their rules are made each time that a provider starts.
    pub fn matches(pattern: &'static str, phrase: &'static str) -> Self {
        let whole = LazyLock::new(move || Regex::new(&format!("^(?:{pattern})$")));
        Validator::string(phrase, move |text| match &*whole {
            Ok(whole) => require(whole.is_match(text), || format!("`{text}` is not {phrase}.")),
            Err(_) => Err(format!(
                "`{pattern}` is no regular expression: this is a bug in the provider."
            )),
        })
    }

    /// The string has no spaces, tabs or line breaks.
    pub fn no_whitespace() -> Self {
        Validator::string("a text without spaces and line breaks", |text| {
            require(!text.contains(char::is_whitespace), || {
                "It must not have spaces, tabs or line breaks.".to_owned()
            })
        })
    }

    /// The string is a text of this type.
    pub fn notation<T: Notation>() -> Self {
        Validator::string(T::EXPECTED, |text| T::parse(text).map(|_| ()))
    }

    /// The string is a DNS label as Kubernetes and others want it ([RFC 1123](https://www.rfc-editor.org/rfc/rfc1123)):
    /// lower-case letters, digits and hyphens, at most 63 of them.
    pub fn dns_label() -> Self {
        Validator::string("a DNS label such as `web-1`", |text| {
            require(is_dns_label(text), || {
                format!(
                    "`{text}` is not a DNS label: use at most 63 lower-case letters, digits and hyphens, starting and ending \
                     with a letter or digit, such as `web-1`."
                )
            })
        })
    }

    /// The string is one or more DNS labels with dots between them, at most 253 characters long.
    pub fn dns_subdomain() -> Self {
        Validator::string("a DNS name such as `a.example`", |text| {
            require(is_dns_subdomain(text), || {
                format!(
                    "`{text}` is not a DNS name: use lower-case letters, digits, hyphens and dots, at most 253 of them and 63 \
                     between two dots, such as `a.example`."
                )
            })
        })
    }

    /// The string is a host name, in upper or lower case, without scheme, port or path.
    pub fn host_name() -> Self {
        Validator::string("a host name such as `a.example`", |text| {
            require(is_dns_subdomain(&text.to_ascii_lowercase()), || {
                format!("`{text}` is not a host name: give it without scheme, port or path, such as `a.example`.")
            })
        })
    }

    /// The string is a URL with one of these schemes, and with a host.
    pub fn url(schemes: impl IntoIterator<Item = &'static str>) -> Self {
        let schemes: Vec<&str> = schemes.into_iter().collect();
        let starts: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        let list = list_of(&starts);
        Validator::string(format!("a URL that starts with one of {list}"), move |text| {
            let (scheme, rest) = text.split_once("://").unwrap_or_default();
            let fine = schemes.iter().any(|allowed| allowed.eq_ignore_ascii_case(scheme)) && is_after_scheme(rest);
            // It may have a password in it, so it is not quoted.
            require(fine, || {
                format!("It must be a URL that starts with one of {list}, with a host after that, and no spaces.")
            })
        })
    }

    /// The string is one or more X.509 certificates in PEM.
    pub fn pem_certificates() -> Self {
        Validator::string("certificates in PEM", |text| {
            let mut certificates = CertificateDer::pem_slice_iter(text.as_bytes()).peekable();
            let fine = certificates.peek().is_some() && certificates.all(|certificate| certificate.is_ok());
            require(fine, || {
                "It must be one or more certificates in PEM: blocks that begin with `-----BEGIN CERTIFICATE-----`."
                    .to_owned()
            })
        })
    }
}

fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// Whether a text is what a URL has after its scheme: perhaps a user, a host, perhaps a port, and anything after that.
fn is_after_scheme(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("v6", port),
        Some(_) => return false,
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_dns_subdomain(&host.to_ascii_lowercase())
        && (port.is_empty() || is_port(port))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
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
            let problem = rule.check(&(*text).into()).expect_err(text);
            assert!(problem.ends_with('.'), "{problem}");
        }
    }

    #[test]
    fn one_of_names_what_is_allowed() {
        let rule = Validator::one_of(["staged", "direct"]);
        check(&rule, &["staged"], &["Staged", ""]);
        assert_eq!(
            rule.check(&"x".into()),
            Err("It must be one of `staged`, `direct`, not `x`.".to_owned())
        );
        check(
            &Validator::one_of_ignoring_case(["TCP", "udp"]),
            &["tcp", "UDP"],
            &["icmp"],
        );
        check(&Validator::none_of(["default"]), &["other"], &["default"]);
    }

    #[test]
    fn texts_begin_end_and_are_made_as_they_should() {
        check(&Validator::starts_with("s3://"), &["s3://a"], &["S3://a", ""]);
        check(&Validator::ends_with(".zip"), &["a.zip"], &["a.zip "]);
        check(
            &Validator::made_of("digits", |c| c.is_ascii_digit()),
            &["", "019"],
            &["1a", "1 "],
        );
        check(&Validator::no_whitespace(), &["", "a"], &["a b", "\n", "a\u{a0}b"]);
    }

    #[test]
    fn a_pattern_is_about_the_whole_text_and_its_phrase_is_what_people_read() {
        let version = Validator::matches("[0-9]+([.][0-9]+)?|latest", "a version such as `1.2`");
        check(
            &version,
            &["1", "1.20", "latest"],
            &["", "v1", "1.2\n", "1.2.3", "latest1"],
        );
        assert_eq!(version.description(), "a version such as `1.2`");
        let problem = version.check(&"v1".into()).unwrap_err();
        assert_eq!(problem, "`v1` is not a version such as `1.2`.");
        check(&Validator::matches("(", "nothing"), &[], &["", "("]);
    }

    #[test]
    fn names_of_the_dns_have_their_limits() {
        let long = "a".repeat(63);
        let longer = "a".repeat(64);
        check(
            &Validator::dns_label(),
            &["a", "0", "a-b", &long],
            &["", "-a", "a-", "A", "a.b", "ä", &longer],
        );
        let longest = [long.as_str(); 3].join(".");
        let too_long = [long.as_str(); 4].join(".");
        check(
            &Validator::dns_subdomain(),
            &["a", "a.b", &longest],
            &["", "a..b", ".a", "a.", "A.b", &too_long],
        );
        check(
            &Validator::host_name(),
            &["A.example", "localhost", "10.0.0.1"],
            &["a.example:80", "https://a.example", "a/b", "*.example"],
        );
    }

    #[test]
    fn urls_have_a_scheme_and_a_host() {
        check(
            &Validator::url(["https", "http"]),
            &[
                "https://a.example",
                "HTTP://user:pass@a.example:8080/p?q#f",
                "https://[2001:db8::1]:6443/",
                "https://10.0.0.1",
            ],
            &[
                "",
                "a.example",
                "ftp://a.example",
                "https://",
                "https:///path",
                "https://a b",
                "https://a.example:99999",
                "https://a.example:",
                "https://[::1",
                "https://[x]",
                "https://a_b!",
            ],
        );
    }

    #[test]
    fn certificates_are_blocks_of_pem() {
        let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        check(
            &Validator::pem_certificates(),
            &[certificate, &certificate.repeat(2)],
            &[
                "",
                "MAA=",
                "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
                "-----BEGIN CERTIFICATE-----\nMAA=\n",
            ],
        );
    }

    #[test]
    fn a_plain_string_can_be_held_to_a_notation() {
        check(
            &Validator::notation::<std::net::IpAddr>(),
            &["10.0.0.1", "::1"],
            &["", "10.0.0", "a.example"],
        );
    }
}
