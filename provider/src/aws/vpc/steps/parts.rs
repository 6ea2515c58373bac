//! Makes the parts of a network that are not there, in the order in which they need each other.

use aws_sdk_ec2::types::{NatGateway, NatGatewayState};
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::drift;
use super::super::layout;
use super::super::live::{self, Live, Part as _, part};
use super::super::removal;
use super::{SUMMARY, Work};
use crate::aws::diagnostics::explained;
use crate::aws::ec2::{NewEndpoint, NewSubnet};

impl Work<'_> {
    /// Makes the internet gateway, and attaches it.
    pub(super) async fn open_to_internet(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let name = layout::INTERNET_GATEWAY;
        let make = |tags| self.account.create_internet_gateway(tags);
        self.ensure(live, name, |live| &mut live.internet_gateways, make)
            .await?;
        if drift::is_attached(live) {
            return Ok(());
        }
        let Some(gateway) = part(&live.internet_gateways, name) else {
            return Ok(());
        };
        let (id, vpc_id) = (gateway.id(), live.vpc.id());
        let attached = self.account.attach_internet_gateway(id, vpc_id).await;
        attached.map_err(explained(SUMMARY))
    }

    /// Makes the route tables.
    pub(super) async fn make_tables(&self, live: &mut Live) -> Result<(), Diagnostics> {
        let vpc_id = live.vpc.id().to_owned();
        let private = self.layout.zones.iter().map(|zone| layout::route_table(&zone.zone));
        for name in std::iter::once(layout::PUBLIC_ROUTE_TABLE.to_owned()).chain(private) {
            let make = |tags| self.account.create_route_table(&vpc_id, tags);
            self.ensure(live, &name, |live| &mut live.route_tables, make).await?;
        }
        Ok(())
    }

    /// Makes the subnets of each zone.
    pub(super) async fn make_subnets(&self, live: &mut Live) -> Result<(), Diagnostics> {
        for zone in &self.layout.zones {
            let public = (layout::public_subnet(&zone.zone), &zone.public_cidr);
            let private = (layout::private_subnet(&zone.zone), &zone.private_cidr);
            for (name, cidr) in [public, private] {
                let new = NewSubnet {
                    vpc_id: live.vpc.id().to_owned(),
                    zone: zone.zone.clone(),
                    cidr_block: cidr.clone(),
                };
                let make = |tags| self.account.create_subnet(new, tags);
                self.ensure(live, &name, |live| &mut live.subnets, make).await?;
            }
        }
        Ok(())
    }

    /// Makes the NAT gateways, each with an address. They are not ready yet.
    pub(super) async fn make_nat_gateways(&self, live: &mut Live) -> Result<(), Diagnostics> {
        removal::remove_failed_nat_gateways(self, live).await?;
        for zone in self.layout.nat_zones() {
            let address = layout::address(&zone.zone);
            let make = |tags| self.account.allocate_address(tags);
            self.ensure(live, &address, |live| &mut live.addresses, make).await?;
            let subnet = part(&live.subnets, &layout::public_subnet(&zone.zone));
            let subnet = subnet.map(|subnet| subnet.id().to_owned()).unwrap_or_default();
            let address = part(&live.addresses, &address);
            let address = address.map(|address| address.id().to_owned()).unwrap_or_default();
            let make = |tags| self.account.create_nat_gateway(&subnet, &address, tags);
            let name = layout::nat_gateway(&zone.zone);
            self.ensure(live, &name, |live| &mut live.nat_gateways, make).await?;
        }
        Ok(())
    }

    /// Makes the gateway endpoints, and lets all tables lead to them.
    pub(super) async fn make_endpoints(&self, live: &mut Live) -> Result<(), Diagnostics> {
        for service in &self.layout.endpoints {
            let ours = live.route_tables.iter().filter(|table| table.name().is_some());
            let tables: Vec<String> = ours.map(|table| table.id().to_owned()).collect();
            let name = layout::endpoint(service);
            let new = NewEndpoint {
                vpc_id: live.vpc.id().to_owned(),
                service: service.clone(),
                route_table_ids: tables.clone(),
            };
            let make = |tags| self.account.create_vpc_endpoint(new, tags);
            self.ensure(live, &name, |live| &mut live.endpoints, make).await?;
            let Some(endpoint) = part(&live.endpoints, &name) else {
                continue;
            };
            let has = endpoint.route_table_ids();
            let missing: Vec<String> = tables.into_iter().filter(|id| !has.contains(id)).collect();
            if !has.is_empty() && !missing.is_empty() {
                let led = self.account.lead_to_vpc_endpoint(endpoint.id(), missing).await;
                led.map_err(explained(SUMMARY))?;
            }
        }
        Ok(())
    }

    /// Waits until the NAT gateways are ready.
    pub(super) async fn wait_for_nat_gateways(&self, live: &mut Live) -> Result<(), Diagnostics> {
        use NatGatewayState::{Available, Failed, Pending};
        let is_pending = |nat: &NatGateway| nat.name().is_some() && nat.state() == Some(&Pending);
        if !live.nat_gateways.iter().any(is_pending) {
            return Ok(());
        }
        let id = live.vpc.id();
        let found = self
            .cx
            .wait("the NAT gateways to be available", Backoff::SLOW, || async move {
                let all = live::nat_gateways(self.account, id, [Pending, Available, Failed]).await;
                let all = all.map_err(explained(SUMMARY))?;
                let pending = all.iter().filter(|nat| is_pending(nat));
                let pending: Vec<&str> = pending.filter_map(|nat| nat.name()).collect();
                Ok::<_, Diagnostics>(if pending.is_empty() {
                    Progress::Ready(all)
                } else {
                    Progress::Pending(format!("pending: {}", pending.join(", ")))
                })
            });
        live.nat_gateways = found.await?;
        match live.nat_gateways.iter().find(|nat| drift::is_failed(nat)) {
            None => Ok(()),
            Some(nat) => Err(failed_nat_gateway(nat)),
        }
    }
}

fn failed_nat_gateway(nat: &NatGateway) -> Diagnostics {
    let detail = format!(
        "{} ({}) could not be made: {}\n\nApply again once the cause is removed: it is made anew.",
        nat.name().unwrap_or_default(),
        nat.id(),
        drift::why_failed(nat).unwrap_or("AWS does not say why.")
    );
    Diagnostics::error("NAT gateway failed", detail)
}
