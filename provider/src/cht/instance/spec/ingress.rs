//! The way in from outside of the cluster: what an Ingress says, and what its controller has to be told.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// The Ingress.
#[derive(Debug, Clone)]
pub struct Ingress {
    /// Whether there is one.
    pub enabled: bool,
    /// The ingress class, if it is not the cluster's default.
    pub class: Option<String>,
    /// Who serves it, and what that needs.
    pub controller: Controller,
    /// Annotations; they win over those that the controller needs.
    pub annotations: BTreeMap<String, String>,
    /// Labels beside those of ownership, which win.
    pub labels: BTreeMap<String, String>,
    /// Where the certificate comes from.
    pub tls: Tls,
    /// How long a request may take: replication keeps requests open for long.
    pub timeout_seconds: u32,
    /// The largest request body; the API itself accepts 32 MB.
    pub body_size_mib: u32,
}

/// Who serves the Ingress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Controller {
    /// Traefik.
    Traefik,
    /// ingress-nginx.
    Nginx,
    /// AWS Load Balancer Controller.
    Alb(Alb),
    /// GKE.
    Gce(Gce),
    /// Any other, of which nothing is known.
    Other,
}

/// A load balancer of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alb {
    /// The group that shares the load balancer, if it is shared.
    pub group_name: Option<String>,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// Where requests are sent.
    pub target_type: TargetType,
    /// Tags of what is made in AWS.
    pub tags: BTreeMap<String, String>,
    /// The subnets, if the controller is not to find them.
    pub subnets: Vec<String>,
    /// The security groups, if the controller is not to make one.
    pub security_groups: Vec<String>,
    /// The versions and ciphers of TLS, if not those of AWS's default.
    pub ssl_policy: Option<String>,
    /// Whether requests without encryption are redirected.
    pub ssl_redirect: bool,
    /// What is asked whether the API is there.
    pub health_check_path: String,
}

/// Where a load balancer of AWS sends requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetType {
    /// To the pod.
    Ip,
    /// To a port of every node, which the Service has to open.
    Instance,
}

/// A load balancer of Google.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gce {
    /// The reserved global address, if there is one.
    pub static_ip_name: Option<String>,
    /// The BackendConfig, if there is one.
    pub backend_config: Option<String>,
}

/// Where the certificate of the Ingress comes from.
#[derive(Debug, Clone, Default)]
pub enum Tls {
    /// The Ingress has none: TLS ends before it, or the controller finds a certificate itself.
    #[default]
    None,
    /// A Secret that exists already, or that somebody else makes.
    SecretName(String),
    /// A Secret is made of these.
    Certificate {
        /// The certificate and its chain, PEM.
        certificate: String,
        /// The private key, PEM.
        private_key: SecretString,
    },
    /// AWS Certificate Manager has it under this ARN.
    Acm(String),
    /// Google manages it, under this name.
    Managed(String),
    /// cert-manager gets it from this ClusterIssuer.
    ClusterIssuer(String),
    /// cert-manager gets it from this Issuer of the namespace.
    Issuer(String),
}

impl Default for Ingress {
    fn default() -> Self {
        Self {
            enabled: true,
            class: None,
            controller: Controller::Other,
            annotations: BTreeMap::new(),
            labels: BTreeMap::new(),
            tls: Tls::None,
            timeout_seconds: 3600,
            body_size_mib: 32,
        }
    }
}

impl Default for Alb {
    fn default() -> Self {
        Self {
            group_name: None,
            scheme: "internet-facing".to_owned(),
            target_type: TargetType::Ip,
            tags: BTreeMap::new(),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            ssl_policy: None,
            ssl_redirect: true,
            // The one path that answers with 200 to anybody as long as the API runs, even while it installs.
            health_check_path: "/api/v1/startup-progress".to_owned(),
        }
    }
}
