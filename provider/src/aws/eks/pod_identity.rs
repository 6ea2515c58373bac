//! Pod identity associations: which role of IAM the pods of a service account have.
//!
//! API: [CreatePodIdentityAssociation][create] and what belongs to it.
//!
//! [create]: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html

use aws_sdk_eks::types::PodIdentityAssociation;

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};
use crate::aws::tags::Tags;

/// Whom an association is for: a cluster has one for each service account at most.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct PodIdentity<'a> {
    /// Name of the cluster.
    pub(in crate::aws) cluster: &'a str,
    /// Namespace of the service account.
    pub(in crate::aws) namespace: &'a str,
    /// Name of the service account.
    pub(in crate::aws) service_account: &'a str,
}

impl Account {
    /// The association of a service account; nothing if there is none, or no cluster.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn pod_identity(
        &self,
        of: PodIdentity<'_>,
    ) -> Result<Option<PodIdentityAssociation>, Error> {
        let listed = self
            .eks()
            .list_pod_identity_associations()
            .cluster_name(of.cluster)
            .namespace(of.namespace)
            .service_account(of.service_account)
            .send();
        let listed = self
            .run(&self.call(SERVICE, "ListPodIdentityAssociations"), listed)
            .await;
        let id = match listed {
            Ok(page) => page
                .associations()
                .first()
                .and_then(|one| one.association_id().map(str::to_owned)),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        match id {
            Some(id) => self.pod_identity_by_id(of.cluster, &id).await,
            None => Ok(None),
        }
    }

    /// An association by its id; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn pod_identity_by_id(
        &self,
        cluster: &str,
        id: &str,
    ) -> Result<Option<PodIdentityAssociation>, Error> {
        let sent = self
            .eks()
            .describe_pod_identity_association()
            .cluster_name(cluster)
            .association_id(id)
            .send();
        let call = self.call(SERVICE, "DescribePodIdentityAssociation");
        let answer = found(self.run(&call, sent).await)?;
        Ok(answer.and_then(|answer| answer.association))
    }

    /// Gives a service account a role.
    ///
    /// # Errors
    /// It has one already, or the call failed.
    pub(in crate::aws) async fn create_pod_identity(
        &self,
        of: PodIdentity<'_>,
        role_arn: &str,
        tags: Tags,
    ) -> Result<Option<PodIdentityAssociation>, Error> {
        let sent = self
            .eks()
            .create_pod_identity_association()
            .cluster_name(of.cluster)
            .namespace(of.namespace)
            .service_account(of.service_account)
            .role_arn(role_arn)
            .set_tags(Some(tags.into_iter().collect()))
            .send();
        let made = self
            .run(&self.call(SERVICE, "CreatePodIdentityAssociation"), sent)
            .await;
        made.map(|answer| answer.association)
    }

    /// Gives a service account that has an association another role.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_pod_identity(
        &self,
        cluster: &str,
        id: &str,
        role_arn: &str,
    ) -> Result<(), Error> {
        let sent = self
            .eks()
            .update_pod_identity_association()
            .cluster_name(cluster)
            .association_id(id)
            .role_arn(role_arn)
            .send();
        let updated = self
            .run(&self.call(SERVICE, "UpdatePodIdentityAssociation"), sent)
            .await;
        updated.map(drop)
    }

    /// Removes an association, if it is there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_pod_identity(&self, cluster: &str, id: &str) -> Result<(), Error> {
        let sent = self
            .eks()
            .delete_pod_identity_association()
            .cluster_name(cluster)
            .association_id(id)
            .send();
        let call = self.call(SERVICE, "DeletePodIdentityAssociation");
        gone(self.run(&call, sent).await)
    }
}
