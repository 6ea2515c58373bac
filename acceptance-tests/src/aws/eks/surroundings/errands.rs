//! What EKS makes for clusters and node groups, and takes away again: network interfaces, a security group, launch
//! templates, Auto Scaling groups.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::merge;
use super::{Here, Moto, list, texts};

/// The image of nodes. moto knows none of EKS, and asks for none.
const IMAGE: &str = "ami-0e4500000000000e4";

/// Something to be done elsewhere.
#[derive(Debug)]
pub(in super::super) enum Errand {
    /// The interfaces of the control plane and their security group.
    MakeNetwork {
        cluster: String,
        vpc: Value,
        subnets: Vec<Value>,
    },
    /// The machines of a node group.
    MakeNodes(Nodes),
    /// Other numbers of machines.
    ScaleNodes { group: String, scaling: Value },
    /// The end of a node group's machines; with the name of a cluster, an interface of theirs stays.
    RemoveNodes(Vec<(String, String)>, Option<String>),
    /// The end of a control plane's interfaces.
    RemoveNetwork(Vec<(String, String)>),
}

/// What the machines of a node group are made of.
#[derive(Debug)]
pub(in super::super) struct Nodes {
    pub(in super::super) cluster: String,
    pub(in super::super) node_group: String,
    pub(in super::super) subnets: Vec<Value>,
    pub(in super::super) template: Value,
    pub(in super::super) instance_type: Value,
    pub(in super::super) scaling: Value,
}

/// What was made, and for whom.
#[derive(Debug, Default)]
pub(in super::super) struct Done {
    pub(in super::super) cluster: String,
    pub(in super::super) node_group: Option<String>,
    pub(in super::super) made: Vec<(String, String)>,
    /// What the document says of it when the change is over.
    pub(in super::super) becomes: Value,
}

/// Does something elsewhere.
pub(in super::super) async fn run(moto: &Moto, account: &str, region: &str, errand: Errand) -> Result<Done> {
    let here = Here { moto, account, region };
    match errand {
        Errand::MakeNetwork { cluster, vpc, subnets } => here.make_network(cluster, &vpc, &subnets).await,
        Errand::MakeNodes(nodes) => here.make_nodes(nodes).await,
        Errand::ScaleNodes { group, scaling } => here.scale(&group, &scaling).await,
        Errand::RemoveNodes(made, leaves) => here.remove_nodes(&made, leaves).await,
        Errand::RemoveNetwork(made) => here.remove(&made).await,
    }
}

