//! The calls that make clusters and remove them, and what a cluster says of its health.
//!
//! API: [CreateCluster](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html),
//! [DeleteCluster](https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html).

use aws_sdk_eks::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_eks::types::{Cluster, ClusterIssue};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::creation;
use crate::aws::error::{Error, found, gone};
use crate::aws::tags::{self, Tags};

impl Account {
    /// A cluster by its name; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn find_cluster(&self, name: &str) -> Result<Option<Cluster>, Error> {
        found(self.describe_cluster(name).await)
    }

    /// Begins to make a cluster.
    ///
    /// # Errors
    /// There is one of this name, or the call failed.
    pub(in crate::aws) async fn create_cluster(&self, new: CreateClusterInputBuilder) -> Result<(), Error> {
        let call = self.call(SERVICE, "CreateCluster");
        self.run(&call, new.send_with(self.eks())).await.map(drop)
    }

    /// Begins to remove a cluster; that it is gone already is as good.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_cluster(&self, name: &str) -> Result<(), Error> {
        let sent = self.eks().delete_cluster().name(name).send();
        gone(self.run(&self.call(SERVICE, "DeleteCluster"), sent).await)
    }

    /// The names of a cluster's node groups; none if it is not there.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn node_groups_in(&self, cluster: &str) -> Result<Vec<String>, Error> {
        let call = self.call(SERVICE, "ListNodegroups");
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let listed = self.eks().list_nodegroups().cluster_name(cluster);
            let page = match self.run(&call, listed.set_next_token(token).send()).await {
                Ok(page) => page,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            names.extend(page.nodegroups.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(names);
            }
        }
    }
}

/// The tags of a cluster.
pub(in crate::aws) fn tags_of(cluster: &Cluster) -> Tags {
    cluster.tags().cloned().unwrap_or_default().into_iter().collect()
}

/// Whether a creation of ours has made it that no state is known of.
pub(in crate::aws) fn is_new(cluster: &Cluster) -> bool {
    let tags = tags_of(cluster);
    tags::are_ours(&tags) && creation::is_new(&tags)
}

/// What is wrong with a cluster, one line for each issue.
pub(in crate::aws) fn issues(cluster: &Cluster) -> Vec<String> {
    let issues = cluster.health().map(|health| health.issues()).unwrap_or_default();
    issues.iter().map(issue).collect()
}

fn issue(issue: &ClusterIssue) -> String {
    let code = issue.code().map_or("Other", |code| code.as_str());
    told(code, issue.message(), issue.resource_ids())
}

/// What EKS says is wrong: a code, a message, and what it is about.
pub(super) fn told(code: &str, message: Option<&str>, about: &[String]) -> String {
    let message = message.unwrap_or_default();
    match about.is_empty() {
        true => format!("{code}: {message}"),
        false => format!("{code}: {message} ({})", about.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::ClusterIssueCode;

    use super::*;

    #[test]
    fn an_issue_names_what_it_is_about() {
        let missing = ClusterIssue::builder()
            .code(ClusterIssueCode::Ec2SubnetNotFound)
            .message("a subnet is not there")
            .resource_ids("subnet-1")
            .build();
        assert_eq!(issue(&missing), "Ec2SubnetNotFound: a subnet is not there (subnet-1)");
    }
}
