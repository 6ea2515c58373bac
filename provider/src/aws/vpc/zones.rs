//! In which availability zones a network is: those that offer the machines, and in which EKS works.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{AvailabilityZone, AvailabilityZoneState};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::ec2::filter;
use super::model::VpcModel;

const SUMMARY: &str = "Unable to choose availability zones";

/// Zones, by ids that mean the same in all accounts, in which
/// [EKS has no room](https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html) for what it adds to a network.
const WITHOUT_EKS: [&str; 3] = ["cac1-az3", "use1-az3", "usw1-az2"];

/// The zones of a network: those that it has already, and as many more as are wanted.
///
/// # Errors
/// There are too few, or one that is named is not fit.
pub(super) async fn choose(account: &Account, model: &VpcModel, has: &[String]) -> Result<Vec<String>, Diagnostics> {
    let fit = fit(account, &model.instance_type).await?;
    if let Some(named) = model.availability_zones.known() {
        let unfit: Vec<&str> = named
            .iter()
            .filter(|zone| !fit.contains(*zone))
            .map(String::as_str)
            .collect();
        if unfit.is_empty() {
            return Ok(named.clone());
        }
        let detail = format!(
            "{} cannot be used: it is none of the region {}, or does not offer `{}`, or EKS does not work there. Fit are: {}.",
            unfit.join(", "),
            account.region(),
            model.instance_type,
            list(&fit)
        );
        return Err(Diagnostic::error("Unfit availability zone", detail)
            .at(VpcModel::AVAILABILITY_ZONES)
            .into());
    }
    pick(&fit, has, model.zone_count()).ok_or_else(|| too_few(account, model, &fit))
}

/// So many zones, of which those that there are already are the first.
fn pick(fit: &BTreeSet<String>, has: &[String], count: usize) -> Option<Vec<String>> {
    let new = fit.iter().filter(|zone| !has.contains(zone));
    let zones: Vec<String> = has.iter().chain(new).take(count).cloned().collect();
    (zones.len() == count).then_some(zones)
}

async fn fit(account: &Account, instance_type: &str) -> Result<BTreeSet<String>, Diagnostics> {
    let of_type = vec![filter("instance-type", [instance_type])];
    let listed = futures::try_join!(account.availability_zones(), account.offerings_in_zones(of_type));
    let (zones, offerings) = listed.map_err(explained(SUMMARY))?;
    let offered: BTreeSet<&str> = offerings.iter().filter_map(|offering| offering.location()).collect();
    // Local zones and the like have no room for control planes, and have to be opted in to.
    let is_fit = |zone: &AvailabilityZone| {
        zone.state() == Some(&AvailabilityZoneState::Available)
            && matches!(zone.zone_type(), None | Some("" | "availability-zone"))
            && !WITHOUT_EKS.contains(&zone.zone_id().unwrap_or_default())
    };
    let fit = zones.iter().filter(|zone| is_fit(zone));
    let names = fit.filter_map(|zone| zone.zone_name());
    Ok(names.filter(|name| offered.contains(name)).map(str::to_owned).collect())
}

fn too_few(account: &Account, model: &VpcModel, fit: &BTreeSet<String>) -> Diagnostics {
    let detail = format!(
        "{} zones are wanted, and in {} these offer `{}`: {}.\n\nChoose another `instance_type`, such as `m6g.xlarge`, or a smaller \
         `az_count`.",
        model.zone_count(),
        account.region(),
        model.instance_type,
        list(fit)
    );
    Diagnostic::error("Too few availability zones", detail)
        .at(VpcModel::INSTANCE_TYPE)
        .into()
}

fn list(zones: &BTreeSet<String>) -> String {
    if zones.is_empty() {
        return "none".to_owned();
    }
    zones.iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_that_a_network_has_stay_and_others_join() {
        let fit = ["a", "b", "c"].map(str::to_owned).into();
        let has = ["c".to_owned()];
        assert_eq!(pick(&fit, &[], 2).unwrap(), ["a", "b"]);
        assert_eq!(pick(&fit, &has, 2).unwrap(), ["c", "a"]);
        assert_eq!(pick(&fit, &has, 1).unwrap(), ["c"]);
        assert_eq!(pick(&fit, &has, 4), None);
    }
}
