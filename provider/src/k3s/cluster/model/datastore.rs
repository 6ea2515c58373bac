//! Where the state of a cluster is.

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use crate::k3s::attributes::rules;

/// Where the state of the cluster is. A single server can go from SQLite to etcd; there is no other way between them.
#[derive(Clone, Model)]
#[tf(required_together(cert_file, key_file))]
pub struct Datastore {
    /// `etcd` on the servers, `sqlite` on a single server that no other ever joins, or `external` for a database
    /// elsewhere.
    #[tf(name = "type", validate(Validator::one_of(["etcd", "sqlite", "external"])))]
    pub kind: String,
    /// Address of the external database with its login, such as `postgres://k3s:password@db.example:5432/k3s`.
    #[tf(validate(Validator::not_empty()))]
    pub endpoint: Option<SecretString>,
    /// File on the servers with the certificate of the authority that signed the database's.
    #[tf(validate(rules::absolute_path()))]
    pub ca_file: Option<String>,
    /// File on the servers with a client certificate.
    #[tf(validate(rules::absolute_path()))]
    pub cert_file: Option<String>,
    /// File on the servers with the key of the client certificate.
    #[tf(validate(rules::absolute_path()))]
    pub key_file: Option<String>,
}
