//! EKS: how clusters and what belongs to them come, change, fail and go.

mod addons;
mod clusters;
mod node_groups;

use acceptance_tests::aws::{Account, ServiceError};
use serde_json::{Value, json};

use super::{account, refused};

/// An account with what a cluster needs: two subnets in different zones, and roles.
pub(super) struct Scene {
    pub(super) account: Account,
    vpc: String,
    subnets: [String; 2],
}

impl Scene {
    /// None where AWS cannot be played.
    async fn new() -> Option<Self> {
        Some(Self::in_account(account().await?).await)
    }

    pub(super) async fn in_account(account: Account) -> Self {
        let vpc = account
            .call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))
            .await
            .unwrap();
        let vpc = vpc["Vpc"]["VpcId"].as_str().unwrap().to_owned();
        let mut subnets = Vec::new();
        for (number, zone) in ["eu-west-2a", "eu-west-2b"].into_iter().enumerate() {
            let asked = json!({"VpcId": vpc, "CidrBlock": format!("10.0.{number}.0/24"), "AvailabilityZone": zone});
            let subnet = account.call("ec2", "CreateSubnet", asked).await.unwrap();
            subnets.push(subnet["Subnet"]["SubnetId"].as_str().unwrap().to_owned());
        }
        let scene = Self {
            account,
            vpc,
            subnets: subnets.try_into().unwrap(),
        };
        scene.role("cluster", "eks.amazonaws.com").await;
        let policy = json!({"RoleName": "cluster", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"});
        scene.account.call("iam", "AttachRolePolicy", policy).await.unwrap();
        scene.role("nodes", "ec2.amazonaws.com").await;
        scene
    }

    /// The same with an active cluster `c`.
    async fn with_cluster() -> Option<Self> {
        let scene = Self::new().await?;
        scene.done("CreateCluster", scene.cluster()).await;
        assert_eq!(scene.cluster_status().await, "ACTIVE");
        Some(scene)
    }

    async fn role(&self, name: &str, principal: &str) {
        let statement = json!({
            "Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole",
        });
        let trust = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let role = json!({"RoleName": name, "AssumeRolePolicyDocument": trust});
        self.account.call("iam", "CreateRole", role).await.unwrap();
    }

    pub(super) fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account.id())
    }

    /// What a cluster `c` is created with.
    pub(super) fn cluster(&self) -> Value {
        json!({
            "name": "c", "version": "1.33", "roleArn": self.role_arn("cluster"),
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": false},
        })
    }

    /// What a node group `n` is created with.
    fn node_group(&self) -> Value {
        json!({
            "clusterName": "c", "nodegroupName": "n", "subnets": self.subnets, "nodeRole": self.role_arn("nodes"),
            "amiType": "AL2023_ARM_64_STANDARD", "instanceTypes": ["m7g.large"],
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        })
    }

    pub(super) async fn done(&self, operation: &str, parameters: Value) -> Value {
        let answer = self.account.call("eks", operation, parameters).await;
        answer.expect(operation)
    }

    async fn refused(&self, operation: &str, parameters: Value) -> ServiceError {
        refused(self.account.call("eks", operation, parameters).await)
    }

    pub(super) async fn describe(&self) -> Value {
        self.done("DescribeCluster", json!({"name": "c"})).await["cluster"].take()
    }

    async fn cluster_status(&self) -> String {
        self.describe().await["status"].as_str().unwrap().to_owned()
    }

    async fn node_group_now(&self) -> Value {
        let asked = json!({"clusterName": "c", "nodegroupName": "n"});
        self.done("DescribeNodegroup", asked).await["nodegroup"].take()
    }

    /// The update that was just answered, as it is now.
    async fn update(&self, answer: &Value, of: Value) -> Value {
        let mut asked = json!({"name": "c", "updateId": answer["update"]["id"]});
        for (name, value) in of.as_object().unwrap() {
            asked[name] = value.clone();
        }
        self.done("DescribeUpdate", asked).await["update"].take()
    }
}
