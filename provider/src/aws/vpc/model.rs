//! The attributes of `cht_vpc`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::custom_types::{Cidr, Text};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::ec2::tag;
use super::super::rules;
use super::super::tags::Tags;
use super::layout::{self, Layout, Nat, ZoneLayout};
use super::live::{Live, Part as _, part};
use super::marks;

/// How many zones there are where nothing else is said: EKS wants two.
pub(super) const ZONES: u16 = 2;

/// The machines that zones must offer where nothing else is said.
const INSTANCE_TYPE: &str = "m7g.xlarge";

/// Manages a network in AWS as EKS needs it: a VPC with public and private subnets in several availability zones, an
/// internet gateway, NAT gateways, routes, and endpoints of services that cost nothing.
///
/// Load balancers find the subnets by their tags. Zones are chosen among those that offer `instance_type` and in which
/// EKS works, unless `availability_zones` names them; what a zone has stays as it is when others come or go.
///
/// Destroying it removes the load balancers, network interfaces and security groups that clusters in `cluster_names`
/// have left behind, if those clusters are gone. What is in use by anything else keeps it, and is named.
///
/// A NAT gateway costs about 32 US dollars a month, and what goes through it in addition.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "20m", read = "5m", update = "20m", delete = "30m"))]
pub struct VpcModel {
    /// Name of the network, which is how the consoles of AWS show it. What it consists of is called after it. A change
    /// renames it.
    #[tf(validate(name()))]
    pub name: String,
    /// Its addresses, such as `10.42.0.0/16`: a private network of IPv4 with a prefix of 16 to 24. Changing it replaces
    /// the network.
    #[tf(replace, validate(network()))]
    pub cidr_block: Text<Cidr>,
    /// The availability zones, such as `eu-west-2a`. Default: the first `az_count` that offer `instance_type`.
    #[tf(
        optional,
        keep_non_null,
        validate(Validator::length(1..=layout::MOST_ZONES), Validator::unique(), Validator::each(zone()))
    )]
    pub availability_zones: Attr<Vec<String>>,
    /// How many zones there are where `availability_zones` does not name them. Default: 2, as EKS needs.
    #[tf(validate(Validator::between(1..=6)))]
    pub az_count: Option<u16>,
    /// Type of machines that the zones must offer. Default: `m7g.xlarge`.
    #[tf(default = INSTANCE_TYPE, validate(Validator::not_empty()))]
    pub instance_type: String,
    /// How many NAT gateways there are, by which machines without public addresses reach the internet: a `single` one,
    /// one `per_az`, so that a zone that fails takes no other with it, or `none`.
    #[tf(default = "single", validate(Validator::one_of(["single", "per_az", "none"])))]
    pub nat_gateway: String,
    /// Addresses of the public subnets, one for each zone. Default: small parts of the last quarter of the network.
    #[tf(optional, keep_non_null, validate(Validator::unique(), Validator::each(Validator::notation::<Cidr>())))]
    pub public_subnet_cidrs: Attr<Vec<String>>,
    /// Addresses of the private subnets, one for each zone. Default: an eighth of the network each.
    #[tf(optional, keep_non_null, validate(Validator::unique(), Validator::each(Validator::notation::<Cidr>())))]
    pub private_subnet_cidrs: Attr<Vec<String>>,
    /// Names of the clusters of EKS in it. Their load balancers find the subnets in any case, if there is only one.
    #[tf(validate(Validator::not_empty(), Validator::each(rules::cluster_name())))]
    pub cluster_names: Option<BTreeSet<String>>,
    /// Services that are reached without a NAT gateway, which saves what their traffic would cost: `s3`, which has the
    /// layers of images, and `dynamodb`. Default: `s3`.
    #[tf(validate(Validator::each(Validator::one_of(["s3", "dynamodb"]))))]
    pub gateway_endpoints: Option<BTreeSet<String>>,
    /// Tags of the network and all of its parts, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Id of the VPC, such as `vpc-0a1b2c3d`.
    #[tf(keep_non_null)]
    pub id: Attr<String>,
    /// Ids of the public subnets, in the order of the zones.
    #[tf(depends_on(availability_zones, az_count, public_subnet_cidrs))]
    pub public_subnet_ids: Attr<Vec<String>>,
    /// Ids of the private subnets, in the order of the zones, for nodes and clusters.
    #[tf(depends_on(availability_zones, az_count, private_subnet_cidrs))]
    pub private_subnet_ids: Attr<Vec<String>>,
    /// Public addresses of the NAT gateways: from where others see the machines of private subnets.
    #[tf(depends_on(availability_zones, az_count, nat_gateway))]
    pub nat_public_ips: Attr<Vec<String>>,
    /// Ids of everything that it consists of, by names such as `nat-gateway/eu-west-2a`.
    #[tf(depends_on(availability_zones, az_count, nat_gateway, gateway_endpoints))]
    pub parts: Attr<BTreeMap<String, String>>,
    /// What differs from what was made, one line for each difference. The next apply puts it right.
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a network.
#[derive(Clone, Debug, Identity)]
pub struct VpcIdentity {
    /// Id of the VPC, such as `vpc-0a1b2c3d`.
    pub id: String,
}

