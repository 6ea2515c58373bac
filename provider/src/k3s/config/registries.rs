//! `registries.yaml`: mirrors of registries of images, and how to log in to them.
//!
//! The format is that of [k3s' private registries](https://docs.k3s.io/installation/private-registry). k3s reads it
//! when it starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use secrecy::{ExposeSecret as _, SecretString};

use super::value::quoted;

/// All registries about which k3s is told something.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    /// By the name of the registry that is mirrored, such as `docker.io`; `*` for all.
    pub mirrors: BTreeMap<String, Mirror>,
    /// By host, with the port if there is one.
    pub hosts: BTreeMap<String, RegistryHost>,
}

/// Where images of a registry are pulled from instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    /// Addresses, tried in this order. None for what nodes pass to each other with an embedded registry.
    pub endpoints: Vec<String>,
    /// Names of images that are others there: regular expressions, and what to put in their place.
    pub rewrites: BTreeMap<String, String>,
}

/// How to reach a registry.
#[derive(Clone, Debug, Default)]
pub struct RegistryHost {
    /// Name to log in with.
    pub username: Option<String>,
    /// Password to log in with.
    pub password: Option<SecretString>,
    /// Token, in place of name and password.
    pub identity_token: Option<SecretString>,
    /// File on the hosts with the authority that signed the registry's certificate.
    pub ca_file: Option<String>,
    /// File on the hosts with a client certificate.
    pub cert_file: Option<String>,
    /// File on the hosts with the key of the client certificate.
    pub key_file: Option<String>,
    /// Whether the registry's certificate is not verified.
    pub insecure_skip_verify: bool,
}

impl Registries {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mirrors.is_empty() && self.hosts.is_empty()
    }

    /// The text of the file. It holds passwords.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let mut yaml = Yaml(super::HEADER.to_owned());
        if !self.mirrors.is_empty() {
            yaml.section(0, "mirrors");
        }
        for (name, mirror) in &self.mirrors {
            mirror.write(name, &mut yaml);
        }
        if !self.hosts.is_empty() {
            yaml.section(0, "configs");
        }
        for (name, host) in &self.hosts {
            host.write(name, &mut yaml);
        }
        yaml.0.into()
    }
}

impl Mirror {
    fn write(&self, name: &str, yaml: &mut Yaml) {
        if self.endpoints.is_empty() && self.rewrites.is_empty() {
            yaml.line(1, &format!("{}: {{}}", quoted(name)));
            return;
        }
        yaml.section(1, &quoted(name));
        if !self.endpoints.is_empty() {
            yaml.section(2, "endpoint");
        }
        for endpoint in &self.endpoints {
            yaml.line(3, &format!("- {}", quoted(endpoint)));
        }
        if !self.rewrites.is_empty() {
            yaml.section(2, "rewrite");
        }
        for (pattern, replacement) in &self.rewrites {
            yaml.entry(3, &quoted(pattern), Some(replacement));
        }
    }
}

impl RegistryHost {
    fn write(&self, name: &str, yaml: &mut Yaml) {
        let password = self.password.as_ref().map(|secret| secret.expose_secret());
        let token = self.identity_token.as_ref().map(|secret| secret.expose_secret());
        let has_auth = self.username.is_some() || password.is_some() || token.is_some();
        let files = [
            ("ca_file", &self.ca_file),
            ("cert_file", &self.cert_file),
            ("key_file", &self.key_file),
        ];
        let has_tls = self.insecure_skip_verify || files.iter().any(|(_, file)| file.is_some());
        if !has_auth && !has_tls {
            yaml.line(1, &format!("{}: {{}}", quoted(name)));
            return;
        }
        yaml.section(1, &quoted(name));
        if has_auth {
            yaml.section(2, "auth");
            yaml.entry(3, "username", self.username.as_deref());
            yaml.entry(3, "password", password);
            yaml.entry(3, "identity_token", token);
        }
        if has_tls {
            yaml.section(2, "tls");
            for (key, file) in files {
                yaml.entry(3, key, file.as_deref());
            }
            if self.insecure_skip_verify {
                yaml.line(3, "insecure_skip_verify: true");
            }
        }
    }
}

/// Lines of YAML.
struct Yaml(String);

impl Yaml {
    fn line(&mut self, depth: usize, text: &str) {
        // A `String` takes all that is written.
        let _ = writeln!(self.0, "{:1$}{text}", "", depth * 2);
    }

    fn section(&mut self, depth: usize, key: &str) {
        self.line(depth, &format!("{key}:"));
    }

    fn entry(&mut self, depth: usize, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.line(depth, &format!("{key}: {}", quoted(text)));
        }
    }
}
