//! The configuration of the CSI driver: sections of `key = "value"`. It has the password in it, so it is a Secret.

use std::fmt::Write as _;

use secrecy::{ExposeSecret as _, SecretString};
use tf_framework::{Attr, Timeouts, WriteOnly};

use super::super::in_cluster::login::VCenterLogin;
use super::model::CsiDriverModel;

/// Where the authorities are that may have signed the vCenter's certificate.
const CA_FILE: &str = "/etc/cloud/ca.pem";

/// How many snapshots a volume can have.
pub(super) const MAX_SNAPSHOTS: &str = "global-max-snapshots-per-block-volume";

/// The text of the configuration.
pub(super) fn text(model: &CsiDriverModel, password: &SecretString) -> String {
    let login = &model.vcenter;
    let mut text = String::from("[Global]\n");
    let mut line = |key: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key} = {}", quoted(value));
    };
    line("cluster-id", model.cluster_id.known().map_or("", String::as_str));
    if let Some(distribution) = &model.cluster_distribution {
        line("cluster-distribution", distribution);
    }
    let _ = writeln!(text, "\n[VirtualCenter {}]", quoted(&login.server));
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key} = {}", quoted(value));
    };
    line("user", &login.user);
    line("password", password.expose_secret());
    line("port", &login.port.to_string());
    line("insecure-flag", &login.insecure.to_string());
    line("datacenters", &login.datacenters.join(","));
    if login.ca_certificate.is_some() {
        line("ca-file", CA_FILE);
    }
    if let Some(thumbprint) = login.pinned() {
        line("thumbprint", &thumbprint);
    }
    if let Some(categories) = &model.topology_categories {
        let _ = writeln!(
            text,
            "\n[Labels]\ntopology-categories = {}",
            quoted(&categories.join(","))
        );
    }
    if let Some(snapshots) = &model.snapshots {
        let most = quoted(&snapshots.max_per_volume.to_string());
        let _ = writeln!(text, "\n[Snapshot]\n{MAX_SNAPSHOTS} = {most}");
    }
    text
}

/// The value of a key in a text that [`text`] wrote.
pub(super) fn value(text: &str, key: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
    unquoted(value)
}

/// The state that a text tells of, without the password.
pub(super) fn read(text: &str) -> Option<CsiDriverModel> {
    let server = text
        .lines()
        .find_map(|line| line.strip_prefix("[VirtualCenter ")?.strip_suffix(']'))?;
    let list = |key: &str| value(text, key).map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>());
    Some(CsiDriverModel {
        kubernetes: None,
        vcenter: VCenterLogin {
            server: unquoted(server)?,
            port: value(text, "port")?.parse().ok()?,
            user: value(text, "user")?,
            password: None,
            password_wo: WriteOnly::new(None),
            password_wo_version: None,
            datacenters: list("datacenters")?,
            ca_certificate: None,
            thumbprint: value(text, "thumbprint"),
            insecure: value(text, "insecure-flag")?.parse().ok()?,
        },
        version: Attr::Null,
        image_registry: String::new(),
        cluster_id: Attr::Known(value(text, "cluster-id")?),
        cluster_distribution: value(text, "cluster-distribution"),
        replicas: Attr::Null,
        topology_categories: list("topology-categories"),
        snapshots: None,
        drift: Attr::Null,
        timeouts: Timeouts::default(),
    })
}

/// A value as the driver's reader takes it: in quotes, in which a backslash stands before itself and before a quote.
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\\' | '"' => quoted.extend(['\\', character]),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn unquoted(quoted: &str) -> Option<String> {
    let mut characters = quoted.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut value = String::new();
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            other => other,
        });
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_read_back() {
        assert_eq!(quoted(r#"a\b"c"#), r#""a\\b\"c""#);
        for value in [
            "",
            "plain",
            r#"pä"ss\w;o#rd"#,
            r"DOMAIN\user",
            "\\\"",
            " = [x] ",
            "two\nlines",
        ] {
            assert_eq!(unquoted(&quoted(value)).as_deref(), Some(value), "{value}");
            assert_eq!(quoted(value).lines().count(), 1, "{value}");
        }
        assert_eq!(unquoted("\"open"), None);
    }
}
