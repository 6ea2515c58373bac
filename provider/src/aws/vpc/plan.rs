//! What a plan of a network shows, and what it refuses.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::custom_types::{Cidr, Text};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::layout;
use super::model::VpcModel;
use super::{VpcResource, zones};
use crate::provider::Clients;

/// Checks what concerns several attributes.
pub(super) fn validate(config: &Draft<VpcResource>, diagnostics: &mut Diagnostics) {
    let zones = match (&config.availability_zones, &config.az_count) {
        (Attr::Known(zones), _) => Some(zones.len()),
        (Attr::Null, Attr::Known(count)) => Some(usize::from(*count)),
        (Attr::Null, Attr::Null) => Some(usize::from(super::model::ZONES)),
        _ => None,
    };
    if config.availability_zones.known().is_some() && config.az_count.known().is_some() {
        let detail =
            "The zones are named in `availability_zones`, so there is nothing to count. Leave one of them out.";
        diagnostics.push(Diagnostic::error("Zones are named and counted", detail).at(VpcModel::AZ_COUNT));
    }
    let Attr::Known(network) = &config.cidr_block else {
        return;
    };
    let most = layout::most_zones(network);
    let given = [
        (VpcModel::PUBLIC_SUBNET_CIDRS, &config.public_subnet_cidrs),
        (VpcModel::PRIVATE_SUBNET_CIDRS, &config.private_subnet_cidrs),
    ];
    let is_planned = given.iter().any(|(_, cidrs)| cidrs.is_null());
    if let Some(count) = zones.filter(|count| *count > most && is_planned) {
        let detail = format!(
            "{} has room for {most} zones, and {count} are wanted. Choose a larger network, or give the subnets.",
            network.as_str()
        );
        diagnostics.push(Diagnostic::error("Network is too small", detail).at(VpcModel::CIDR_BLOCK));
    }
    let mut known: Vec<(Path, Text<Cidr>)> = Vec::new();
    for (attribute, cidrs) in given {
        let Attr::Known(cidrs) = cidrs else { continue };
        if let Some(count) = zones.filter(|count| *count != cidrs.len()) {
            let detail = format!(
                "There are {count} zones, and {} subnets: one for each zone is needed.",
                cidrs.len()
            );
            diagnostics.push(Diagnostic::error("Subnets do not match the zones", detail).at(attribute));
        }
        for (index, cidr) in cidrs.iter().enumerate() {
            if let Some(subnet) = cidr.known().and_then(|cidr| cidr.parse().ok()) {
                known.push((Path::new(attribute).index(index), subnet));
            }
        }
    }
    check_subnets(network, &known, diagnostics);
}

fn check_subnets(network: &Cidr, subnets: &[(Path, Text<Cidr>)], diagnostics: &mut Diagnostics) {
    for (number, (path, subnet)) in subnets.iter().enumerate() {
        let is_inside = network.contains(subnet.first()) && subnet.prefix_length() >= network.prefix_length();
        let other = subnets
            .iter()
            .take(number)
            .find(|(_, other)| layout::overlap(subnet, other));
        let problem = match other {
            _ if !is_inside => format!("{} is not in the network {network}.", subnet.as_str()),
            _ if subnet.prefix_length() > 28 => format!("{} is too small: AWS takes /28 at least.", subnet.as_str()),
            Some((_, other)) => format!("{} has addresses of {} in it.", subnet.as_str(), other.as_str()),
            None => continue,
        };
        diagnostics.push(Diagnostic::error("Unfit subnet", problem).at(path.clone()));
    }
}

