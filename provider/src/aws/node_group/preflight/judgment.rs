//! What follows from what a plan asks for and what AWS says: errors, and perhaps a warning.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{InstanceTypeInfo, Subnet};
use aws_sdk_eks::types::Cluster;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::machines::Processor;
use super::super::model::NodeGroupModel;
use super::super::plan::minor;

/// How many minor versions nodes may be behind their cluster.
const MOST_BEHIND: u32 = 3;

/// How many subnets' worth of addresses the network plugin keeps for a machine: those of the interface in use, and as
/// many in reserve.
const INTERFACES: i32 = 2;

/// What is asked for, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) types: Option<Vec<String>>,
    pub(super) image: Option<String>,
    pub(super) subnets: Option<Vec<String>>,
    pub(super) version: Option<String>,
    /// How many machines there are to be at first, and at most.
    pub(super) machines: Option<(i32, i32)>,
}

impl Wanted {
    /// Whether nothing is asked for that AWS has to be asked about.
    pub(super) fn is_nothing(&self) -> bool {
        self.types.is_none() && self.subnets.is_none() && self.version.is_none()
    }
}

/// What AWS says, as far as it may be asked.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) cluster: Option<Cluster>,
    pub(super) types: Option<Vec<InstanceTypeInfo>>,
    /// Types with zones in which they are offered.
    pub(super) offered: Option<Vec<(String, String)>>,
    pub(super) subnets: Option<Vec<Subnet>>,
}

/// What cannot be, and what should perhaps not.
pub(super) fn judge(wanted: &Wanted, facts: &Facts) -> (Diagnostics, Option<Diagnostic>) {
    let mut errors = Diagnostics::new();
    let found = [processor(wanted, facts), version(wanted, facts), offer(wanted, facts)];
    for error in found.into_iter().flatten() {
        errors.push(error);
    }
    let misplaced = place(wanted, facts);
    let is_placed = misplaced.is_none();
    if let Some(error) = misplaced {
        errors.push(error);
    }
    match room(wanted, facts).filter(|_| is_placed) {
        Some((error, true)) => {
            errors.push(error);
            (errors, None)
        }
        Some((warning, false)) => (errors, Some(warning)),
        None => (errors, None),
    }
}

/// The image is for the processor of the machines.
fn processor(wanted: &Wanted, facts: &Facts) -> Option<Diagnostic> {
    let image = wanted.image.as_deref()?;
    let needed = Processor::of_image(image)?.architecture();
    let other = facts.types.as_ref()?.iter().find(|kind| {
        let supported = kind
            .processor_info()
            .map(|processor| processor.supported_architectures());
        !supported
            .unwrap_or_default()
            .iter()
            .any(|supported| supported.as_str() == needed)
    })?;
    let name = other.instance_type().map_or("", |name| name.as_str());
    let detail =
        format!("`{image}` is for {needed}, which `{name}` is not. Choose other machines, or another `ami_type`.");
    Some(Diagnostic::error("Image does not fit the machines", detail).at(NodeGroupModel::AMI_TYPE))
}

/// Nodes are not newer than their cluster, nor much older. The next version may be that to which the cluster is raised
/// in the same apply: EKS refuses it if it is not.
fn version(wanted: &Wanted, facts: &Facts) -> Option<Diagnostic> {
    let version = wanted.version.as_deref()?;
    let of_cluster = facts.cluster.as_ref()?.version()?;
    let (nodes, cluster) = (minor(version)?, minor(of_cluster)?);
    if nodes > cluster + 1 {
        let detail = format!(
            "The cluster has Kubernetes {of_cluster}, and the nodes would have {version}. Raise the cluster first, or leave `version` \
             out: then nodes follow their cluster."
        );
        let error = Diagnostic::error("Nodes would be newer than their cluster", detail);
        return Some(error.at(NodeGroupModel::VERSION));
    }
    if nodes + MOST_BEHIND >= cluster {
        return None;
    }
    let detail = format!(
        "The cluster has Kubernetes {of_cluster}, and the nodes would have {version}: they may be {MOST_BEHIND} minor versions behind \
         it. Leave `version` out: then nodes follow their cluster."
    );
    Some(Diagnostic::error("Nodes would be too old for their cluster", detail).at(NodeGroupModel::VERSION))
}

