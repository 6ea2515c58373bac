//! Node groups: machines that EKS looks after, and the calls about them.
//!
//! API: [CreateNodegroup](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html),
//! [UpdateNodegroupConfig](https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html),
//! [UpdateNodegroupVersion](https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html) and what
//! belongs to them. Requests with a token are repeated with the same one by the client, and so are not done twice.

use aws_sdk_eks::operation::create_nodegroup::builders::CreateNodegroupInputBuilder;
use aws_sdk_eks::operation::update_nodegroup_config::builders::UpdateNodegroupConfigInputBuilder;
use aws_sdk_eks::operation::update_nodegroup_version::builders::UpdateNodegroupVersionInputBuilder;
use aws_sdk_eks::types::{Nodegroup, Update};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};

/// What names a node group: its cluster, and its name in there.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct GroupId<'a> {
    /// Name of the cluster.
    pub(in crate::aws) cluster: &'a str,
    /// Name of the group.
    pub(in crate::aws) name: &'a str,
}

impl Account {
    /// A node group; nothing if it is not there, or its cluster is not.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn node_group(&self, id: GroupId<'_>) -> Result<Option<Nodegroup>, Error> {
        let sent = self
            .eks()
            .describe_nodegroup()
            .cluster_name(id.cluster)
            .nodegroup_name(id.name)
            .send();
        let answer = found(self.run(&self.call(SERVICE, "DescribeNodegroup"), sent).await)?;
        Ok(answer.and_then(|answer| answer.nodegroup))
    }

    /// Makes a node group.
    ///
    /// # Errors
    /// There is one, or the call failed.
    pub(in crate::aws) async fn create_node_group(&self, new: CreateNodegroupInputBuilder) -> Result<(), Error> {
        let call = self.call(SERVICE, "CreateNodegroup");
        self.run(&call, new.send_with(self.eks())).await.map(drop)
    }

    /// Begins to change the settings of a node group: the id of the update.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_node_group(
        &self,
        change: UpdateNodegroupConfigInputBuilder,
    ) -> Result<String, Error> {
        let call = self.call(SERVICE, "UpdateNodegroupConfig");
        let answer = self.run(&call, change.send_with(self.eks())).await?;
        answer.update.and_then(|update| update.id).ok_or(Error::Lacks {
            call,
            what: "the id of the update",
        })
    }

    /// Begins to replace the nodes of a group by others, one after another: the id of the update.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn roll_node_group(
        &self,
        change: UpdateNodegroupVersionInputBuilder,
    ) -> Result<String, Error> {
        let call = self.call(SERVICE, "UpdateNodegroupVersion");
        let answer = self.run(&call, change.send_with(self.eks())).await?;
        answer.update.and_then(|update| update.id).ok_or(Error::Lacks {
            call,
            what: "the id of the update",
        })
    }

    /// How far a change of a node group is.
    ///
    /// # Errors
    /// There is none, or the call failed.
    pub(in crate::aws) async fn node_group_update(&self, id: GroupId<'_>, update: &str) -> Result<Update, Error> {
        let call = self.call(SERVICE, "DescribeUpdate");
        let sent = self
            .eks()
            .describe_update()
            .name(id.cluster)
            .nodegroup_name(id.name)
            .update_id(update)
            .send();
        self.run(&call, sent).await?.update.ok_or(Error::Lacks {
            call,
            what: "the update",
        })
    }

    /// Begins to delete a node group, if it is there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_node_group(&self, id: GroupId<'_>) -> Result<(), Error> {
        let sent = self
            .eks()
            .delete_nodegroup()
            .cluster_name(id.cluster)
            .nodegroup_name(id.name)
            .send();
        gone(self.run(&self.call(SERVICE, "DeleteNodegroup"), sent).await)
    }
}
