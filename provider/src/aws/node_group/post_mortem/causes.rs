//! What follows from what was seen of nodes that did not join.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Instance, RouteState, RouteTable, Subnet};
use aws_sdk_eks::types::Cluster;

use super::super::model::NodeGroupModel;
use super::super::role::POLICIES;

/// Services that a machine needs to become a node, by the last part of the names of their endpoints.
const SERVICES: [&str; 6] = ["ec2", "ecr.api", "ecr.dkr", "eks", "s3", "sts"];

/// Where everything is that is not in the network.
const EVERYWHERE: &str = "0.0.0.0/0";

/// What was seen. What may not be looked at is not there.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) launches: Option<Vec<String>>,
    pub(super) machines: Option<Vec<Instance>>,
    pub(super) cluster: Option<Cluster>,
    pub(super) subnets: Option<Vec<Subnet>>,
    pub(super) tables: Option<Vec<RouteTable>>,
    /// The last parts of the names of services with an endpoint in the network.
    pub(super) endpoints: Option<BTreeSet<String>>,
    /// Whether the network answers names, and gives names to its machines.
    pub(super) names: Option<(bool, bool)>,
    /// The names of the policies of the role; nothing if it is gone.
    pub(super) policies: Option<Option<BTreeSet<String>>>,
    pub(super) has_entry: Option<bool>,
    /// The calls that are not allowed.
    pub(super) denied: Vec<String>,
}

/// What follows from what was seen, the likeliest first.
pub(super) fn of(model: &NodeGroupModel, seen: &Evidence) -> Vec<String> {
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
        assert!(of(&model(), &Evidence::default()).is_empty());
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
            let causes = of(&model(), &seen);
            match said {
                None => assert!(causes.is_empty(), "{causes:?}"),
                Some(said) => assert!(causes.len() == 1 && causes[0].contains(said), "{causes:?}"),
            }
        }
        let mut seen = network(vec![table(None, None)], false);
        seen.endpoints = Some(SERVICES.map(str::to_owned).into());
        assert!(of(&model(), &seen).is_empty(), "endpoints are a way as well");
        assert_eq!(
            super::super::service("com.amazonaws.af-south-1.ecr.api").as_deref(),
            Some("ecr.api")
        );
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
        let causes = of(&model(), &seen).join("\n");
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
