//! Snapshots of etcd.

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use crate::k3s::attributes::rules;
use crate::k3s::cluster::checks;

/// Snapshots of etcd, which k3s takes by itself.
#[derive(Clone, Model)]
pub struct Snapshots {
    /// Whether they are taken by schedule.
    #[tf(default = true)]
    pub enabled: bool,
    /// When they are taken, as for cron, such as `0 */6 * * *`. Default: `0 */12 * * *`.
    #[tf(validate(checks::schedule()))]
    pub schedule: Option<String>,
    /// How many are kept on each server. Default: 5.
    #[tf(validate(Validator::between(1..=1_000_000)))]
    pub retention: Option<u32>,
    /// Directory for them on the servers; `server/db/snapshots` below the data of k3s where it is not given. That one
    /// goes when a server is removed, unless `on_destroy.keep_snapshots` is set.
    #[tf(validate(rules::absolute_path()))]
    pub directory: Option<String>,
    /// Whether they are compressed.
    #[tf(default = false)]
    pub compress: bool,
    /// Bucket into which they are put, too.
    pub s3: Option<S3>,
}

/// A bucket of S3, or of a service with its API.
#[derive(Clone, Model)]
#[tf(required_together(access_key, secret_key))]
pub struct S3 {
    /// Host of the service, with the port if it is another than 443; Amazon's where it is not given.
    #[tf(validate(rules::registry_host()))]
    pub endpoint: Option<String>,
    /// File on the servers with the certificate of the authority that signed the service's.
    #[tf(validate(rules::absolute_path()))]
    pub endpoint_ca: Option<String>,
    /// Do not verify the service's certificate.
    #[tf(default = false)]
    pub skip_ssl_verify: bool,
    /// Speak HTTP without TLS with the service.
    #[tf(default = false)]
    pub insecure: bool,
    /// Name of the bucket.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub bucket: String,
    /// Region of the bucket.
    #[tf(validate(Validator::not_empty()))]
    pub region: Option<String>,
    /// Folder in the bucket.
    #[tf(validate(Validator::not_empty()))]
    pub folder: Option<String>,
    /// Id of the key with which the servers log in; that of the machine's role where it is not given.
    #[tf(validate(Validator::not_empty()))]
    pub access_key: Option<SecretString>,
    /// The key with which the servers log in.
    #[tf(validate(Validator::not_empty()))]
    pub secret_key: Option<SecretString>,
}
