//! The `join` value: what an agent needs of its cluster.
//!
//! A cluster exports it, agents take it. It may be unknown at plan time, because the cluster may be made in the same
//! apply. It holds no more than agents need: with its token, no server can join. Its way into the cluster is that of an
//! administrator, for what has to be done with the Nodes of agents.

use std::fmt;

use secrecy::SecretString;
use tf_framework::Model;

use super::digest;
use crate::kubernetes::Kubernetes;

/// What an agent needs to join a cluster.
#[derive(Clone, Model)]
pub struct ClusterJoin {
    /// Id of the cluster.
    pub cluster_id: String,
    /// Addresses of the servers, such as `https://10.20.0.10:6443`. An agent joins through one that answers, and then
    /// knows all.
    pub servers: Vec<String>,
    /// SHA-256 hash of the certificate of the cluster's authority, by which an agent knows that it speaks with the
    /// right cluster.
    pub ca_hash: String,
    /// Token of agents, which names the cluster, too.
    pub token: SecretString,
    /// Version of k3s that the servers run. An agent is never newer.
    pub version: String,
    /// Whether a cloud provider outside of k3s manages nodes. Agents have to agree with their servers.
    pub external_cloud_provider: bool,
    /// The way into the cluster, by which agents have pods moved away from them and their nodes removed.
    pub kubernetes: Kubernetes,
    /// How many agents may be changed at the same time.
    pub max_unavailable: i64,
}

/// A `join` value that no cluster exports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// It names no server.
    #[error("it names no server: use the attribute `join` of a cht_k3s_cluster")]
    NoServer,
    /// An address is none.
    #[error("{address:?} is not the address of a server, such as https://10.20.0.10:6443")]
    Address {
        /// The address.
        address: String,
    },
    /// The hash is none.
    #[error("`ca_hash` is not a SHA-256 hash: 64 hexadecimal digits in lower case")]
    Hash,
    /// It has no way into the cluster.
    #[error("it does not say how the cluster is reached: use the attribute `join` of a cht_k3s_cluster")]
    NoWay,
}

impl ClusterJoin {
    /// Checks what an agent is given.
    ///
    /// # Errors
    /// No cluster exports it.
    pub fn check(&self) -> Result<(), JoinError> {
        if self.servers.is_empty() {
            return Err(JoinError::NoServer);
        }
        for address in &self.servers {
            let host = address.strip_prefix("https://").unwrap_or_default();
            if host.is_empty() || host.contains('/') {
                let address = address.clone();
                return Err(JoinError::Address { address });
            }
        }
        match () {
            () if !digest::is_sha256(&self.ca_hash) => Err(JoinError::Hash),
            () if self.kubernetes.host.is_none() => Err(JoinError::NoWay),
            () => Ok(()),
        }
    }

    /// How many agents may be changed at the same time: at least one, or nothing would ever change.
    #[must_use]
    pub fn most_unavailable(&self) -> usize {
        usize::try_from(self.max_unavailable).unwrap_or_default().max(1)
    }
}

impl fmt::Debug for ClusterJoin {
    /// Tells which cluster, and nothing that lets anybody join it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterJoin")
            .field("cluster_id", &self.cluster_id)
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

/// The address of a server's API. An IPv6 address is put in brackets.
#[must_use]
pub fn server_url(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::k3s::token::{Bearer, Token};

    fn join() -> ClusterJoin {
        let ca_hash = digest::sha256(b"ca");
        ClusterJoin {
            cluster_id: "c1".to_owned(),
            servers: vec![server_url("10.0.0.1", 6443), server_url("fd00::1", 6443)],
            token: Token::parse("agents").unwrap().secure(&ca_hash, Bearer::Node),
            ca_hash,
            version: "v1.36.3+k3s1".to_owned(),
            external_cloud_provider: false,
            kubernetes: Kubernetes {
                host: Some("https://10.0.0.1:6443".to_owned()),
                ..Kubernetes::default()
            },
            max_unavailable: 1,
        }
    }

    #[test]
    fn a_cluster_exports_what_agents_accept() {
        let join = join();
        assert_eq!(join.servers, ["https://10.0.0.1:6443", "https://[fd00::1]:6443"]);
        assert_eq!(join.check(), Ok(()));
        let token = join.token.expose_secret();
        assert!(token.starts_with("K10") && token.ends_with("::node:agents"), "{token}");
        assert!(!format!("{join:?}").contains("agents"));
    }

    #[test]
    fn what_no_cluster_exports_is_refused() {
        let with = |change: fn(&mut ClusterJoin)| {
            let mut join = join();
            change(&mut join);
            join.check()
        };
        assert_eq!(with(|join| join.servers.clear()), Err(JoinError::NoServer));
        assert_eq!(with(|join| join.ca_hash.push('0')), Err(JoinError::Hash));
        assert_eq!(with(|join| join.kubernetes.host = None), Err(JoinError::NoWay));
        let address = |address: &str| {
            Err(JoinError::Address {
                address: address.to_owned(),
            })
        };
        assert_eq!(
            with(|join| join.servers = vec!["10.0.0.1".to_owned()]),
            address("10.0.0.1")
        );
        assert_eq!(
            with(|join| join.servers = vec!["https://".to_owned()]),
            address("https://")
        );
    }
}
