//! What differs between a network and what was made: a line for each difference. Pure.

use aws_sdk_ec2::types::{NatGateway, NatGatewayState, Route, RouteState, RouteTable};

use super::super::ec2::{Target, by_key};
use super::super::tags::{self, Tags};
use super::layout::{self, Layout};
use super::live::{Live, Part, part};
use super::marks;
use super::model::VpcModel;

/// Where everything leads that has no other way.
pub(super) const EVERYWHERE: &str = "0.0.0.0/0";

/// A default route that a table should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedRoute {
    /// Name of the table.
    pub(super) table: String,
    /// Where it leads; none if there should be no route.
    pub(super) target: Option<Target>,
}

/// The differences, in words.
pub(super) fn differences(model: &VpcModel, live: &Live, defaults: &Tags) -> Vec<String> {
    let Some(layout) = model.layout() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if !live.dns_support || !live.dns_hostnames {
        lines.push("the VPC gives no names to machines, which nodes of EKS need".to_owned());
    }
    let there = live.parts();
    let wanted = layout.parts();
    lines.extend(
        wanted
            .iter()
            .filter(|name| !there.contains_key(*name))
            .map(|name| format!("{name} is not there")),
    );
    let surplus = there.iter().filter(|(name, _)| !wanted.contains(name));
    lines.extend(surplus.map(|(name, id)| format!("{name} ({id}) is not wanted any more")));
    lines.extend(failures(live));
    if let Some(gateway) = part(&live.internet_gateways, layout::INTERNET_GATEWAY)
        && !is_attached(live)
    {
        lines.push(format!("internet-gateway ({}) is not attached", gateway.id()));
    }
    lines.extend(of_routes(&layout, live));
    lines.extend(of_tables(&layout, live));
    lines.extend(of_tags(model, live, defaults));
    lines
}

/// Whether the way to the internet leads there.
pub(super) fn is_attached(live: &Live) -> bool {
    let gateway = part(&live.internet_gateways, layout::INTERNET_GATEWAY);
    let mut attachments = gateway.iter().flat_map(|gateway| gateway.attachments());
    attachments.any(|attachment| attachment.vpc_id() == live.vpc.vpc_id())
}

/// The default routes that there should be, as far as what they lead to is there.
pub(super) fn wanted_routes(layout: &Layout, live: &Live) -> Vec<WantedRoute> {
    let gateway = part(&live.internet_gateways, layout::INTERNET_GATEWAY);
    let public = gateway.map(|gateway| WantedRoute {
        table: layout::PUBLIC_ROUTE_TABLE.to_owned(),
        target: Some(Target::InternetGateway(gateway.id().to_owned())),
    });
    let private = layout.zones.iter().filter_map(|zone| {
        let nat = match layout.nat_zone_of(&zone.zone) {
            Some(nat_zone) => Some(part(&live.nat_gateways, &layout::nat_gateway(nat_zone))?),
            None => None,
        };
        Some(WantedRoute {
            table: layout::route_table(&zone.zone),
            target: nat.map(|nat| Target::NatGateway(nat.id().to_owned())),
        })
    });
    public.into_iter().chain(private).collect()
}

/// The default route that a table has.
pub(super) fn default_route(table: &RouteTable) -> Option<&Route> {
    let mut routes = table.routes().iter();
    routes.find(|route| route.destination_cidr_block() == Some(EVERYWHERE))
}

/// Whether a route leads there.
pub(super) fn leads_to(route: Option<&Route>, target: Option<&str>) -> bool {
    let Some(route) = route else { return target.is_none() };
    let is = route.nat_gateway_id().or(route.gateway_id());
    is == target && route.state() != Some(&RouteState::Blackhole)
}

/// The table that each subnet should use, by the names of both.
pub(super) fn wanted_tables(layout: &Layout) -> Vec<(String, String)> {
    let of = |zone: &str| {
        [
            (layout::public_subnet(zone), layout::PUBLIC_ROUTE_TABLE.to_owned()),
            (layout::private_subnet(zone), layout::route_table(zone)),
        ]
    };
    layout.zones.iter().flat_map(|zone| of(&zone.zone)).collect()
}

/// The table that a subnet uses: its id, and that of the association.
pub(super) fn table_of<'l>(live: &'l Live, subnet_id: &str) -> Option<(&'l str, &'l str)> {
    live.route_tables.iter().find_map(|table| {
        let mut associations = table.associations().iter();
        let found = associations.find(|association| association.subnet_id() == Some(subnet_id))?;
        Some((table.id(), found.route_table_association_id()?))
    })
}

/// Whether it could not be made.
pub(super) fn is_failed(nat: &NatGateway) -> bool {
    nat.name().is_some() && nat.state() == Some(&NatGatewayState::Failed)
}

/// Why it could not be made, if EC2 says so.
pub(super) fn why_failed(nat: &NatGateway) -> Option<&str> {
    nat.failure_message().or(nat.failure_code())
}

fn failures(live: &Live) -> Vec<String> {
    let failed = live.nat_gateways.iter().filter(|nat| is_failed(nat));
    failed
        .filter_map(|nat| {
            let why = why_failed(nat).unwrap_or("for no known reason");
            Some(format!("{} failed: {why}", nat.name()?))
        })
        .collect()
}

fn of_routes(layout: &Layout, live: &Live) -> Vec<String> {
    let differs = |wanted: &WantedRoute| {
        let table = part(&live.route_tables, &wanted.table)?;
        let target = wanted.target.as_ref().map(Target::id);
        let is_right = leads_to(default_route(table), target);
        (!is_right).then(|| match target {
            Some(id) => format!("the default route of {} does not lead to {id}", wanted.table),
            None => format!("{} has a default route", wanted.table),
        })
    };
    wanted_routes(layout, live).iter().filter_map(differs).collect()
}

fn of_tables(layout: &Layout, live: &Live) -> Vec<String> {
    let differs = |(subnet, table): (String, String)| {
        let subnet_id = part(&live.subnets, &subnet)?.id();
        let table_id = part(&live.route_tables, &table)?.id();
        let is = table_of(live, subnet_id).map(|(id, _)| id);
        (is != Some(table_id)).then(|| format!("{subnet} does not use {table}"))
    };
    wanted_tables(layout).into_iter().filter_map(differs).collect()
}

fn of_tags(model: &VpcModel, live: &Live, defaults: &Tags) -> Vec<String> {
    let of = |name: &str, wanted: &Tags, is: &dyn Part| -> Vec<String> {
        let missing = tags::missing(wanted, &by_key(is.tags()));
        missing
            .iter()
            .map(|(key, value)| format!("the tag `{key}` of {name} is not `{value}`"))
            .collect()
    };
    let mut lines = of("the VPC", &marks::of_vpc(model, defaults), &live.vpc);
    for part in live.tagged() {
        let name = part.name().unwrap_or_default();
        lines.extend(of(name, &marks::of_part(model, defaults, live.vpc.id(), name), part));
    }
    lines
}
