//! Why nodes did not join: EKS only says that they did not, after twenty minutes and more.
//!
//! What commonly goes wrong is looked at: launches, the machines themselves, the ways out of their subnets, names,
//! the way to the cluster, and the role. `Evidence` is what was seen, `causes` says what follows from it.

mod causes;

use aws_sdk_eks::types::Nodegroup;

use self::causes::Evidence;
use super::super::account::Account;
use super::super::ec2::{Dns, filter};
use super::super::eks::access::EntryId;
use super::super::error::Error;
use super::model::NodeGroupModel;

/// What commonly goes wrong and has gone wrong here, a sentence for each; and what could not be looked at.
pub(super) async fn look(account: &Account, model: &NodeGroupModel, group: &Nodegroup) -> (Vec<String>, Vec<String>) {
    let evidence = gather(account, model, group).await;
    (causes::of(model, &evidence), evidence.denied)
}

async fn gather(account: &Account, model: &NodeGroupModel, group: &Nodegroup) -> Evidence {
    let mut seen = Evidence::default();
    let mut denied = Vec::new();
    let groups = group.resources().map(|resources| resources.auto_scaling_groups());
    if let Some(name) = groups.unwrap_or_default().first().and_then(|group| group.name()) {
        seen.launches = if_told(account.failed_launches(name).await, &mut denied);
        seen.machines = if_told(account.machines_of_group(name).await, &mut denied);
    }
    seen.cluster = if_told(account.describe_cluster(&model.cluster_name).await, &mut denied);
    let ids: Vec<String> = model.subnet_ids.iter().cloned().collect();
    seen.subnets = if_told(account.subnets(vec![filter("subnet-id", ids)]).await, &mut denied);
    let vpc = seen.subnets.iter().flatten().find_map(|subnet| subnet.vpc_id.clone());
    if let Some(vpc) = vpc {
        let of_vpc = || vec![filter("vpc-id", [vpc.as_str()])];
        seen.tables = if_told(account.route_tables(of_vpc()).await, &mut denied);
        let answers = if_told(account.vpc_has_dns(&vpc, Dns::Support).await, &mut denied);
        let gives = if_told(account.vpc_has_dns(&vpc, Dns::Hostnames).await, &mut denied);
        seen.names = answers.zip(gives);
        let endpoints = if_told(account.vpc_endpoints(of_vpc()).await, &mut denied);
        seen.endpoints = endpoints.map(|all| all.iter().filter_map(|one| service(one.service_name()?)).collect());
    }
    if let Some(arn) = group.node_role() {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        seen.policies = match account.managed_policies(name).await {
            Err(error) if error.is_not_found() => Some(None),
            listed => if_told(listed, &mut denied).map(|arns| Some(arns.iter().filter_map(|arn| last(arn)).collect())),
        };
        let id = EntryId {
            cluster: &model.cluster_name,
            principal: arn,
        };
        seen.has_entry = if_told(account.access_entry(id).await, &mut denied).map(|entry| entry.is_some());
    }
    seen.denied = denied;
    seen
}

/// An answer, if there was one: the failure of EKS is what counts, not that of a look around.
fn if_told<T>(answer: Result<T, Error>, denied: &mut Vec<String>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::Denied { call, .. }) => {
            denied.push(format!("{}:{}", call.service, call.operation));
            None
        }
        Err(_) => None,
    }
}

/// The service that an endpoint is for: the name without the region.
fn service(name: &str) -> Option<String> {
    name.splitn(4, '.').nth(3).map(str::to_owned)
}

fn last(arn: &str) -> Option<String> {
    arn.rsplit('/').next().map(str::to_owned)
}
