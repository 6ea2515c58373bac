//! Parts of networks, as EC2 describes them: what is used of them here.

use serde::Deserialize;

use super::{Items, Tag};

/// A network of one's own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Vpc {
    pub(in crate::aws) vpc_id: String,
    pub(in crate::aws) cidr_block: String,
    #[serde(default)]
    pub(in crate::aws) state: String,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// A part of a network in one zone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Subnet {
    pub(in crate::aws) subnet_id: String,
    pub(in crate::aws) cidr_block: String,
    pub(in crate::aws) availability_zone: String,
    #[serde(default)]
    pub(in crate::aws) map_public_ip_on_launch: bool,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// The way from a network to the internet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct InternetGateway {
    pub(in crate::aws) internet_gateway_id: String,
    #[serde(default)]
    pub(in crate::aws) attachment_set: Items<Attachment>,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// What an internet gateway is attached to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Attachment {
    pub(in crate::aws) vpc_id: String,
}

/// A public address.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Address {
    pub(in crate::aws) allocation_id: String,
    #[serde(default)]
    pub(in crate::aws) public_ip: String,
    pub(in crate::aws) association_id: Option<String>,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// What lets machines without public addresses reach the internet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct NatGateway {
    pub(in crate::aws) nat_gateway_id: String,
    #[serde(default)]
    pub(in crate::aws) state: String,
    #[serde(default)]
    pub(in crate::aws) subnet_id: String,
    #[serde(default)]
    pub(in crate::aws) nat_gateway_address_set: Items<NatAddress>,
    pub(in crate::aws) failure_code: Option<String>,
    pub(in crate::aws) failure_message: Option<String>,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// An address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct NatAddress {
    pub(in crate::aws) network_interface_id: Option<String>,
}

/// Where traffic from some subnets goes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct RouteTable {
    pub(in crate::aws) route_table_id: String,
    #[serde(default)]
    pub(in crate::aws) route_set: Items<Route>,
    #[serde(default)]
    pub(in crate::aws) association_set: Items<Association>,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// Where traffic to some addresses goes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Route {
    pub(in crate::aws) destination_cidr_block: Option<String>,
    pub(in crate::aws) gateway_id: Option<String>,
    pub(in crate::aws) nat_gateway_id: Option<String>,
    /// `active`, or `blackhole` if what it leads to is gone.
    #[serde(default)]
    pub(in crate::aws) state: String,
}

/// Of which subnet a route table is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Association {
    pub(in crate::aws) route_table_association_id: String,
    pub(in crate::aws) subnet_id: Option<String>,
}

/// A way to a service of AWS that does not leave the network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct VpcEndpoint {
    pub(in crate::aws) vpc_endpoint_id: String,
    #[serde(default)]
    pub(in crate::aws) state: String,
    #[serde(default)]
    pub(in crate::aws) route_table_id_set: Items<String>,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// The card of a machine, a load balancer or whatever else is in a network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct NetworkInterface {
    pub(in crate::aws) network_interface_id: String,
    #[serde(default)]
    pub(in crate::aws) subnet_id: String,
    /// `available` if nobody uses it.
    #[serde(default)]
    pub(in crate::aws) status: String,
    #[serde(default)]
    pub(in crate::aws) description: String,
    #[serde(default)]
    pub(in crate::aws) interface_type: String,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}

/// An availability zone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Zone {
    pub(in crate::aws) zone_name: String,
    #[serde(default)]
    pub(in crate::aws) zone_id: String,
    #[serde(default)]
    pub(in crate::aws) zone_state: String,
    #[serde(default)]
    pub(in crate::aws) zone_type: String,
}

/// Where a type of machines is offered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct Offering {
    pub(in crate::aws) location: String,
}

/// Who may talk to whom.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::aws) struct SecurityGroup {
    pub(in crate::aws) group_id: String,
    #[serde(default)]
    pub(in crate::aws) tag_set: Items<Tag>,
}
