//! What clusters leave behind in a network, and what keeps it from being destroyed: load balancers with their target
//! groups, network interfaces of machines that are gone, and security groups.
//!
//! Whose they are is said by the tags of the [AWS Load Balancer Controller][lbc] and of the CNI plugin. They are
//! removed only if the network is told of the cluster, and EKS does not have it any more: nobody is left to do it.
//!
//! API: DescribeLoadBalancers, DescribeTargetGroups, DescribeTags, DeleteLoadBalancer, DeleteTargetGroup,
//! DescribeNetworkInterfaces, DeleteNetworkInterface, DescribeSecurityGroups, DeleteSecurityGroup.
//!
//! [lbc]: https://kubernetes-sigs.github.io/aws-load-balancer-controller/

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{NetworkInterface, NetworkInterfaceStatus, Tag};
use aws_sdk_elasticloadbalancingv2::types::TagDescription;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;
use tracing::info;

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::ec2::{filter, tag};
use super::super::error::Error;
use super::steps::Work;

const SUMMARY: &str = "Unable to remove what clusters have left behind";

/// By which load balancers, target groups and security groups are of a cluster.
const OF_CONTROLLER: &str = "elbv2.k8s.aws/cluster";

/// By which security groups and network interfaces are of a cluster.
const OF_CLUSTER: [&str; 3] = [OF_CONTROLLER, "aws:eks:cluster-name", "cluster.k8s.amazonaws.com/name"];

/// Removes what gone clusters have left in a network.
pub(super) async fn sweep(work: &Work<'_>, vpc_id: &str) -> Result<(), Diagnostics> {
    let clusters = gone_clusters(work).await?;
    if clusters.is_empty() {
        return Ok(());
    }
    let account = work.account;
    sweep_load_balancers(work, vpc_id, &clusters).await?;
    let cards = cards(account, vpc_id).await.map_err(explained(SUMMARY))?;
    let is_free = |card: &NetworkInterface| card.status() == Some(&NetworkInterfaceStatus::Available);
    for card in cards
        .iter()
        .filter(|card| is_free(card) && is_of(card.tag_set(), &clusters))
    {
        let id = card.network_interface_id().unwrap_or_default();
        info!(id, "removing a network interface that a cluster has left behind");
        let deleted = account.delete_network_interface(id).await;
        deleted.map_err(explained(SUMMARY))?;
    }
    sweep_security_groups(account, vpc_id, &clusters)
        .await
        .map_err(explained(SUMMARY))
}

/// The clusters of the network that EKS does not have any more.
async fn gone_clusters(work: &Work<'_>) -> Result<BTreeSet<String>, Diagnostics> {
    let mut gone = BTreeSet::new();
    for name in work.model.cluster_names.iter().flatten() {
        match work.account.describe_cluster(name).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                gone.insert(name.clone());
            }
            Err(error) => return Err(explained(SUMMARY)(error)),
        }
    }
    Ok(gone)
}

async fn sweep_load_balancers(work: &Work<'_>, vpc_id: &str, clusters: &BTreeSet<String>) -> Result<(), Diagnostics> {
    let account = work.account;
    let explain = explained(SUMMARY);
    let balancers = account.load_balancers().await.map_err(&explain)?;
    let here = balancers.into_iter().filter(|one| one.vpc_id() == Some(vpc_id));
    let arns = here.filter_map(|one| one.load_balancer_arn).collect();
    let balancers = of_clusters(account, arns, clusters).await.map_err(&explain)?;
    for arn in &balancers {
        info!(arn, "removing a load balancer that a cluster has left behind");
        account.delete_load_balancer(arn).await.map_err(&explain)?;
    }
    let groups = account.target_groups().await.map_err(&explain)?;
    let here = groups.into_iter().filter(|one| one.vpc_id() == Some(vpc_id));
    let arns = here.filter_map(|one| one.target_group_arn).collect();
    for arn in of_clusters(account, arns, clusters).await.map_err(&explain)? {
        account.delete_target_group(&arn).await.map_err(&explain)?;
    }
    if balancers.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = balancers.iter().filter_map(|arn| card_description(arn)).collect();
    let names = &names;
    work.cx
        .wait(
            "the network interfaces of load balancers to be gone",
            Backoff::QUICK,
            || async move {
                let cards = cards(account, vpc_id).await.map_err(explained(SUMMARY))?;
                let is_one = |card: &&NetworkInterface| names.iter().any(|name| card.description() == Some(name));
                let left = cards.iter().filter(is_one).count();
                Ok::<_, Diagnostics>(match left {
                    0 => Progress::Ready(()),
                    left => Progress::Pending(format!("{left} are there still")),
                })
            },
        )
        .await
}

/// Security groups may name each other, so those that are still named have a second turn.
async fn sweep_security_groups(account: &Account, vpc_id: &str, clusters: &BTreeSet<String>) -> Result<(), Error> {
    let groups = account.security_groups(vec![filter("vpc-id", [vpc_id])]).await?;
    let mut left: Vec<String> = groups
        .into_iter()
        .filter(|group| is_of(group.tags(), clusters))
        .filter_map(|group| group.group_id)
        .collect();
    for is_last in [false, true] {
        let mut named = Vec::new();
        for id in left {
            match account.delete_security_group(&id).await {
                Err(error) if error.is_refused_with("DependencyViolation") && !is_last => named.push(id),
                deleted => deleted?,
            }
        }
        left = named;
    }
    Ok(())
}

async fn cards(account: &Account, vpc_id: &str) -> Result<Vec<NetworkInterface>, Error> {
    account.network_interfaces(vec![filter("vpc-id", [vpc_id])]).await
}

fn is_of(tags: &[Tag], clusters: &BTreeSet<String>) -> bool {
    let mut keys = OF_CLUSTER.iter();
    keys.any(|key| tag(tags, key).is_some_and(|cluster| clusters.contains(cluster)))
}

/// What the network interfaces of a load balancer are called, by its ARN.
fn card_description(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":loadbalancer/")?;
    Some(format!("ELB {name}"))
}

/// Which of these load balancers or target groups are of clusters.
async fn of_clusters(account: &Account, arns: Vec<String>, clusters: &BTreeSet<String>) -> Result<Vec<String>, Error> {
    let is_of = |one: &TagDescription| {
        let mut tags = one.tags().iter();
        tags.any(|tag| tag.key() == Some(OF_CONTROLLER) && tag.value().is_some_and(|value| clusters.contains(value)))
    };
    let described = account.load_balancing_tags(&arns).await?;
    let found = described.into_iter().filter(is_of);
    Ok(found.filter_map(|one| one.resource_arn).collect())
}
