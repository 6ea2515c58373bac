//! Why nodes did not join: EKS only says that they did not, after twenty minutes and more.
//!
//! What commonly goes wrong is looked at: launches, the machines themselves, the ways out of their subnets, names,
//! the way to the cluster, and the role. [`Evidence`] is what was seen, [`causes`] what follows from it.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Instance, RouteState, RouteTable, Subnet};
use aws_sdk_eks::types::{Cluster, Nodegroup};

use super::super::account::Account;
use super::super::ec2::{Dns, filter};
use super::super::eks::access::EntryId;
use super::super::error::Error;
use super::model::NodeGroupModel;
use super::role::POLICIES;

/// Services that a machine needs to become a node, by the last part of the names of their endpoints.
const SERVICES: [&str; 6] = ["ec2", "ecr.api", "ecr.dkr", "eks", "s3", "sts"];

/// Where everything is that is not in the network.
const EVERYWHERE: &str = "0.0.0.0/0";

/// What was seen. What may not be looked at is not there.
#[derive(Debug, Default)]
struct Evidence {
    launches: Option<Vec<String>>,
    machines: Option<Vec<Instance>>,
    cluster: Option<Cluster>,
    subnets: Option<Vec<Subnet>>,
    tables: Option<Vec<RouteTable>>,
    /// The last parts of the names of services with an endpoint in the network.
    endpoints: Option<BTreeSet<String>>,
    /// Whether the network answers names, and gives names to its machines.
    names: Option<(bool, bool)>,
    /// The names of the policies of the role; nothing if it is gone.
    policies: Option<Option<BTreeSet<String>>>,
    has_entry: Option<bool>,
    /// The calls that are not allowed.
    denied: Vec<String>,
}

