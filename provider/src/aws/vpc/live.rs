//! What there is of a network in AWS: one call for each kind of part, whatever their number.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tf_framework::custom_types::{Cidr, Text};

use super::super::account::Account;
use super::super::ec2::{Address, InternetGateway, Items, NatGateway, RouteTable, Subnet, Tag, Vpc, VpcEndpoint, tag};
use super::super::error::Error;
use super::super::query::Form;
use super::super::tags::Tags;
use super::layout;
use super::marks;

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
    fn tags(&self) -> &Items<Tag>;
    /// Notes the tags that it was made with, as not all answers have them.
    fn set_tags(&mut self, tags: &Tags);

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
        let of = |operation, filter| Form::ec2(operation).filter(filter, [id]);
        let by_mark = format!("tag:{}", marks::VPC);
        let marked = |operation| Form::ec2(operation).filter(&by_mark, [id]);
        let vpcs: Vec<Vpc> = account.list(of("DescribeVpcs", "vpc-id")).await?;
        let Some(vpc) = vpcs.into_iter().next() else {
            return Ok(None);
        };
        let nat_gateways = of("DescribeNatGateways", "vpc-id").filter("state", ["pending", "available", "failed"]);
        let (dns_support, dns_hostnames, internet_gateways, subnets, addresses, nat_gateways, route_tables, endpoints) =
            futures::try_join!(
                attribute(account, id, "enableDnsSupport"),
                attribute(account, id, "enableDnsHostnames"),
                account.list(marked("DescribeInternetGateways")),
                account.list(of("DescribeSubnets", "vpc-id")),
                account.list(marked("DescribeAddresses")),
                account.list(nat_gateways),
                account.list(of("DescribeRouteTables", "vpc-id")),
                account.list(of("DescribeVpcEndpoints", "vpc-id")),
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
        live.endpoints
            .retain(|endpoint| !endpoint.state.to_ascii_lowercase().starts_with("delet"));
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
        let zones: BTreeSet<&String> = ours.map(|subnet| &subnet.availability_zone).collect();
        zones.into_iter().cloned().collect()
    }

    /// The zones that it is in, in the order of the addresses of their private subnets: so they were configured, unless
    /// the subnets were given.
    pub(super) fn zones_by_address(&self) -> Vec<String> {
        let mut zones = self.zones();
        zones.sort_by_key(|zone| {
            let subnet = part(&self.subnets, &layout::private_subnet(zone));
            let cidr = subnet.and_then(|subnet| subnet.cidr_block.parse::<Text<Cidr>>().ok());
            cidr.map(|cidr| cidr.first())
        });
        zones
    }

    /// The public addresses of the NAT gateways of zones.
    pub(super) fn public_ips(&self, zones: &[String]) -> Vec<String> {
        let address = |zone: &String| part(&self.addresses, &layout::address(zone));
        let addresses = zones.iter().filter_map(address);
        addresses.map(|address| address.public_ip.clone()).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    #[serde(alias = "enableDnsSupport", alias = "enableDnsHostnames")]
    attribute: Switch,
}

#[derive(Deserialize)]
struct Switch {
    value: bool,
}

async fn attribute(account: &Account, id: &str, name: &str) -> Result<bool, Error> {
    let form = Form::ec2("DescribeVpcAttribute")
        .with("VpcId", id)
        .with("Attribute", name);
    let answer: Attribute = account.ask(&form).await?;
    Ok(answer.attribute.value)
}

macro_rules! parts {
    ($($kind:ty: $id:ident),* $(,)?) => {$(
        impl Part for $kind {
            fn id(&self) -> &str {
                &self.$id
            }

            fn tags(&self) -> &Items<Tag> {
                &self.tag_set
            }

            fn set_tags(&mut self, tags: &Tags) {
                self.tag_set.item = tags
                    .iter()
                    .map(|(key, value)| Tag {
                        key: key.clone(),
                        value: value.clone(),
                    })
                    .collect();
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