/// The machines are offered where the subnets are.
fn offer(wanted: &Wanted, facts: &Facts) -> Option<Diagnostic> {
    let (types, offered) = (wanted.types.as_ref()?, facts.offered.as_ref()?);
    let fit: BTreeSet<&str> = offered.iter().map(|(_, zone)| zone.as_str()).collect();
    let without = facts.subnets.as_ref()?.iter().find(|subnet| {
        let zone = subnet.availability_zone();
        zone.is_some_and(|zone| !fit.contains(zone))
    })?;
    let zones = match fit.is_empty() {
        true => "no zone of the region".to_owned(),
        false => fit.into_iter().collect::<Vec<_>>().join(", "),
    };
    let detail = format!(
        "{} is in {}, where {} cannot be had; it is offered in {zones}. Choose other machines, such as `m6g.xlarge`, or another subnet.",
        without.subnet_id().unwrap_or_default(),
        without.availability_zone().unwrap_or_default(),
        types
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" or ")
    );
    Some(Diagnostic::error("Machines are not offered there", detail).at(NodeGroupModel::INSTANCE_TYPES))
}

/// The subnets are there, and in the network of the cluster.
fn place(wanted: &Wanted, facts: &Facts) -> Option<Diagnostic> {
    let (ids, subnets) = (wanted.subnets.as_ref()?, facts.subnets.as_ref()?);
    let is_there = |id: &&String| subnets.iter().any(|subnet| subnet.subnet_id() == Some(id));
    if let Some(missing) = ids.iter().find(|id| !is_there(id)) {
        let detail = format!(
            "There is no subnet {missing} in the account and region. Check the id, and `aws` in the provider block."
        );
        return Some(Diagnostic::error("Subnet does not exist", detail).at(NodeGroupModel::SUBNET_IDS));
    }
    let vpc = facts.cluster.as_ref()?.resources_vpc_config()?.vpc_id()?;
    let other = subnets
        .iter()
        .find(|subnet| subnet.vpc_id().is_some_and(|id| id != vpc))?;
    let detail = format!(
        "{} ({}) is in {}, and the cluster in {vpc}. Machines have to be in the network of their cluster.",
        other.subnet_id().unwrap_or_default(),
        other.cidr_block().unwrap_or_default(),
        other.vpc_id().unwrap_or_default()
    );
    Some(Diagnostic::error("Subnet is in another network", detail).at(NodeGroupModel::SUBNET_IDS))
}

