//! Authorities of one's own.

use secrecy::SecretString;
use tf_framework::schema::Validator;
use tf_framework::{Model, WriteOnly};

/// Authorities that sign the certificates of the cluster, in place of those that k3s makes. What is not given, k3s
/// makes. They are taken when the cluster is begun, and cannot be changed later. Keys are never stored in a plan or the
/// state.
#[derive(Clone, Model)]
#[tf(at_least_one_of(server, client, request_header, etcd_server, etcd_peer, service_account_key))]
pub struct Ca {
    /// Signs the certificates of the API, and is what the cluster is known by.
    pub server: Option<Authority>,
    /// Signs the certificates of clients of the API.
    pub client: Option<Authority>,
    /// Signs what passes requests on to extensions of the API.
    pub request_header: Option<Authority>,
    /// Signs the certificates of etcd for its clients.
    pub etcd_server: Option<Authority>,
    /// Signs the certificates of etcd's members for each other.
    pub etcd_peer: Option<Authority>,
    /// Private key with which tokens of service accounts are signed, in PEM.
    pub service_account_key: WriteOnly<SecretString>,
}

/// One authority.
#[derive(Clone, Model)]
pub struct Authority {
    /// Its certificate, followed by those that signed it, up to the root, in PEM.
    #[tf(validate(Validator::pem_certificates()))]
    pub certificate: String,
    /// Private key of the certificate, in PEM, without a passphrase.
    #[tf(required)]
    pub private_key: WriteOnly<SecretString>,
}
