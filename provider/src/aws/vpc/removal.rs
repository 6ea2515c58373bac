//! Takes parts of a network away, and the whole of it: in the reverse order, after a look at who else uses it.

use serde::Deserialize;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::diagnostics::explained;
use super::super::ec2::{Items, NatGateway, NetworkInterface};
use super::super::error::Error;
use super::super::failure;
use super::super::query::Form;
use super::super::refusal::Refusal;
use super::leftovers;
use super::live::{Live, Part};
use super::steps::Work;

const SUMMARY: &str = "Unable to destroy the network";

/// Removes the whole network.
pub(super) async fn remove(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    let id = live.vpc.vpc_id.clone();
    leftovers::sweep(work, &id).await?;
    // Whoever uses it is told of before anything is taken away, so that what runs in it goes on.
    check_unused(work, live).await?;
    remove_parts(work, live, |_| false).await?;
    remove_gateways(work, live).await?;
    match gone(work.account.order(&Form::ec2("DeleteVpc").with("VpcId", &id)).await) {
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
    let endpoints = surplus(&live.endpoints, &keep);
    let nats = surplus(&live.nat_gateways, &keep);
    let addresses = surplus(&live.addresses, &keep);
    let subnets = surplus(&live.subnets, &keep);
    let tables = surplus(&live.route_tables, &keep);
    remove_endpoints(work, live, &endpoints).await?;
    for endpoint in &live.endpoints {
        let has = endpoint.route_table_id_set.item.iter().filter(|id| tables.contains(id));
        let has: Vec<&str> = has.map(String::as_str).collect();
        if !has.is_empty() {
            let form = Form::ec2("ModifyVpcEndpoint").with("VpcEndpointId", &endpoint.vpc_endpoint_id);
            order(work, &form.with_each("RemoveRouteTableId", has)).await?;
        }
    }
    remove_nat_gateways(work, live, &nats).await?;
    for id in &addresses {
        order(work, &Form::ec2("ReleaseAddress").with("AllocationId", id)).await?;
        live.addresses.retain(|one| one.allocation_id != *id);
        work.save(live);
    }
    let surplus_tables = live
        .route_tables
        .iter()
        .filter(|table| tables.contains(&table.route_table_id));
    for association in surplus_tables.flat_map(|table| &table.association_set.item) {
        let id = &association.route_table_association_id;
        order(work, &Form::ec2("DisassociateRouteTable").with("AssociationId", id)).await?;
    }
    for id in &subnets {
        order(work, &Form::ec2("DeleteSubnet").with("SubnetId", id)).await?;
        live.subnets.retain(|one| one.subnet_id != *id);
        work.save(live);
    }
    for id in &tables {
        order(work, &Form::ec2("DeleteRouteTable").with("RouteTableId", id)).await?;
        live.route_tables.retain(|one| one.route_table_id != *id);
        work.save(live);
    }
    Ok(())
}

/// Removes NAT gateways that could not be made, so that others take their places.
pub(super) async fn remove_failed_nat_gateways(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    let failed = live
        .nat_gateways
        .iter()
        .filter(|nat| nat.state == "failed" && nat.name().is_some());
    let failed: Vec<String> = failed.map(|nat| nat.nat_gateway_id.clone()).collect();
    remove_nat_gateways(work, live, &failed).await
}

/// The call itself succeeds, and its answer says what did not.
async fn remove_endpoints(work: &Work<'_>, live: &mut Live, ids: &[String]) -> Result<(), Diagnostics> {
    if ids.is_empty() {
        return Ok(());
    }
    let form = Form::ec2("DeleteVpcEndpoints").with_each("VpcEndpointId", ids.iter().map(String::as_str));
    let answer: Unsuccessful = work.account.ask(&form).await.map_err(explained(SUMMARY))?;
    for one in answer.unsuccessful.item {
        let call = work.account.call("ec2", "DeleteVpcEndpoints");
        let refusal = Refusal {
            code: one.error.code,
            message: one.error.message,
            ..Refusal::default()
        };
        gone(Err(failure::of_refusal(call, refusal))).map_err(explained(SUMMARY))?;
    }
    live.endpoints.retain(|one| !ids.contains(&one.vpc_endpoint_id));
    work.save(live);
    Ok(())
}

#[derive(Deserialize)]
struct Unsuccessful {
    #[serde(default)]
    unsuccessful: Items<OneUnsuccessful>,
}

#[derive(Deserialize)]
struct OneUnsuccessful {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

async fn remove_nat_gateways(work: &Work<'_>, live: &mut Live, ids: &[String]) -> Result<(), Diagnostics> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in ids {
        order(work, &Form::ec2("DeleteNatGateway").with("NatGatewayId", id)).await?;
    }
    let vpc_id = live.vpc.vpc_id.as_str();
    // Their addresses are free when they are gone, and not before.
    let waited = work
        .cx
        .wait("the NAT gateways to be gone", Backoff::SLOW, || async move {
            let form = Form::ec2("DescribeNatGateways")
                .filter("vpc-id", [vpc_id])
                .filter("state", ["pending", "available", "deleting"]);
            let all: Vec<NatGateway> = work.account.list(form).await.map_err(explained(SUMMARY))?;
            let left = all.iter().filter(|nat| ids.contains(&nat.nat_gateway_id));
            let left: Vec<&str> = left.map(|nat| nat.nat_gateway_id.as_str()).collect();
            Ok::<_, Diagnostics>(if left.is_empty() {
                Progress::Ready(())
            } else {
                Progress::Pending(format!("still there: {}", left.join(", ")))
            })
        });
    waited.await?;
    live.nat_gateways.retain(|nat| !ids.contains(&nat.nat_gateway_id));
    work.save(live);
    Ok(())
}

async fn remove_gateways(work: &Work<'_>, live: &mut Live) -> Result<(), Diagnostics> {
    for gateway in &live.internet_gateways {
        let id = &gateway.internet_gateway_id;
        for attachment in &gateway.attachment_set.item {
            let form = Form::ec2("DetachInternetGateway").with("InternetGatewayId", id);
            match work.account.order(&form.with("VpcId", &attachment.vpc_id)).await {
                Err(error) if error.is_refused_with("Gateway.NotAttached") => {}
                detached => gone(detached).map_err(explained(SUMMARY))?,
            }
        }
        order(work, &Form::ec2("DeleteInternetGateway").with("InternetGatewayId", id)).await?;
    }
    live.internet_gateways.clear();
    work.save(live);
    Ok(())
}

/// Refuses to go on as long as something else is in the network, and names it.
async fn check_unused(work: &Work<'_>, live: &Live) -> Result<(), Diagnostics> {
    let vpc_id = live.vpc.vpc_id.as_str();
    let form = Form::ec2("DescribeNetworkInterfaces").filter("vpc-id", [vpc_id]);
    let all: Vec<NetworkInterface> = work.account.list(form).await.map_err(explained(SUMMARY))?;
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
    let mut addresses = ours.flat_map(|nat| &nat.nat_gateway_address_set.item);
    addresses.any(|address| address.network_interface_id.as_ref() == Some(&card.network_interface_id))
}

fn describe(card: &NetworkInterface) -> String {
    let id = &card.network_interface_id;
    let what = match (card.description.as_str(), card.interface_type.as_str()) {
        ("", "" | "interface") => "without a description",
        ("", kind) => kind,
        (description, _) => description,
    };
    format!("{id} in {}: {what}", card.subnet_id)
}

fn surplus<T: Part>(all: &[T], keep: impl Fn(&str) -> bool) -> Vec<String> {
    let surplus = all.iter().filter(|part| part.name().is_some_and(|name| !keep(name)));
    surplus.map(|part| part.id().to_owned()).collect()
}

async fn order(work: &Work<'_>, form: &Form) -> Result<(), Diagnostics> {
    gone(work.account.order(form).await).map_err(explained(SUMMARY))
}

/// That it is gone already is success.
pub(super) fn gone(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(description: &str, interface_type: &str) -> NetworkInterface {
        NetworkInterface {
            network_interface_id: "eni-1".to_owned(),
            subnet_id: "subnet-1".to_owned(),
            status: "in-use".to_owned(),
            description: description.to_owned(),
            interface_type: interface_type.to_owned(),
            tag_set: Items::default(),
        }
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
