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

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::Diagnostics;
use tracing::info;

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::ec2::{Items, NetworkInterface, SecurityGroup, Tag, tag};
use super::super::error::Error;
use super::super::query::Form;
use super::removal::gone;
use super::steps::Work;

const SUMMARY: &str = "Unable to remove what clusters have left behind";

/// By which load balancers, target groups and security groups are of a cluster.
const OF_CONTROLLER: &str = "elbv2.k8s.aws/cluster";

/// By which security groups and network interfaces are of a cluster.
const OF_CLUSTER: [&str; 3] = [OF_CONTROLLER, "aws:eks:cluster-name", "cluster.k8s.amazonaws.com/name"];

/// How many things can be asked about at once.
const PER_CALL: usize = 20;

/// Removes what gone clusters have left in a network.
pub(super) async fn sweep(work: &Work<'_>, vpc_id: &str) -> Result<(), Diagnostics> {
    let clusters = gone_clusters(work).await?;
    if clusters.is_empty() {
        return Ok(());
    }
    let account = work.account;
    sweep_load_balancers(work, vpc_id, &clusters).await?;
    let cards = cards(account, vpc_id).await.map_err(explained(SUMMARY))?;
    for card in cards
        .iter()
        .filter(|card| card.status == "available" && is_of(&card.tag_set, &clusters))
    {
        let id = &card.network_interface_id;
        info!(id, "removing a network interface that a cluster has left behind");
        let form = Form::ec2("DeleteNetworkInterface").with("NetworkInterfaceId", id);
        gone(account.order(&form).await).map_err(explained(SUMMARY))?;
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
    let balancers: Vec<Balancer> = listed(account, "DescribeLoadBalancers").await.map_err(&explain)?;
    let arns = balancers
        .into_iter()
        .filter(|one| one.vpc_id == vpc_id)
        .map(|one| one.arn);
    let balancers = of_clusters(account, arns.collect(), clusters).await.map_err(&explain)?;
    for arn in &balancers {
        info!(arn, "removing a load balancer that a cluster has left behind");
        let form = Form::load_balancing("DeleteLoadBalancer").with("LoadBalancerArn", arn);
        gone(account.order(&form).await).map_err(&explain)?;
    }
    let groups: Vec<TargetGroup> = listed(account, "DescribeTargetGroups").await.map_err(&explain)?;
    let arns = groups.into_iter().filter(|one| one.vpc_id == vpc_id).map(|one| one.arn);
    for arn in of_clusters(account, arns.collect(), clusters).await.map_err(&explain)? {
        let form = Form::load_balancing("DeleteTargetGroup").with("TargetGroupArn", &arn);
        gone(account.order(&form).await).map_err(&explain)?;
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
                let left = cards.iter().filter(|card| names.contains(&card.description)).count();
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
    let form = Form::ec2("DescribeSecurityGroups").filter("vpc-id", [vpc_id]);
    let groups: Vec<SecurityGroup> = account.list(form).await?;
    let mut left: Vec<String> = groups
        .into_iter()
        .filter(|group| is_of(&group.tag_set, clusters))
        .map(|group| group.group_id)
        .collect();
    for is_last in [false, true] {
        let mut named = Vec::new();
        for id in left {
            let form = Form::ec2("DeleteSecurityGroup").with("GroupId", &id);
            match gone(account.order(&form).await) {
                Err(error) if error.is_refused_with("DependencyViolation") && !is_last => named.push(id),
                deleted => deleted?,
            }
        }
        left = named;
    }
    Ok(())
}

async fn cards(account: &Account, vpc_id: &str) -> Result<Vec<NetworkInterface>, Error> {
    account
        .list(Form::ec2("DescribeNetworkInterfaces").filter("vpc-id", [vpc_id]))
        .await
}

fn is_of(tags: &Items<Tag>, clusters: &BTreeSet<String>) -> bool {
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
    let mut found = Vec::new();
    for some in arns.chunks(PER_CALL) {
        let form = Form::load_balancing("DescribeTags").with_each("ResourceArns", some.iter().map(String::as_str));
        let answer: Tagged = account.ask(&form).await?;
        let is_of = |one: &Described| {
            let mut tags = one.tags.member.iter();
            tags.any(|tag| tag.key == OF_CONTROLLER && clusters.contains(&tag.value))
        };
        let descriptions = answer.result.tag_descriptions.member;
        found.extend(descriptions.into_iter().filter(is_of).map(|one| one.arn));
    }
    Ok(found)
}

/// Reads a whole list of Elastic Load Balancing.
async fn listed<T: DeserializeOwned>(account: &Account, operation: &'static str) -> Result<Vec<T>, Error> {
    let form = Form::load_balancing(operation);
    let mut all = Vec::new();
    let mut next = form.clone();
    loop {
        let answer: Listed<T> = account.ask(&next).await?;
        all.extend(answer.result.items.member);
        match answer.result.next_marker.filter(|marker| !marker.is_empty()) {
            Some(marker) => next = form.clone().with("Marker", marker),
            None => return Ok(all),
        }
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Listed<T> {
    #[serde(alias = "DescribeLoadBalancersResult", alias = "DescribeTargetGroupsResult")]
    result: ListedResult<T>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct ListedResult<T> {
    #[serde(default, alias = "LoadBalancers", alias = "TargetGroups")]
    items: Members<T>,
    #[serde(rename = "NextMarker")]
    next_marker: Option<String>,
}

#[derive(Deserialize)]
struct Members<T> {
    #[serde(default = "Vec::new")]
    member: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Members { member: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Balancer {
    #[serde(rename = "LoadBalancerArn")]
    arn: String,
    #[serde(default, rename = "VpcId")]
    vpc_id: String,
}

#[derive(Deserialize)]
struct TargetGroup {
    #[serde(rename = "TargetGroupArn")]
    arn: String,
    #[serde(default, rename = "VpcId")]
    vpc_id: String,
}

#[derive(Deserialize)]
struct Tagged {
    #[serde(rename = "DescribeTagsResult")]
    result: TaggedResult,
}

#[derive(Deserialize)]
struct TaggedResult {
    #[serde(default, rename = "TagDescriptions")]
    tag_descriptions: Members<Described>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "ResourceArn")]
    arn: String,
    #[serde(default, rename = "Tags")]
    tags: Members<OneTag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneTag {
    key: String,
    #[serde(default)]
    value: String,
}
