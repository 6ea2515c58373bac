//! Takes parts of a network away, and the whole of it: in the reverse order, after a look at who else uses it.

use aws_sdk_ec2::types::{NatGatewayState, NetworkInterface, NetworkInterfaceType};
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::diagnostics::explained;
use super::super::ec2::filter;
use super::drift;
use super::leftovers;
use super::live::{self, Live, Part};
use super::steps::Work;

const SUMMARY: &str = "Unable to destroy the network";

/// Removes the whole network.
pub(super) async fn remove(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    let id = live.vpc.id().to_owned();
    leftovers::sweep(work, &id).await?;
    // Whoever uses it is told of before anything is taken away, so that what runs in it goes on.
    check_unused(work, live).await?;
    remove_parts(work, live, |_| false).await?;
    remove_gateways(work, live).await?;
    match work.account.delete_vpc(&id).await {
        Err(error) if error.is_refused_with("DependencyViolation") => {
            check_unused(work, live).await?;
            Err(explained(SUMMARY)(error))
        }
        deleted => deleted.map_err(explained(SUMMARY)),
    }
}

/// Removes the parts that are not to be kept, but for the way to the internet: endpoints, NAT gateways with their
/// addresses, subnets and route tables.
pub(super) async fn remove_parts(
    work: &Work<'_>,
    live: &mut Live,
    keep: impl Fn(&str) -> bool,
) -> Result<(), Diagnostics> {
    let account = work.account;
    let explain = explained(SUMMARY);
    let endpoints = surplus(&live.endpoints, &keep);
    let nats = surplus(&live.nat_gateways, &keep);
    let addresses = surplus(&live.addresses, &keep);
    let subnets = surplus(&live.subnets, &keep);
    let tables = surplus(&live.route_tables, &keep);
    remove_endpoints(work, live, &endpoints).await?;
    for endpoint in &live.endpoints {
        let has = endpoint.route_table_ids().iter().filter(|id| tables.contains(id));
        let has: Vec<String> = has.cloned().collect();
        if !has.is_empty() {
            let led = account.lead_from_vpc_endpoint(endpoint.id(), has).await;
            led.map_err(&explain)?;
        }
    }
    remove_nat_gateways(work, live, &nats).await?;
    for id in &addresses {
        account.release_address(id).await.map_err(&explain)?;
        live.addresses.retain(|one| one.id() != id);
        work.save(live);
    }
    let surplus_tables = live
        .route_tables
        .iter()
        .filter(|table| tables.iter().any(|id| table.id() == id));
    let associations = surplus_tables.flat_map(|table| table.associations());
    for id in associations.filter_map(|association| association.route_table_association_id()) {
        account.disassociate_route_table(id).await.map_err(&explain)?;
    }
    for id in &subnets {
        account.delete_subnet(id).await.map_err(&explain)?;
        live.subnets.retain(|one| one.id() != id);
        work.save(live);
    }
    for id in &tables {
        account.delete_route_table(id).await.map_err(&explain)?;
        live.route_tables.retain(|one| one.id() != id);
        work.save(live);
    }
    Ok(())
}

/// Removes NAT gateways that could not be made, so that others take their places.
pub(super) async fn remove_failed_nat_gateways(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    let failed = live.nat_gateways.iter().filter(|nat| drift::is_failed(nat));
    let failed: Vec<String> = failed.map(|nat| nat.id().to_owned()).collect();
    remove_nat_gateways(work, live, &failed).await
}

async fn remove_endpoints(work: &Work<'_>, live: &mut Live, ids: &[String]) -> Result<(), Diagnostics> {
    if ids.is_empty() {
        return Ok(());
    }
    let deleted = work.account.delete_vpc_endpoints(ids).await;
    deleted.map_err(explained(SUMMARY))?;
    forget(&mut live.endpoints, ids);
    work.save(live);
    Ok(())
}

