//! What a group of Ingresses has in AWS, found again by its tags: a load balancer with its security group, and its
//! `listeners`. What it is made with is `given`, or looked for.

mod given;
mod listeners;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::groups::{CONTROLLER, Group};
use super::identity::Permissions;
use crate::aws::account::Session;

/// How many things can be asked about at once.
const PER_CALL: usize = 20;

/// Who makes load balancers, and what is said to them.
#[derive(Debug, Default)]
pub(super) struct Maker {
    /// Whose role it has; EKS itself needs none.
    pub(super) service_account: Option<String>,
    pub(super) vpc_id: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// Makes and removes what a group needs.
pub(super) struct Deployer<'a> {
    pub(super) session: &'a Session,
    pub(super) permissions: Option<&'a Permissions>,
    pub(super) cluster: &'a str,
    pub(super) maker: &'a Maker,
    pub(super) group: &'a Group,
}

impl Deployer<'_> {
    /// Makes what is missing, and answers with the address.
    pub(super) async fn make(&self) -> Result<String> {
        let scheme = self.group.setting("scheme", "scheme");
        let scheme = scheme.unwrap_or_else(|| "internal".to_owned());
        let certificates = self.certificates().await?;
        let subnets = self.subnets(&scheme).await?;
        let balancer = match self.found("DescribeLoadBalancers", "LoadBalancers").await?.pop() {
            Some(balancer) => balancer,
            None => self.balancer(&scheme, &subnets).await?,
        };
        let (arn, vpc) = (&balancer["LoadBalancerArn"], &balancer["VpcId"]);
        let targets = self.targets(vpc).await?;
        self.remove_listeners(arn).await?;
        self.listener(arn, 80, &[], &targets).await?;
        if !certificates.is_empty() {
            self.listener(arn, 443, &certificates, &targets).await?;
        }
        self.remove_targets(|arn| !targets.values().any(|kept| kept == arn))
            .await?;
        let address = balancer["DNSName"].as_str();
        Ok(address.context("the load balancer has no name")?.to_owned())
    }

    /// Removes everything.
    pub(super) async fn remove(&self) -> Result<()> {
        for balancer in self.found("DescribeLoadBalancers", "LoadBalancers").await? {
            let arn = &balancer["LoadBalancerArn"];
            self.remove_listeners(arn).await?;
            self.call("elbv2", "DeleteLoadBalancer", json!({"LoadBalancerArn": arn}))
                .await?;
        }
        self.remove_targets(|_| true).await?;
        for group in self.security_groups().await? {
            let of_group = json!([{"Name": "group-id", "Values": [group]}]);
            let cards = self
                .session
                .call_unseen("ec2", "DescribeNetworkInterfaces", json!({"Filters": of_group}));
            for card in list(&cards.await?["NetworkInterfaces"]) {
                // They are the load balancer's own, and go with it.
                let asked = json!({"NetworkInterfaceId": card["NetworkInterfaceId"]});
                self.session.call_unseen("ec2", "DeleteNetworkInterface", asked).await?;
            }
            self.call("ec2", "DeleteSecurityGroup", json!({"GroupId": group}))
                .await?;
        }
        Ok(())
    }

    async fn balancer(&self, scheme: &str, subnets: &[Value]) -> Result<Value> {
        let name = self.name();
        let vpc = &subnets.first().context("no subnets")?["VpcId"];
        let ids: Vec<&Value> = subnets.iter().map(|subnet| &subnet["SubnetId"]).collect();
        let mut given: Vec<Value> = self
            .group
            .list("/securityGroups", "security-groups")
            .into_iter()
            .map(Value::from)
            .collect();
        if given.is_empty() {
            given.push(self.security_group(&name, vpc).await?);
        }
        let asked = json!({
            "Name": name, "Subnets": ids, "SecurityGroups": given, "Scheme": scheme, "Type": "application",
            "IpAddressType": "ipv4", "Tags": self.tags("LoadBalancer"),
        });
        let made = self.call("elbv2", "CreateLoadBalancer", asked).await?;
        let balancer = made["LoadBalancers"][0].clone();
        let id = balancer["LoadBalancerArn"].as_str().unwrap_or_default();
        let id = id.split_once("loadbalancer/").map_or(id, |(_, id)| id);
        for subnet in ids {
            // AWS makes them, in its own name.
            let asked = json!({"SubnetId": subnet, "Groups": given, "Description": format!("ELB {id}")});
            self.session.call_unseen("ec2", "CreateNetworkInterface", asked).await?;
        }
        Ok(balancer)
    }

    async fn security_group(&self, name: &str, vpc: &Value) -> Result<Value> {
        if let Some(group) = self.security_groups().await?.pop() {
            return Ok(group);
        }
        let tags = json!([{"ResourceType": "security-group", "Tags": self.tags("ManagedLBSecurityGroup")}]);
        let asked = json!({
            "GroupName": name, "VpcId": vpc, "TagSpecifications": tags,
            "Description": "[k8s] Managed SecurityGroup for LoadBalancer",
        });
        let made = self.call("ec2", "CreateSecurityGroup", asked).await?;
        let from = [json!({"CidrIp": "0.0.0.0/0"})];
        let open = |port: u16| json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": from});
        let asked = json!({"GroupId": made["GroupId"], "IpPermissions": [open(80), open(443)]});
        self.call("ec2", "AuthorizeSecurityGroupIngress", asked).await?;
        Ok(made["GroupId"].clone())
    }

    async fn security_groups(&self) -> Result<Vec<Value>> {
        let filter = |name: &str, value: &str| json!({"Name": format!("tag:{name}"), "Values": [value]});
        let filters = [
            filter(self.cluster_tag(), self.cluster),
            filter(self.stack_tag(), &self.group.stack),
        ];
        let found = self
            .call("ec2", "DescribeSecurityGroups", json!({"Filters": filters}))
            .await?;
        let all = list(&found["SecurityGroups"]);
        Ok(all.iter().map(|group| group["GroupId"].clone()).collect())
    }

    /// What the group has of load balancers or target groups.
    async fn found(&self, operation: &str, kind: &str) -> Result<Vec<Value>> {
        let arn = format!("{}Arn", kind.trim_end_matches('s'));
        let all = list(&self.call("elbv2", operation, json!({})).await?[kind]);
        let mut found = Vec::new();
        for some in all.chunks(PER_CALL) {
            let arns: Vec<&Value> = some.iter().map(|one| &one[&arn]).collect();
            let tagged = self
                .call("elbv2", "DescribeTags", json!({"ResourceArns": arns}))
                .await?;
            let ours: Vec<Value> = list(&tagged["TagDescriptions"])
                .iter()
                .filter(|one| {
                    let has =
                        |key: &str, value: &str| list(&one["Tags"]).contains(&json!({"Key": key, "Value": value}));
                    has(self.cluster_tag(), self.cluster) && has(self.stack_tag(), &self.group.stack)
                })
                .map(|one| one["ResourceArn"].clone())
                .collect();
            found.extend(some.iter().filter(|one| ours.contains(&one[&arn])).cloned());
        }
        Ok(found)
    }

    fn tags(&self, resource: &str) -> Value {
        let mut tags = self.maker.tags.clone();
        tags.insert(self.cluster_tag().to_owned(), self.cluster.to_owned());
        tags.insert(self.stack_tag().to_owned(), self.group.stack.clone());
        tags.insert("ingress.k8s.aws/resource".to_owned(), resource.to_owned());
        let tags = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
        tags.collect()
    }

    fn cluster_tag(&self) -> &'static str {
        match self.group.controller {
            CONTROLLER => "elbv2.k8s.aws/cluster",
            _ => "eks:eks-cluster-name",
        }
    }

    fn stack_tag(&self) -> &'static str {
        match self.group.controller {
            CONTROLLER => "ingress.k8s.aws/stack",
            _ => "eks:kubernetes-ingress-group",
        }
    }

    /// A name of at most 32 characters.
    fn name(&self) -> String {
        let stack = &self.group.stack;
        let hash = hash(&format!("{}{stack}", self.cluster));
        match stack.split_once('/') {
            Some((namespace, name)) => format!("k8s-{}-{}-{hash}", short(namespace, 8), short(name, 8)),
            None => format!("k8s-{}-{hash}", short(stack, 17)),
        }
    }

    async fn call(&self, service: &str, operation: &str, asked: Value) -> Result<Value> {
        if let Some(permissions) = self.permissions {
            let prefix = match service {
                "elbv2" => "elasticloadbalancing",
                other => other,
            };
            permissions.check(&format!("{prefix}:{operation}"))?;
        }
        let answer = self.session.call_unseen(service, operation, asked).await;
        answer.with_context(|| format!("{service}:{operation}"))
    }
}

/// The beginning of a name, without what names of load balancers cannot have.
fn short(name: &str, length: usize) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).take(length).collect()
}

fn hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