/// Makes the plan show what follows from what is configured.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, VpcResource>) -> Result<(), Diagnostics> {
    if plan.action() == Action::Delete {
        return Ok(());
    }
    plan.set(VpcModel::DRIFT, &Vec::<String>::new());
    // What is made again has another id.
    if plan.changed(VpcModel::DRIFT) && plan.prior.is_some() {
        for attribute in [
            VpcModel::PUBLIC_SUBNET_IDS,
            VpcModel::PRIVATE_SUBNET_IDS,
            VpcModel::NAT_PUBLIC_IPS,
            VpcModel::PARTS,
        ] {
            plan.set_unknown(attribute);
        }
    }
    let is_new = plan.prior.is_none() || !plan.requires_replace().is_empty();
    if plan.config.availability_zones.is_null() && !is_new {
        keep_zones(plan);
    }
    let Some(planned) = plan.planned() else { return Ok(()) };
    let (Attr::Known(network), Some(count)) = (&planned.cidr_block, count(&planned, &plan.config)) else {
        return Ok(());
    };
    let Some((public, private)) = layout::subnets(network, count) else {
        return Ok(());
    };
    for (attribute, config, planned) in [
        (VpcModel::PUBLIC_SUBNET_CIDRS, &plan.config.public_subnet_cidrs, public),
        (
            VpcModel::PRIVATE_SUBNET_CIDRS,
            &plan.config.private_subnet_cidrs,
            private,
        ),
    ]
    .map(|(attribute, config, planned)| (attribute, config.is_null(), planned))
    {
        if config {
            plan.set(attribute, &planned);
        }
    }
    if is_new { Ok(()) } else { check_moves(plan) }
}

/// Zones that were chosen stay when others come or go.
fn keep_zones(plan: &mut Plan<'_, '_, VpcResource>) {
    let prior = plan
        .prior
        .as_ref()
        .and_then(|prior| prior.availability_zones.known().cloned());
    let (Some(zones), Some(planned)) = (prior, plan.planned()) else {
        return;
    };
    let count = match planned.az_count {
        Attr::Known(count) => usize::from(count),
        Attr::Null => usize::from(super::model::ZONES),
        Attr::Unknown => return plan.set_unknown(VpcModel::AVAILABILITY_ZONES),
    };
    match zones.get(..count) {
        Some(kept) => plan.set(VpcModel::AVAILABILITY_ZONES, &kept.to_vec()),
        None => plan.set_unknown(VpcModel::AVAILABILITY_ZONES),
    }
}

fn count(planned: &Draft<VpcResource>, config: &Draft<VpcResource>) -> Option<usize> {
    match (&config.availability_zones, &planned.az_count) {
        (Attr::Known(zones), _) => Some(zones.len()),
        (Attr::Null, Attr::Known(count)) => Some(usize::from(*count)),
        (Attr::Null, Attr::Null) => Some(usize::from(super::model::ZONES)),
        _ => None,
    }
}

/// Refuses to give other addresses to the subnets of a zone: what runs in them would have to go.
fn check_moves(plan: &Plan<'_, '_, VpcResource>) -> Result<(), Diagnostics> {
    let before = plan.prior.as_ref().and_then(VpcModel::layout);
    let after = plan.planned_model().as_ref().and_then(VpcModel::layout);
    let (Some(before), Some(after)) = (before, after) else {
        return Ok(());
    };
    let mut diagnostics = Diagnostics::new();
    for zone in &after.zones {
        let Some(is) = before.zones.iter().find(|is| is.zone == zone.zone && *is != zone) else {
            continue;
        };
        let detail = format!(
            "{} has the subnets {} and {}, and would have {} and {}. What runs in a subnet cannot be moved. Keep the order of the zones, \
             or give `public_subnet_cidrs` and `private_subnet_cidrs` so that each zone keeps its own.",
            zone.zone, is.public_cidr, is.private_cidr, zone.public_cidr, zone.private_cidr
        );
        diagnostics.push(Diagnostic::error("Subnet cannot be moved", detail).at(VpcModel::AVAILABILITY_ZONES));
    }
    diagnostics.into_result(())
}

/// Asks AWS, before anything is made, whether there are enough zones.
pub(super) async fn try_zones(cx: &Context<VpcResource>, plan: &Plan<'_, '_, VpcResource>) -> Result<(), Diagnostics> {
    let is_asked = plan.prior.is_none() || plan.changed(VpcModel::AVAILABILITY_ZONES);
    if plan.action() == Action::Delete || !is_asked || cx.clients().is_aws_unknown() {
        return Ok(());
    }
    let Some(planned) = plan.planned_model() else {
        return Ok(());
    };
    let account = Clients::aws(cx).await?;
    let has = plan
        .prior
        .as_ref()
        .and_then(|prior| prior.availability_zones.known().cloned());
    zones::choose(&account, &planned, &has.unwrap_or_default())
        .await
        .map(|_| ())
}