async fn remove_nat_gateways(work: &Work<'_>, live: &mut Live, ids: &[String]) -> Result<(), Diagnostics> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in ids {
        let deleted = work.account.delete_nat_gateway(id).await;
        deleted.map_err(explained(SUMMARY))?;
    }
    let vpc_id = live.vpc.id();
    // Their addresses are free when they are gone, and not before.
    let waited = work
        .cx
        .wait("the NAT gateways to be gone", Backoff::SLOW, || async move {
            let there = [
                NatGatewayState::Pending,
                NatGatewayState::Available,
                NatGatewayState::Deleting,
            ];
            let all = live::nat_gateways(work.account, vpc_id, there).await;
            let all = all.map_err(explained(SUMMARY))?;
            let left = all.iter().map(Part::id).filter(|left| ids.iter().any(|id| id == left));
            let left: Vec<&str> = left.collect();
            Ok::<_, Diagnostics>(if left.is_empty() {
                Progress::Ready(())
            } else {
                Progress::Pending(format!("still there: {}", left.join(", ")))
            })
        });
    waited.await?;
    forget(&mut live.nat_gateways, ids);
    work.save(live);
    Ok(())
}

async fn remove_gateways(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    let explain = explained(SUMMARY);
    for gateway in &live.internet_gateways {
        for vpc_id in gateway.attachments().iter().filter_map(|one| one.vpc_id()) {
            let detached = work.account.detach_internet_gateway(gateway.id(), vpc_id).await;
            detached.map_err(&explain)?;
        }
        let deleted = work.account.delete_internet_gateway(gateway.id()).await;
        deleted.map_err(&explain)?;
    }
    live.internet_gateways.clear();
    work.save(live);
    Ok(())
}

/// Refuses to go on as long as something else is in the network, and names it.
async fn check_unused(work: &Work<'_>, live: &Live) -> Result<(), Diagnostics> {
    let vpc_id = live.vpc.id();
    let all = work.account.network_interfaces(vec![filter("vpc-id", [vpc_id])]).await;
    let all = all.map_err(explained(SUMMARY))?;
    let users: Vec<String> = all.iter().filter(|card| !is_ours(card, live)).map(describe).collect();
    if users.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "{vpc_id} has network interfaces of others, and nothing was taken away:\n\n- {}\n\nDestroy what they belong to first. Load \
         balancers and addresses that a cluster has left behind are removed if the cluster is gone, and its name is in `cluster_names`.",
        users.join("\n- ")
    );
    Err(Diagnostics::error("Network is in use", detail))
}

/// Whether it goes with a NAT gateway of ours.
fn is_ours(card: &NetworkInterface, live: &Live) -> bool {
    let ours = live.nat_gateways.iter().filter(|nat| nat.name().is_some());
    let mut addresses = ours.flat_map(|nat| nat.nat_gateway_addresses());
    addresses.any(|address| address.network_interface_id() == card.network_interface_id())
}

fn describe(card: &NetworkInterface) -> String {
    let id = card.network_interface_id().unwrap_or_default();
    let subnet = card.subnet_id().unwrap_or_default();
    let kind = card.interface_type().map(NetworkInterfaceType::as_str);
    let what = match (card.description().unwrap_or_default(), kind.unwrap_or_default()) {
        ("", "" | "interface") => "without a description",
        ("", kind) => kind,
        (description, _) => description,
    };
    format!("{id} in {subnet}: {what}")
}

fn surplus<T: Part>(all: &[T], keep: impl Fn(&str) -> bool) -> Vec<String> {
    let surplus = all.iter().filter(|part| part.name().is_some_and(|name| !keep(name)));
    surplus.map(|part| part.id().to_owned()).collect()
}

fn forget<T: Part>(all: &mut Vec<T>, ids: &[String]) {
    all.retain(|part| ids.iter().all(|id| part.id() != id));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(description: &str, interface_type: &str) -> NetworkInterface {
        NetworkInterface::builder()
            .network_interface_id("eni-1")
            .subnet_id("subnet-1")
            .description(description)
            .interface_type(interface_type.into())
            .build()
    }

    #[test]
    fn who_uses_a_network_is_named_by_what_aws_knows_of_it() {
        let balancer = card("ELB app/k8s-prod/0a1b", "interface");
        assert_eq!(describe(&balancer), "eni-1 in subnet-1: ELB app/k8s-prod/0a1b");
        assert_eq!(describe(&card("", "lambda")), "eni-1 in subnet-1: lambda");
        assert_eq!(
            describe(&card("", "interface")),
            "eni-1 in subnet-1: without a description"
        );
    }
}