/// There are addresses for the machines, and for their pods; with whether it is too few for the machines themselves.
fn room(wanted: &Wanted, facts: &Facts) -> Option<(Diagnostic, bool)> {
    let (first, most) = wanted.machines?;
    let free = facts
        .subnets
        .as_ref()?
        .iter()
        .filter_map(|subnet| subnet.available_ip_address_count());
    let free: i32 = free.sum();
    if free < first {
        let detail = format!(
            "The subnets have {free} free addresses, and {first} machines need one each, and more for their pods. Choose larger subnets."
        );
        let error = Diagnostic::error("Too few addresses", detail).at(NodeGroupModel::SUBNET_IDS);
        return Some((error, true));
    }
    let info = facts.types.as_ref()?.first()?.network_info()?;
    let each = info.ipv4_addresses_per_interface()?.saturating_mul(INTERFACES);
    if free >= each.saturating_mul(most) {
        return None;
    }
    let detail = format!(
        "The subnets have {free} free addresses. As the network plugin of EKS is set by default, a machine takes up to {each} for itself \
         and its pods, so there is room for {} of the {most} that there may be. Choose larger subnets, or have the plugin give \
         addresses by prefixes.",
        free / each.max(1)
    );
    let warning = Diagnostic::warning("Few addresses for pods", detail).at(NodeGroupModel::SUBNET_IDS);
    Some((warning, false))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ArchitectureType, NetworkInfo, ProcessorInfo};
    use aws_sdk_eks::types::VpcConfigResponse;

    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            types: Some(vec!["m7g.xlarge".to_owned()]),
            image: Some("AL2023_ARM_64_STANDARD".to_owned()),
            subnets: Some(vec!["subnet-1".to_owned()]),
            version: None,
            machines: Some((2, 4)),
        }
    }

    fn facts(zone: &str, vpc: &str, free: i32) -> Facts {
        let subnet = Subnet::builder()
            .subnet_id("subnet-1")
            .availability_zone(zone)
            .vpc_id(vpc)
            .cidr_block("10.0.0.0/24")
            .available_ip_address_count(free);
        let processor = ProcessorInfo::builder().supported_architectures(ArchitectureType::Arm64);
        let network = NetworkInfo::builder().ipv4_addresses_per_interface(15);
        let kind = InstanceTypeInfo::builder()
            .instance_type("m7g.xlarge".into())
            .processor_info(processor.build())
            .network_info(network.build());
        let network = VpcConfigResponse::builder().vpc_id("vpc-1").build();
        Facts {
            cluster: Some(Cluster::builder().version("1.35").resources_vpc_config(network).build()),
            types: Some(vec![kind.build()]),
            offered: Some(vec![("m7g.xlarge".to_owned(), "eu-west-2a".to_owned())]),
            subnets: Some(vec![subnet.build()]),
        }
    }

    fn first(wanted: &Wanted, facts: &Facts) -> Option<String> {
        let (errors, warning) = judge(wanted, facts);
        let error = errors.iter().next().map(|error| error.summary.clone());
        error.or(warning.map(|warning| warning.summary))
    }

    #[test]
    fn what_goes_together_is_not_complained_of() {
        assert_eq!(first(&wanted(), &facts("eu-west-2a", "vpc-1", 251)), None);
        assert_eq!(first(&wanted(), &Facts::default()), None, "nobody may look");
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        for (facts, summary) in [
            (facts("eu-west-2c", "vpc-1", 251), "Machines are not offered there"),
            (facts("eu-west-2a", "vpc-2", 251), "Subnet is in another network"),
            (facts("eu-west-2a", "vpc-1", 1), "Too few addresses"),
            (facts("eu-west-2a", "vpc-1", 100), "Few addresses for pods"),
        ] {
            assert_eq!(first(&wanted(), &facts).as_deref(), Some(summary));
        }
        let other = Wanted {
            image: Some("AL2023_x86_64_STANDARD".to_owned()),
            ..wanted()
        };
        let facts = facts("eu-west-2a", "vpc-1", 251);
        assert_eq!(
            first(&other, &facts).as_deref(),
            Some("Image does not fit the machines")
        );
        let missing = Wanted {
            subnets: Some(vec!["subnet-2".to_owned()]),
            ..wanted()
        };
        assert_eq!(first(&missing, &facts).as_deref(), Some("Subnet does not exist"));
    }

    #[test]
    fn nodes_are_neither_newer_than_their_cluster_nor_much_older() {
        let facts = facts("eu-west-2a", "vpc-1", 251);
        for (version, summary) in [
            ("1.37", Some("Nodes would be newer than their cluster")),
            ("1.36", None),
            ("1.35", None),
            ("1.32", None),
            ("1.31", Some("Nodes would be too old for their cluster")),
        ] {
            let wanted = Wanted {
                version: Some(version.to_owned()),
                ..wanted()
            };
            assert_eq!(first(&wanted, &facts).as_deref(), summary, "{version}");
        }
    }
}
