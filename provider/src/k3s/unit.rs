//! The unit of systemd that runs k3s, and its environment.
//!
//! Names and settings are those of [k3s' own script](https://docs.k3s.io/installation/configuration), so that tools and
//! people that know it find their way: k3s tells systemd when it is ready (`Type=notify`), containers outlive a restart
//! (`KillMode=process`), and it may take its time. The unit is the same on all hosts of a role: what k3s is told stands
//! in `config.yaml`, and what is secret in the environment's file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use secrecy::{ExposeSecret as _, SecretString};

use super::config::{ClusterSettings, Datastore, Role};
use super::paths;

/// What the unit finds in its environment. Values may be secret.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

/// How k3s reaches what is outside through a proxy.
#[derive(Clone, Debug, Default)]
pub struct Proxy {
    /// For `http` addresses.
    pub http: Option<SecretString>,
    /// For `https` addresses.
    pub https: Option<SecretString>,
    /// Names and networks that are reached without it.
    pub no_proxy: Vec<String>,
}

/// The text of the unit's file.
#[must_use]
pub fn unit(role: Role) -> String {
    let command = role.command();
    let binary = paths::BINARY;
    let environment = paths::environment_file(role);
    format!(
        "# Written by terraform-provider-cht, which overwrites changes.
[Unit]
Description=k3s {command}
Documentation=https://docs.k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-{environment}
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart={binary} {command}
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s

[Install]
WantedBy=multi-user.target
"
    )
}

impl Environment {
    /// What a server needs of it: the address of a datastore elsewhere, the keys of a bucket, and a proxy.
    #[must_use]
    pub fn of_server(cluster: &ClusterSettings, proxy: &Proxy) -> Self {
        let mut environment = Self::of_agent(proxy);
        if let Datastore::External { endpoint, .. } = &cluster.datastore {
            environment.set("K3S_DATASTORE_ENDPOINT", Some(endpoint));
        }
        let s3 = cluster.snapshots.as_ref().and_then(|snapshots| snapshots.s3.as_ref());
        if let Some(s3) = s3 {
            environment.set("AWS_ACCESS_KEY_ID", s3.access_key.as_ref());
            environment.set("AWS_SECRET_ACCESS_KEY", s3.secret_key.as_ref());
        }
        environment
    }

    /// What an agent needs of it.
    #[must_use]
    pub fn of_agent(proxy: &Proxy) -> Self {
        let mut environment = Self::default();
        environment.set("HTTP_PROXY", proxy.http.as_ref());
        environment.set("HTTPS_PROXY", proxy.https.as_ref());
        if !proxy.no_proxy.is_empty() {
            environment.set("NO_PROXY", Some(&proxy.no_proxy.join(",").into()));
        }
        environment
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of the environment's file.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let mut text = String::new();
        for (name, value) in &self.0 {
            // A `String` takes all that is written.
            let _ = writeln!(text, "{name}={}", in_quotes(value.expose_secret()));
        }
        text.into()
    }

    fn set(&mut self, name: &str, value: Option<&SecretString>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.clone());
        }
    }
}

/// A value as systemd reads it back from a file of variables: in double quotes, with what ends or escapes them escaped.
fn in_quotes(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::config::{S3, Snapshots};
    use crate::k3s::testing::assert_golden;

    #[test]
    fn units_are_the_golden_ones() {
        assert_golden("unit_server.service", &unit(Role::Server));
        assert_golden("unit_agent.service", &unit(Role::Agent));
    }

    #[test]
    fn what_is_secret_goes_by_the_environment() {
        let cluster = ClusterSettings {
            datastore: Datastore::External {
                endpoint: "postgres://k3s:pa$$\"wd@10.0.0.9/k3s".into(),
                ca_file: None,
                cert_file: None,
                key_file: None,
            },
            snapshots: Some(Snapshots {
                s3: Some(S3 {
                    access_key: Some("id".into()),
                    secret_key: Some("key".into()),
                    ..S3::default()
                }),
                ..Snapshots::default()
            }),
            ..ClusterSettings::default()
        };
        let proxy = Proxy {
            https: Some("http://cht:s3cret@proxy:3128".into()),
            no_proxy: vec!["10.0.0.0/8".to_owned(), ".svc".to_owned()],
            ..Proxy::default()
        };
        let environment = Environment::of_server(&cluster, &proxy);
        assert_eq!(
            environment.text().expose_secret(),
            "AWS_ACCESS_KEY_ID=\"id\"\nAWS_SECRET_ACCESS_KEY=\"key\"\nHTTPS_PROXY=\"http://cht:s3cret@proxy:3128\"\n\
             K3S_DATASTORE_ENDPOINT=\"postgres://k3s:pa\\$\\$\\\"wd@10.0.0.9/k3s\"\nNO_PROXY=\"10.0.0.0/8,.svc\"\n"
        );
        assert!(!format!("{environment:?}").contains("pa$$"));
        assert!(Environment::of_agent(&Proxy::default()).is_empty());
    }
}
