//! The attributes of `cht_dns_alias`, in schema order.

use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::names;
use super::super::route53::plain;
use crate::kubernetes::Kubernetes;

/// Manages the records in Route 53 by which a name leads to a load balancer of AWS: an alias of type A and one of type
/// AAAA, so that the name is right for IPv4 and IPv6. Aliases cost nothing.
///
/// With `ingress`, the apply waits until the ingress has its load balancer, which takes the AWS Load Balancer
/// Controller some minutes. A load balancer that was made anew has another address: the next plan shows it, and the
/// apply leads the name there.
///
/// A record of the name that is there already is not overwritten, unless `allow_overwrite` says so.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "30m", read = "5m", update = "30m", delete = "10m"))]
pub struct DnsAliasModel {
    /// Id of the hosted zone in Route 53 that has the name.
    #[tf(replace, validate(names::hosted_zone_id()))]
    pub hosted_zone_id: String,
    /// The name, such as `siaya.moh.example.org`.
    #[tf(replace, validate(names::record()))]
    pub name: String,
    /// Host name of the load balancer, such as `cht_instance.siaya.ingress_address`. As long as an ingress has no
    /// address that is null: give `ingress` instead where both are made in one apply.
    #[tf(validate(names::load_balancer()))]
    pub target: Option<String>,
    /// The ingress to whose load balancer the name leads, in place of `target`.
    pub ingress: Option<IngressReference>,
    /// The way to the cluster with the `ingress`; the provider's `kubernetes` where it is not given.
    pub kubernetes: Option<Kubernetes>,
    /// Whether records of the name that are there already, and are not of this resource, are replaced.
    #[tf(default = false)]
    pub allow_overwrite: bool,
    /// Host name of the load balancer to which the name leads.
    #[tf(depends_on(target, ingress))]
    pub hostname: Attr<String>,
    /// What differs from what was made, one line for each difference. The next apply puts it right.
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// An ingress in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct IngressReference {
    /// Its namespace.
    #[tf(validate(Validator::dns_label()))]
    pub namespace: String,
    /// Its name. Default: `api-ingress`, which is that of each `cht_instance`.
    #[tf(default = "api-ingress", validate(Validator::dns_subdomain()))]
    pub name: String,
}

/// What names an alias.
#[derive(Clone, Debug, Identity)]
pub struct DnsAliasIdentity {
    /// Id of the hosted zone.
    pub hosted_zone_id: String,
    /// The name.
    pub name: String,
}

impl IdentityOf<DnsAliasModel> for DnsAliasIdentity {
    fn of(alias: &DnsAliasModel) -> Option<Self> {
        Some(DnsAliasIdentity {
            hosted_zone_id: alias.hosted_zone_id.clone(),
            name: alias.name.clone(),
        })
    }
}

impl DnsAliasModel {
    /// The host name to which the records of the state lead; empty as long as there are none.
    pub(super) fn hostname(&self) -> &str {
        self.hostname.known().map(String::as_str).unwrap_or_default()
    }

    /// Leading to a load balancer, without drift.
    pub(super) fn leading_to(mut self, hostname: &str) -> Self {
        self.hostname = Attr::Known(plain(hostname));
        self.drift = Attr::Known(Vec::new());
        self
    }

    /// An alias of which only what Route 53 knows is known.
    pub(super) fn imported(hosted_zone_id: String, name: String, hostname: &str) -> Self {
        let model = DnsAliasModel {
            hosted_zone_id,
            name,
            target: Some(hostname.to_owned()),
            ingress: None,
            kubernetes: None,
            allow_overwrite: false,
            hostname: Attr::Null,
            drift: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.leading_to(hostname)
    }
}
