//! What there is of a network in AWS: one call for each kind of part, whatever their number.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    Address, InternetGateway, NatGateway, NatGatewayState, RouteTable, Subnet, Tag, Vpc, VpcEndpoint,
};
use tf_framework::custom_types::{Cidr, Text};

use super::super::account::Account;
use super::super::ec2::{Dns, filter, listed, tag};
use super::super::error::Error;
use super::super::tags::Tags;
use super::layout;
use super::marks;

use NatGatewayState::{Available, Failed, Pending};

/// A network, and what we have made in it.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) vpc: Vpc,
    pub(super) dns_support: bool,
    pub(super) dns_hostnames: bool,
    pub(super) internet_gateways: Vec<InternetGateway>,
    pub(super) subnets: Vec<Subnet>,
    pub(super) addresses: Vec<Address>,
    pub(super) nat_gateways: Vec<NatGateway>,
    pub(super) route_tables: Vec<RouteTable>,
    pub(super) endpoints: Vec<VpcEndpoint>,
}

/// Something with an id and tags.
pub(super) trait Part: Send + Sync {
    fn id(&self) -> &str;
    fn tags(&self) -> &[Tag];
    /// Notes the tags that it was made with, as not all answers have them.
    fn set_tags(&mut self, tags: Tags);

    /// The name by which it is a part of the network, if it is one.
    fn name(&self) -> Option<&str> {
        tag(self.tags(), marks::PART)
    }
}

/// The part of this name.
pub(super) fn part<'p, T: Part>(all: &'p [T], name: &str) -> Option<&'p T> {
    all.iter().find(|part| part.name() == Some(name))
}

impl Live {
    /// A network that has just been made.
    pub(super) fn of(vpc: Vpc) -> Self {
        Live {
            vpc,
            dns_support: false,
            dns_hostnames: false,
            internet_gateways: Vec::new(),
            subnets: Vec::new(),
            addresses: Vec::new(),
            nat_gateways: Vec::new(),
            route_tables: Vec::new(),
            endpoints: Vec::new(),
        }
    }

    /// Reads a network; nothing if it is not there.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn read(account: &Account, id: &str) -> Result<Option<Self>, Error> {
        let of_vpc = || vec![filter("vpc-id", [id])];
        let marked = || vec![filter(format!("tag:{}", marks::VPC), [id])];
        let Some(vpc) = account.vpcs(of_vpc()).await?.into_iter().next() else {
            return Ok(None);
        };
        let (dns_support, dns_hostnames, internet_gateways, subnets, addresses, nat_gateways, route_tables, endpoints) =
            futures::try_join!(
                account.vpc_has_dns(id, Dns::Support),
                account.vpc_has_dns(id, Dns::Hostnames),
                account.internet_gateways(marked()),
                account.subnets(of_vpc()),
                account.addresses(marked()),
                nat_gateways(account, id, [Pending, Available, Failed]),
                account.route_tables(of_vpc()),
                account.vpc_endpoints(of_vpc()),
            )?;
        let mut live = Live {
            vpc,
            dns_support,
            dns_hostnames,
            internet_gateways,
            subnets,
            addresses,
            nat_gateways,
            route_tables,
            endpoints,
        };
        live.endpoints.retain(|endpoint| !is_going(endpoint));
        Ok(Some(live))
    }

    /// The ids of all parts by their names.
    pub(super) fn parts(&self) -> BTreeMap<String, String> {
        let tagged = self.tagged();
        let named = tagged
            .iter()
            .filter_map(|part| Some((part.name()?.to_owned(), part.id().to_owned())));
        named.collect()
    }

    /// All parts.
    pub(super) fn tagged(&self) -> Vec<&dyn Part> {
        fn each<T: Part>(all: &[T]) -> impl Iterator<Item = &dyn Part> {
            all.iter().map(|part| part as &dyn Part)
        }
        let all = each(&self.internet_gateways)
            .chain(each(&self.subnets))
            .chain(each(&self.addresses))
            .chain(each(&self.nat_gateways))
            .chain(each(&self.route_tables))
            .chain(each(&self.endpoints));
        all.filter(|part| part.name().is_some()).collect()
    }

    /// The zones that it is in, in the order of their names.
    pub(super) fn zones(&self) -> Vec<String> {
        let ours = self.subnets.iter().filter(|subnet| subnet.name().is_some());
        let zones: BTreeSet<&str> = ours.filter_map(|subnet| subnet.availability_zone()).collect();
        zones.into_iter().map(str::to_owned).collect()
    }

    /// The zones that it is in, in the order of the addresses of their private subnets: so they were configured, unless
    /// the subnets were given.
    pub(super) fn zones_by_address(&self) -> Vec<String> {
        let mut zones = self.zones();
        zones.sort_by_key(|zone| {
            let subnet = part(&self.subnets, &layout::private_subnet(zone));
            let cidr = subnet.and_then(|subnet| subnet.cidr_block()?.parse::<Text<Cidr>>().ok());
            cidr.map(|cidr| cidr.first())
        });
        zones
    }

    /// The public addresses of the NAT gateways of zones.
    pub(super) fn public_ips(&self, zones: &[String]) -> Vec<String> {
        let address = |zone: &String| part(&self.addresses, &layout::address(zone));
        let addresses = zones.iter().filter_map(address);
        addresses
            .map(|address| address.public_ip().unwrap_or_default().to_owned())
            .collect()
    }
}

/// The NAT gateways of a network in one of these states.
pub(super) async fn nat_gateways<const N: usize>(
    account: &Account,
    vpc_id: &str,
    states: [NatGatewayState; N],
) -> Result<Vec<NatGateway>, Error> {
    let states = states.iter().map(NatGatewayState::as_str);
    let filters = vec![filter("vpc-id", [vpc_id]), filter("state", states)];
    account.nat_gateways(filters).await
}

/// EC2 does not write states of endpoints as its model has them.
fn is_going(endpoint: &VpcEndpoint) -> bool {
    let state = endpoint.state().map(|state| state.as_str().to_ascii_lowercase());
    state.is_some_and(|state| state.starts_with("delet"))
}

macro_rules! parts {
    ($($kind:ty: $id:ident),* $(,)?) => {$(
        impl Part for $kind {
            fn id(&self) -> &str {
                self.$id.as_deref().unwrap_or_default()
            }

            fn tags(&self) -> &[Tag] {
                self.tags.as_deref().unwrap_or_default()
            }

            fn set_tags(&mut self, tags: Tags) {
                self.tags = Some(listed(tags));
            }
        }
    )*};
}

parts! {
    Vpc: vpc_id,
    InternetGateway: internet_gateway_id,
    Subnet: subnet_id,
    Address: allocation_id,
    NatGateway: nat_gateway_id,
    RouteTable: route_table_id,
    VpcEndpoint: vpc_endpoint_id,
}