impl IdentityOf<VpcModel> for VpcIdentity {
    fn of(vpc: &VpcModel) -> Option<Self> {
        let id = vpc.id.known()?.clone();
        Some(VpcIdentity { id })
    }
}

impl VpcModel {
    /// How many zones there are.
    pub(super) fn zone_count(&self) -> usize {
        match self.availability_zones.known() {
            Some(zones) => zones.len(),
            None => usize::from(self.az_count.unwrap_or(ZONES)),
        }
    }

    /// The services with gateway endpoints.
    pub(super) fn endpoints(&self) -> Vec<String> {
        match &self.gateway_endpoints {
            Some(services) => services.iter().cloned().collect(),
            None => vec!["s3".to_owned()],
        }
    }

    /// What it consists of; none as long as its zones are not known.
    pub(super) fn layout(&self) -> Option<Layout> {
        let zones = self.availability_zones.known()?;
        let (public, private) = layout::subnets(&self.cidr_block, zones.len()).unwrap_or_default();
        let public = self.public_subnet_cidrs.known().unwrap_or(&public);
        let private = self.private_subnet_cidrs.known().unwrap_or(&private);
        let zones = zones.iter().zip(public).zip(private);
        Some(Layout {
            zones: zones
                .map(|((zone, public_cidr), private_cidr)| ZoneLayout {
                    zone: zone.clone(),
                    public_cidr: public_cidr.clone(),
                    private_cidr: private_cidr.clone(),
                })
                .collect(),
            nat: Nat::of(&self.nat_gateway),
            endpoints: self.endpoints(),
        })
    }

    /// With its zones, and the subnets that follow.
    pub(super) fn in_zones(mut self, zones: Vec<String>) -> Self {
        self.availability_zones = Attr::Known(zones);
        if let Some(layout) = self.layout() {
            let of = |cidr: fn(&ZoneLayout) -> &String| layout.zones.iter().map(|zone| cidr(zone).clone()).collect();
            self.public_subnet_cidrs = Attr::Known(of(|zone| &zone.public_cidr));
            self.private_subnet_cidrs = Attr::Known(of(|zone| &zone.private_cidr));
        }
        self
    }

