//! The id of an import: the address of one server, with a user and a port where these are not those of the provider's
//! `ssh`.

use tf_framework::diagnostics::Diagnostics;

use crate::k3s::cluster::model::Server;
use crate::ssh::Ssh;

/// Where a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    user: Option<String>,
    /// A name or an IP address.
    pub(super) host: String,
    port: Option<u16>,
}

impl Address {
    /// Reads an id: `host`, `user@host` or `user@host:port`. An IPv6 address with a port is in brackets.
    ///
    /// # Errors
    /// Fails if it is none.
    pub(super) fn parse(id: &str) -> Result<Self, Diagnostics> {
        let (user, rest) = match id.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, id),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
            None if rest.matches(':').count() == 1 => {
                let (host, port) = rest.split_once(':').unwrap_or((rest, ""));
                (host, Some(port))
            }
            None => (rest, None),
        };
        let parsed = port.map(str::parse::<u16>).transpose();
        let is_host = !host.is_empty() && !host.contains(['/', ' ', '@']);
        match parsed {
            Ok(port) if is_host && user.as_deref() != Some("") => Ok(Self {
                user,
                host: host.to_owned(),
                port,
            }),
            _ => Err(super::refused(&format!("`{id}` is not the address of a host."))),
        }
    }

    /// The server at this address.
    pub(super) fn server(&self) -> Server {
        self.server_at(&self.host)
    }

    /// A server at another address that is logged in to in the same way.
    pub(super) fn server_at(&self, host: &str) -> Server {
        let has_own = self.user.is_some() || self.port.is_some();
        Server {
            host: host.to_owned(),
            ssh: has_own.then(|| Ssh {
                user: self.user.clone(),
                port: self.port,
                ..Ssh::default()
            }),
            node_ip: None,
            node_external_ip: None,
            labels: None,
            taints: None,
            provider_id: None,
            extra_config: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_host_with_or_without_a_user_and_a_port() {
        for (id, user, host, port) in [
            ("10.0.0.1", None, "10.0.0.1", None),
            ("h1.example:2222", None, "h1.example", Some(2222)),
            ("ubuntu@10.0.0.1:22", Some("ubuntu"), "10.0.0.1", Some(22)),
            ("fd00::1", None, "fd00::1", None),
            ("a@[fd00::1]:22", Some("a"), "fd00::1", Some(22)),
        ] {
            let expected = Address {
                user: user.map(str::to_owned),
                host: host.to_owned(),
                port,
            };
            assert_eq!(Address::parse(id), Ok(expected), "{id}");
        }
        for id in ["", "a@", "@a", "a:x", "ssh://a", "a b", "[::1]:x"] {
            let refused = Address::parse(id).expect_err(id).to_string();
            assert!(refused.contains("ubuntu@10.20.0.10:22"), "{refused}");
        }
    }
}
