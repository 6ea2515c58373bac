//! The attributes of `ingress`: how the instance is reached from outside the cluster.
//!
//! [`super::super::spec::Controller`] says what each kind of controller needs, `objects::ingress` how it is told.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::schema::Validator;
use tf_framework::{Model, WriteOnly};

use crate::cht::instance::model::checks;

/// How the instance is reached from outside the cluster.
#[derive(Clone, Default, Model)]
pub struct Ingress {
    /// Ingress class, such as `traefik`, `nginx` or `alb`; the cluster's default class where it is not given.
    #[tf(validate(checks::object_name()))]
    pub class: Option<String>,
    /// Kind of the ingress controller, which decides how it is told the timeouts and the body size that CHT needs:
    /// `nginx` (ingress-nginx) is told both, `alb` (AWS Load Balancer Controller) the timeout; `gce` (GKE) needs a
    /// BackendConfig for it, `traefik` a configuration of its entry points, and `other` whatever it is told in
    /// `annotations`. Default: what `alb`, `gce` or the name in `class` suggests.
    #[tf(validate(Validator::one_of(["traefik", "nginx", "alb", "gce", "other"])))]
    pub kind: Option<String>,
    /// Further annotations; they win over those that are set for the kind of the controller.
    #[tf(validate(checks::annotations()))]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Further labels, such as those by which a controller selects its ingresses.
    #[tf(validate(checks::labels()))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Encryption by the ingress; without it, the ingress speaks plain HTTP, or has a certificate from elsewhere.
    pub tls: Option<Tls>,
    /// How long a request may take, in seconds: replication keeps requests open for long. Default: `3600`. Only the
    /// kinds `nginx` and `alb` can be told by an ingress; the guide on one server shows what to tell Traefik instead.
    #[tf(validate(Validator::between(60..=86_400)))]
    pub timeout_seconds: Option<i64>,
    /// The largest request body, in MiB. Default: `32`, which is what the API accepts.
    #[tf(validate(Validator::between(1..=1024)))]
    pub body_size_mib: Option<i64>,
    /// Settings of a load balancer of AWS, for the kind `alb`.
    #[tf(conflicts_with(gce))]
    pub alb: Option<Alb>,
    /// Settings of a load balancer of Google, for the kind `gce`.
    pub gce: Option<Gce>,
}

/// Encryption by the ingress. The certificate comes from one of: `certificate` with its key, `secret_name`,
/// `acm_certificate_arn`, `managed_certificate`, `cluster_issuer`, `issuer`.
#[derive(Clone, Default, Model)]
#[tf(exactly_one_of(
    certificate,
    secret_name,
    acm_certificate_arn,
    managed_certificate,
    cluster_issuer,
    issuer
))]
pub struct Tls {
    /// Certificate with its chain, in PEM: first the certificate for `host`, then each authority after the one that it
    /// signed. Needs `private_key` or `private_key_wo`. A renewed certificate takes the place of the old one.
    pub certificate: Option<String>,
    /// Private key of `certificate`, in PEM, stored in the state.
    #[tf(requires(certificate), conflicts_with(private_key_wo))]
    pub private_key: Option<SecretString>,
    /// Private key of `certificate`, in PEM, never stored in a plan or the state.
    #[tf(requires(certificate, private_key_wo_version))]
    pub private_key_wo: WriteOnly<SecretString>,
    /// Version of `private_key_wo`, of your own choice: it tells which key the instance has.
    #[tf(requires(private_key_wo))]
    pub private_key_wo_version: Option<i64>,
    /// Name of an existing secret of type `kubernetes.io/tls` in the namespace.
    #[tf(validate(checks::object_name()))]
    pub secret_name: Option<String>,
    /// ARN of a certificate of AWS Certificate Manager, for the kind `alb`. Without `tls`, the load balancer takes the
    /// certificate of ACM that is for `host`.
    pub acm_certificate_arn: Option<Text<Arn>>,
    /// Name of a ManagedCertificate of Google in the namespace, for the kind `gce`.
    #[tf(validate(checks::object_name()))]
    pub managed_certificate: Option<String>,
    /// Name of the ClusterIssuer by which cert-manager gets a certificate.
    #[tf(validate(checks::object_name()))]
    pub cluster_issuer: Option<String>,
    /// Name of the Issuer in the namespace by which cert-manager gets a certificate.
    #[tf(validate(checks::object_name()))]
    pub issuer: Option<String>,
}

/// Settings of a load balancer of AWS.
#[derive(Clone, Default, Model)]
pub struct Alb {
    /// Group of ingresses that share one load balancer; without it, the instance has one of its own.
    #[tf(validate(checks::alb_group()))]
    pub group_name: Option<String>,
    /// Who reaches the load balancer: `internet-facing` or `internal`. Default: `internet-facing`.
    #[tf(validate(Validator::one_of(["internet-facing", "internal"])))]
    pub scheme: Option<String>,
    /// Where it sends requests: to the pod (`ip`), or to a port of every node (`instance`). Default: `ip`.
    #[tf(validate(Validator::one_of(["ip", "instance"])))]
    pub target_type: Option<String>,
    /// Tags of what is made in AWS.
    #[tf(validate(checks::alb_tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Ids or names of the subnets; the controller looks for tagged ones where they are not given.
    pub subnets: Option<Vec<String>>,
    /// Ids or names of the security groups; the controller makes one where they are not given.
    pub security_groups: Option<Vec<String>>,
    /// Which versions and ciphers of TLS are accepted, such as `ELBSecurityPolicy-TLS13-1-2-2021-06`.
    pub ssl_policy: Option<String>,
    /// Whether requests without encryption are redirected. Default: `true`.
    pub ssl_redirect: Option<bool>,
    /// Path that is asked whether the API is there. Default: `/api/v1/startup-progress`, which answers as long as it
    /// runs.
    #[tf(validate(checks::url_path()))]
    pub health_check_path: Option<String>,
}

/// Settings of a load balancer of Google.
#[derive(Clone, Default, Model)]
pub struct Gce {
    /// Name of a reserved global address; without it, Google chooses one that may change.
    #[tf(validate(checks::object_name()))]
    pub static_ip_name: Option<String>,
    /// Name of a BackendConfig in the namespace. It has to set `timeoutSec` to `timeout_seconds`: by default requests
    /// end after 30 seconds.
    #[tf(validate(checks::object_name()))]
    pub backend_config: Option<String>,
}

impl Tls {
    /// The private key that is given: a configuration's while it is applied, else a state's, which has none where it is
    /// write-only.
    pub(in crate::cht::instance) fn given_key(&self) -> Option<&SecretString> {
        self.private_key_wo.get().or(self.private_key.as_ref())
    }
}

/// The kinds of ingress controllers, by the names that `kind` has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cht::instance) enum IngressKind {
    Traefik,
    Nginx,
    Alb,
    Gce,
    Other,
}

impl IngressKind {
    /// The kind that is given, or that the rest suggests.
    pub(in crate::cht::instance) fn of(kind: Option<&str>, class: Option<&str>, alb: bool, gce: bool) -> Self {
        match (kind, class) {
            (Some(kind), _) => Self::named(kind),
            (None, _) if alb => Self::Alb,
            (None, _) if gce => Self::Gce,
            (None, Some("gce-internal")) => Self::Gce,
            (None, Some(class)) => Self::named(class),
            (None, None) => Self::Other,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "traefik" => Self::Traefik,
            "nginx" => Self::Nginx,
            "alb" => Self::Alb,
            "gce" => Self::Gce,
            _ => Self::Other,
        }
    }
}