    /// A network of which only what AWS knows is known; none if it is not one of ours.
    pub(super) fn imported(live: &Live, defaults: &Tags) -> Option<Self> {
        let name = tag(live.vpc.tags(), marks::NETWORK)?;
        let zones = live.zones_by_address();
        let cidrs = |name: fn(&str) -> String| -> Vec<String> {
            let of = |zone: &String| Some(part(&live.subnets, &name(zone))?.cidr_block()?.to_owned());
            zones.iter().filter_map(of).collect()
        };
        let nat_gateway = match live.nat_gateways.iter().filter(|nat| nat.name().is_some()).count() {
            0 => "none",
            1 => "single",
            _ => "per_az",
        };
        let services = live
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.name()?.strip_prefix("endpoint/"));
        let services: BTreeSet<String> = services.map(str::to_owned).collect();
        let (public, private) = (cidrs(layout::public_subnet), cidrs(layout::private_subnet));
        let model = VpcModel {
            name: name.to_owned(),
            cidr_block: live.vpc.cidr_block()?.parse().ok()?,
            availability_zones: Attr::Known(zones),
            az_count: None,
            instance_type: INSTANCE_TYPE.to_owned(),
            nat_gateway: nat_gateway.to_owned(),
            public_subnet_cidrs: Attr::Known(public),
            private_subnet_cidrs: Attr::Known(private),
            cluster_names: marks::clusters(live),
            gateway_endpoints: (services != BTreeSet::from(["s3".to_owned()])).then_some(services),
            tags: marks::users(live.vpc.tags(), defaults),
            id: Attr::Null,
            public_subnet_ids: Attr::Null,
            private_subnet_ids: Attr::Null,
            nat_public_ips: Attr::Null,
            parts: Attr::Null,
            drift: Attr::Known(Vec::new()),
            timeouts: Timeouts::default(),
        };
        Some(model.observed(live))
    }

    /// The id of the VPC.
    pub(super) fn vpc_id(&self) -> Result<&str, Diagnostics> {
        let id = self.id.known().map(String::as_str);
        id.ok_or_else(|| Diagnostics::error("Unable to read the network", "The state does not have its id."))
    }

    /// With what there is, be it all of it or not.
    pub(super) fn observed(mut self, live: &Live) -> Self {
        let zones = self.availability_zones.known().cloned().unwrap_or_default();
        let parts = live.parts();
        let ids = |name: fn(&str) -> String| {
            zones
                .iter()
                .filter_map(|zone| parts.get(&name(zone)).cloned())
                .collect()
        };
        self.id = Attr::Known(live.vpc.id().to_owned());
        self.public_subnet_ids = Attr::Known(ids(layout::public_subnet));
        self.private_subnet_ids = Attr::Known(ids(layout::private_subnet));
        self.nat_public_ips = Attr::Known(live.public_ips(&zones));
        self.parts = Attr::Known(parts);
        self
    }
}

fn name() -> Validator {
    Validator::matches(
        "^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$",
        "a name of 1 to 63 letters, digits, `.`, `-` or `_`, which begins with a letter or digit",
    )
}

fn zone() -> Validator {
    Validator::matches(
        "^[a-z]{2,4}(-[a-z]+)+-[0-9]+[a-z]$",
        "an availability zone such as `eu-west-2a`",
    )
}

/// A network that subnets fit into, with addresses that are nobody's in the internet.
fn network() -> Validator {
    const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
    Validator::string("a private network of IPv4 with a prefix of 16 to 24", |text| {
        let Ok(network) = text.parse::<Text<Cidr>>() else {
            return Ok(());
        };
        let is_private = PRIVATE
            .iter()
            .filter_map(|private| private.parse::<Text<Cidr>>().ok())
            .any(|private| private.contains(network.first()));
        if (16..=24).contains(&network.prefix_length()) && is_private {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not such a network. Choose a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10, such as \
             `10.42.0.0/16`."
        ))
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn a_network_is_private_and_has_room_for_subnets() {
        for accepted in ["10.42.0.0/16", "172.20.0.0/20", "192.168.7.0/24", "100.64.0.0/16"] {
            assert_eq!(network().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        for refused in ["10.0.0.0/8", "10.42.0.0/25", "8.8.0.0/16", "fd00::/20"] {
            assert!(network().check(&Value::from(refused)).is_err(), "{refused}");
        }
    }
}