/// What commonly goes wrong and has gone wrong here, a sentence for each; and what could not be looked at.
pub(super) async fn look(account: &Account, model: &NodeGroupModel, group: &Nodegroup) -> (Vec<String>, Vec<String>) {
    let evidence = gather(account, model, group).await;
    (causes(model, &evidence), evidence.denied)
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

/// What follows from what was seen, the likeliest first.
fn causes(model: &NodeGroupModel, seen: &Evidence) -> Vec<String> {
    let mut causes: Vec<String> = seen.launches.iter().flatten().map(|words| launch(words)).collect();
    causes.extend(seen.machines.iter().flatten().filter_map(ended));
    causes.extend(role(seen));
    for subnet in seen.subnets.iter().flatten() {
        causes.extend(way_out(subnet, seen));
    }
    causes.extend(names(seen));
    causes.extend(way_to_cluster(seen));
    if seen.has_entry == Some(false) {
        causes.push(format!(
            "The cluster `{}` has no access entry for the role of the machines. EKS makes one with the group; somebody has deleted it.",
            model.cluster_name
        ));
    }
    causes
}

fn launch(words: &str) -> String {
    let advice = match words {
        words if words.contains("VcpuLimitExceeded") || words.contains("InstanceLimitExceeded") => {
            " Ask for a higher quota under Service Quotas, EC2, \"Running On-Demand Standard instances\"."
        }
        words if words.contains("InsufficientInstanceCapacity") => {
            " AWS has no such machine free in that zone now: choose another type, or try again later."
        }
        words if words.contains("KMS") || words.contains("kms") => {
            " The key that disks are encrypted with has to let the role AWSServiceRoleForAutoScaling use it."
        }
        words if words.contains("SpotMaxPriceTooLow") || words.contains("spot") => {
            " Give several `instance_types`, so that there is more to choose from."
        }
        _ => "",
    };
    let words = words.trim_end_matches('.');
    format!("Auto Scaling could not launch a machine: {words}.{advice}")
}

/// A machine that is not there any more, and did not end because the group did.
fn ended(machine: &Instance) -> Option<String> {
    let reason = machine.state_reason()?;
    let code = reason
        .code()
        .filter(|code| !code.is_empty() && *code != "Client.UserInitiatedShutdown")?;
    let is_over = machine
        .state()
        .and_then(|state| state.name())
        .is_some_and(|state| !matches!(state.as_str(), "pending" | "running"));
    is_over.then(|| {
        format!(
            "The machine {} has ended by itself: {code}, {}",
            machine.instance_id().unwrap_or_default(),
            reason.message().unwrap_or_default()
        )
    })
}

fn role(seen: &Evidence) -> Option<String> {
    let Some(policies) = seen.policies.as_ref()? else {
        return Some("The role of the machines does not exist any more.".to_owned());
    };
    // An older policy lets images be fetched as well, and the network plugin may have a role of its own.
    let has = |policy: &str| {
        policies.contains(policy)
            || policy.contains("Registry") && policies.iter().any(|one| one.contains("ContainerRegistry"))
    };
    let lacks: Vec<&str> = POLICIES.into_iter().filter(|policy| !has(policy)).collect();
    (!lacks.is_empty() && policies.iter().all(|policy| policy != "AdministratorAccess")).then(|| {
        format!(
            "The role of the machines lacks {}, unless another policy allows the same.",
            lacks.join(" and ")
        )
    })
}

/// A machine in a subnet has to reach registries and EKS: by a gateway, or by endpoints.
fn way_out(subnet: &Subnet, seen: &Evidence) -> Option<String> {
    let id = subnet.subnet_id()?;
    let tables = seen.tables.as_ref()?;
    let own = tables
        .iter()
        .find(|table| table.associations().iter().any(|one| one.subnet_id() == Some(id)));
    let main = || {
        tables
            .iter()
            .find(|table| table.associations().iter().any(|one| one.main() == Some(true)))
    };
    let table = own.or_else(main);
    let routes = table.map(|table| table.routes()).unwrap_or_default();
    let route = routes
        .iter()
        .find(|route| route.destination_cidr_block() == Some(EVERYWHERE));
    let is_internet = |gateway: &str| gateway.starts_with("igw-");
    match route {
        Some(route) if route.state() == Some(&RouteState::Blackhole) => Some(format!(
            "The subnet {id} has a route to the internet that leads nowhere: its gateway is gone."
        )),
        Some(route)
            if route.gateway_id().is_some_and(is_internet) && subnet.map_public_ip_on_launch() != Some(true) =>
        {
            Some(format!(
                "The subnet {id} leads to an internet gateway, and gives machines no public address: they cannot use it. Take a subnet \
                 that leads to a NAT gateway, or switch on public addresses."
            ))
        }
        Some(_) => None,
        None => {
            let has = seen.endpoints.clone().unwrap_or_default();
            let lacks: Vec<&str> = SERVICES.into_iter().filter(|service| !has.contains(*service)).collect();
            (!lacks.is_empty()).then(|| {
                format!(
                    "The subnet {id} has no route to the internet, and the network no endpoints of {}: machines can neither fetch images \
                     nor ask EKS. Give the subnet a route to a NAT gateway.",
                    lacks.join(", ")
                )
            })
        }
    }
}

fn names(seen: &Evidence) -> Option<String> {
    let (answers, gives) = seen.names?;
    let is_private = seen
        .cluster
        .as_ref()
        .and_then(|cluster| cluster.resources_vpc_config())
        .is_some_and(|network| network.endpoint_private_access());
    let lacks = match (answers, gives) {
        (false, _) => "`enableDnsSupport` is off: machines cannot find the cluster",
        (true, false) if is_private => {
            "`enableDnsHostnames` is off: the private address of the cluster cannot be found"
        }
        _ => return None,
    };
    Some(format!("In the network, {lacks}. Switch it on."))
}

/// The address of the cluster, where it is only public and not for everybody.
fn way_to_cluster(seen: &Evidence) -> Option<String> {
    let network = seen.cluster.as_ref()?.resources_vpc_config()?;
    let from = network.public_access_cidrs();
    let is_for_all = from.is_empty() || from.iter().any(|cidr| cidr == EVERYWHERE);
    (!network.endpoint_private_access() && network.endpoint_public_access() && !is_for_all).then(|| {
        format!(
            "The cluster can only be reached from {}: the public addresses of the machines' NAT gateways have to be among these, or the \
             private endpoint switched on.",
            from.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{InstanceState, InstanceStateName, Route, RouteTableAssociation, StateReason};
    use aws_sdk_eks::types::VpcConfigResponse;

    use super::*;

    fn model() -> NodeGroupModel {
        NodeGroupModel::imported("moh".to_owned(), "workers".to_owned())
    }

    fn table(subnet: Option<&str>, route: Option<Route>) -> RouteTable {
        let association = match subnet {
            Some(subnet) => RouteTableAssociation::builder().subnet_id(subnet),
            None => RouteTableAssociation::builder().main(true),
        };
        RouteTable::builder()
            .associations(association.build())
            .set_routes(route.map(|route| vec![route]))
            .build()
    }

    fn to(gateway: &str) -> Option<Route> {
        let route = Route::builder().destination_cidr_block(EVERYWHERE);
        Some(match gateway.starts_with("nat-") {
            true => route.nat_gateway_id(gateway).build(),
            false => route.gateway_id(gateway).build(),
        })
    }

    fn network(tables: Vec<RouteTable>, is_public: bool) -> Evidence {
        let subnet = Subnet::builder()
            .subnet_id("subnet-1")
            .map_public_ip_on_launch(is_public)
            .build();
        Evidence {
            subnets: Some(vec![subnet]),
            tables: Some(tables),
            ..Evidence::default()
        }
    }

    #[test]
    fn nothing_is_made_up_of_what_could_not_be_looked_at() {
        assert!(causes(&model(), &Evidence::default()).is_empty());
    }

    #[test]
    fn complaint_12_a_subnet_needs_a_way_out() {
        for (seen, said) in [
            (network(vec![table(Some("subnet-1"), to("nat-1"))], false), None),
            (network(vec![table(None, to("nat-1"))], false), None),
            (network(vec![table(Some("subnet-1"), to("igw-1"))], true), None),
            (
                network(vec![table(Some("subnet-1"), to("igw-1"))], false),
                Some("no public address"),
            ),
            (
                network(vec![table(Some("subnet-1"), None), table(None, to("nat-1"))], false),
                Some("no route to the internet"),
            ),
        ] {
            let causes = causes(&model(), &seen);
            match said {
                None => assert!(causes.is_empty(), "{causes:?}"),
                Some(said) => assert!(causes.len() == 1 && causes[0].contains(said), "{causes:?}"),
            }
        }
        let mut seen = network(vec![table(None, None)], false);
        seen.endpoints = Some(SERVICES.map(str::to_owned).into());
        assert!(causes(&model(), &seen).is_empty(), "endpoints are a way as well");
        assert_eq!(service("com.amazonaws.af-south-1.ecr.api").as_deref(), Some("ecr.api"));
    }

    #[test]
    fn machines_roles_names_and_addresses_are_told_of() {
        let state = |name| InstanceState::builder().name(name).build();
        let reason = StateReason::builder()
            .code("Client.InternalError")
            .message("Client error on launch");
        let machine = Instance::builder()
            .instance_id("i-1")
            .state(state(InstanceStateName::Terminated));
        let network = VpcConfigResponse::builder()
            .endpoint_public_access(true)
            .public_access_cidrs("203.0.113.7/32")
            .build();
        let seen = Evidence {
            launches: Some(vec!["VcpuLimitExceeded".to_owned()]),
            machines: Some(vec![machine.state_reason(reason.build()).build()]),
            policies: Some(Some(BTreeSet::from(["AmazonEKSWorkerNodePolicy".to_owned()]))),
            names: Some((false, false)),
            cluster: Some(Cluster::builder().resources_vpc_config(network).build()),
            has_entry: Some(false),
            ..Evidence::default()
        };
        let causes = causes(&model(), &seen).join("\n");
        for said in [
            "Service Quotas",
            "i-1 has ended by itself: Client.InternalError",
            "lacks AmazonEC2ContainerRegistryPullOnly and AmazonEKS_CNI_Policy",
            "`enableDnsSupport` is off",
            "203.0.113.7/32",
            "no access entry",
        ] {
            assert!(causes.contains(said), "{said}:\n{causes}");
        }
    }
}