impl Here<'_> {
    async fn make_network(self, cluster: String, vpc: &Value, subnets: &[Value]) -> Result<Done> {
        let name = format!("eks-cluster-sg-{cluster}-{}", number());
        let tags = json!([
            {"Key": "Name", "Value": name},
            {"Key": format!("kubernetes.io/cluster/{cluster}"), "Value": "owned"},
        ]);
        let asked = json!({
            "GroupName": name, "Description": "EKS created security group", "VpcId": vpc,
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": tags}],
        });
        let group = self.call("ec2", "CreateSecurityGroup", asked).await??["GroupId"].take();
        let mut made = Vec::new();
        // At most four, in at least two zones.
        for subnet in subnets.iter().take(2) {
            let asked = json!({
                "SubnetId": subnet, "Groups": [group], "Description": format!("Amazon EKS {cluster}"),
            });
            let interface = self.call("ec2", "CreateNetworkInterface", asked).await??;
            made.push(named("interface", &interface["NetworkInterface"]["NetworkInterfaceId"]));
        }
        made.push(named("group", &group));
        Ok(Done {
            cluster,
            node_group: None,
            made,
            becomes: json!({"resourcesVpcConfig": {"clusterSecurityGroupId": group}}),
        })
    }

    async fn make_nodes(self, nodes: Nodes) -> Result<Done> {
        let name = format!("eks-{}-{}", nodes.node_group, number());
        let mut data = json!({"ImageId": IMAGE, "InstanceType": nodes.instance_type});
        // What the group's own template says goes into one that EKS keeps.
        merge(&mut data, &nodes.template);
        let asked = json!({"LaunchTemplateName": name, "LaunchTemplateData": data});
        let template =
            self.call("ec2", "CreateLaunchTemplate", asked).await??["LaunchTemplate"]["LaunchTemplateId"].take();
        let tags = [
            ("eks:cluster-name".to_owned(), nodes.cluster.as_str()),
            ("eks:nodegroup-name".to_owned(), nodes.node_group.as_str()),
            (format!("kubernetes.io/cluster/{}", nodes.cluster), "owned"),
        ];
        let tags = tags.map(|(key, value)| json!({"Key": key, "Value": value, "PropagateAtLaunch": true}));
        let asked = json!({
            "AutoScalingGroupName": name, "Tags": tags,
            "MinSize": nodes.scaling["minSize"], "MaxSize": nodes.scaling["maxSize"],
            "DesiredCapacity": nodes.scaling["desiredSize"],
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
            "VPCZoneIdentifier": texts(&nodes.subnets).join(","),
        });
        self.call("autoscaling", "CreateAutoScalingGroup", asked).await??;
        Ok(Done {
            cluster: nodes.cluster,
            node_group: Some(nodes.node_group),
            becomes: json!({"resources": {"autoScalingGroups": [{"name": name}]}}),
            made: vec![named("template", &template), ("nodes".to_owned(), name)],
        })
    }

    async fn scale(self, group: &str, scaling: &Value) -> Result<Done> {
        let asked = json!({
            "AutoScalingGroupName": group, "MinSize": scaling["minSize"], "MaxSize": scaling["maxSize"],
            "DesiredCapacity": scaling["desiredSize"],
        });
        self.call("autoscaling", "UpdateAutoScalingGroup", asked).await??;
        Ok(Done::default())
    }

    async fn remove_nodes(self, made: &[(String, String)], leaves: Option<String>) -> Result<Done> {
        for (_, name) in made.iter().filter(|(kind, _)| kind == "nodes") {
            let asked = json!({"Filters": [{"Name": "tag:aws:autoscaling:groupName", "Values": [name]}]});
            let answer = self.call("ec2", "DescribeInstances", asked).await??;
            let reservations = list(answer["Reservations"].clone());
            let instances = reservations
                .into_iter()
                .flat_map(|mut one| list(one["Instances"].take()));
            let instances: Vec<Value> = instances.collect();
            let asked = json!({"AutoScalingGroupName": name, "ForceDelete": true});
            // Somebody may have deleted it by hand.
            let _ = self.call("autoscaling", "DeleteAutoScalingGroup", asked).await?;
            for (index, instance) in instances.iter().enumerate() {
                self.remove_interfaces(instance).await?;
                if let Some(cluster) = leaves.as_ref().filter(|_| index == 0) {
                    self.leave_interface(instance, cluster).await?;
                }
            }
        }
        self.remove(made).await
    }

    /// moto keeps the interfaces of machines that are gone.
    async fn remove_interfaces(self, instance: &Value) -> Result<()> {
        for interface in list(instance["NetworkInterfaces"].clone()) {
            let attachment = &interface["Attachment"]["AttachmentId"];
            let _ = self
                .call(
                    "ec2",
                    "DetachNetworkInterface",
                    json!({"AttachmentId": attachment, "Force": true}),
                )
                .await?;
            let asked = json!({"NetworkInterfaceId": interface["NetworkInterfaceId"]});
            let _ = self.call("ec2", "DeleteNetworkInterface", asked).await?;
        }
        Ok(())
    }

    /// The CNI of a node that ends too soon leaves an interface of pods behind.
    async fn leave_interface(self, instance: &Value, cluster: &str) -> Result<()> {
        let id = instance["InstanceId"].as_str().unwrap_or_default();
        let tags = json!([
            {"Key": "cluster.k8s.amazonaws.com/name", "Value": cluster},
            {"Key": "node.k8s.amazonaws.com/instance_id", "Value": id},
        ]);
        let asked = json!({
            "SubnetId": instance["SubnetId"], "Description": format!("aws-K8S-{id}"),
            "TagSpecifications": [{"ResourceType": "network-interface", "Tags": tags}],
        });
        self.call("ec2", "CreateNetworkInterface", asked).await??;
        Ok(())
    }

    /// What somebody else has removed already is gone as well.
    async fn remove(self, made: &[(String, String)]) -> Result<Done> {
        for (kind, name) in made {
            let (operation, parameter) = match kind.as_str() {
                "interface" => ("DeleteNetworkInterface", "NetworkInterfaceId"),
                "group" => ("DeleteSecurityGroup", "GroupId"),
                "template" => ("DeleteLaunchTemplate", "LaunchTemplateId"),
                _ => continue,
            };
            let _ = self.call("ec2", operation, json!({parameter: name})).await?;
        }
        Ok(Done::default())
    }
}

fn named(kind: &str, name: &Value) -> (String, String) {
    (kind.to_owned(), name.as_str().unwrap_or_default().to_owned())
}

fn number() -> u32 {
    rand::random()
}
