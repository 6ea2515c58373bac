//! Changes of clusters: the calls that begin them, and how they end. EKS makes one change of a cluster at a time.
//!
//! API: [UpdateClusterConfig](https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html),
//! [UpdateClusterVersion](https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html),
//! [DescribeUpdate](https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeUpdate.html).

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_sdk_eks::operation::update_cluster_config::builders::UpdateClusterConfigInputBuilder;
use aws_sdk_eks::types::{EncryptionConfig, Provider, Update, UpdateStatus};
use tokio::sync::OwnedMutexGuard;

use super::SERVICE;
use super::clusters::told;
use crate::aws::account::Account;
use crate::aws::error::{Call, Error};

/// Whose turn it is to change a cluster, by region and name.
type Turns = BTreeMap<(String, String), Arc<tokio::sync::Mutex<()>>>;

/// Those of this process.
static TURNS: LazyLock<Mutex<Turns>> = LazyLock::new(Mutex::default);

/// The turn to change a cluster, as long as it is held. It is for this process; others are told by EKS that a change is
/// in progress.
#[derive(Debug)]
pub(in crate::aws) struct Turn {
    _held: OwnedMutexGuard<()>,
}

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::aws) enum Change {
    /// It goes on.
    InProgress,
    /// It is done.
    Done,
    /// It has failed: what EKS says, one line for each error.
    Failed(Vec<String>),
}

impl Account {
    /// The turn to change a cluster, unless another operation of this process has it.
    pub(in crate::aws) fn turn_to_change(&self, cluster: &str) -> Option<Turn> {
        let key = (self.region().to_owned(), cluster.to_owned());
        let turn = {
            let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(key).or_default())
        };
        turn.try_lock_owned().ok().map(|held| Turn { _held: held })
    }

    /// Begins to change one aspect of a cluster, and answers the id of the change.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_cluster_config(
        &self,
        change: UpdateClusterConfigInputBuilder,
    ) -> Result<String, Error> {
        let call = self.call(SERVICE, "UpdateClusterConfig");
        let answer = self.run(&call, change.send_with(self.eks())).await?;
        begun(call, answer.update)
    }

    /// Begins to bring a cluster to another version of Kubernetes, and answers the id of the change.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_cluster_version(&self, name: &str, version: &str) -> Result<String, Error> {
        let call = self.call(SERVICE, "UpdateClusterVersion");
        let sent = self.eks().update_cluster_version().name(name).version(version).send();
        let answer = self.run(&call, sent).await?;
        begun(call, answer.update)
    }

    /// Begins to encrypt the secrets of a cluster with a key, and answers the id of the change.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn associate_encryption(&self, name: &str, key_arn: &str) -> Result<String, Error> {
        let call = self.call(SERVICE, "AssociateEncryptionConfig");
        let sent = self
            .eks()
            .associate_encryption_config()
            .cluster_name(name)
            .encryption_config(encryption(key_arn))
            .send();
        let answer = self.run(&call, sent).await?;
        begun(call, answer.update)
    }

    /// How far a change of a cluster is.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn cluster_change(&self, name: &str, id: &str) -> Result<Change, Error> {
        let call = self.call(SERVICE, "DescribeUpdate");
        let sent = self.eks().describe_update().name(name).update_id(id).send();
        let answer = self.run(&call, sent).await?;
        let what = "the update";
        answer.update.map(outcome).ok_or(Error::Lacks { call, what })
    }
}

/// The encryption of secrets with a key.
pub(in crate::aws) fn encryption(key_arn: &str) -> EncryptionConfig {
    EncryptionConfig::builder()
        .provider(Provider::builder().key_arn(key_arn).build())
        .build()
}

fn begun(call: Call, update: Option<Update>) -> Result<String, Error> {
    let id = update.and_then(|update| update.id);
    let what = "the id of the update";
    id.ok_or(Error::Lacks { call, what })
}

fn outcome(update: Update) -> Change {
    match update.status() {
        Some(UpdateStatus::Successful) => Change::Done,
        Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => Change::Failed(errors(&update)),
        _ => Change::InProgress,
    }
}

fn errors(update: &Update) -> Vec<String> {
    let told = update.errors().iter().map(|error| {
        let code = error.error_code().map_or("Unknown", |code| code.as_str());
        told(code, error.error_message(), error.resource_ids())
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::{ErrorCode, ErrorDetail};

    use super::*;

    #[test]
    fn a_change_that_failed_says_why() {
        let error = ErrorDetail::builder()
            .error_code(ErrorCode::InsufficientFreeAddresses)
            .error_message("no address is free")
            .resource_ids("subnet-1");
        let update = Update::builder().status(UpdateStatus::Failed).errors(error.build());
        let expected = "InsufficientFreeAddresses: no address is free (subnet-1)";
        assert_eq!(outcome(update.build()), Change::Failed(vec![expected.to_owned()]));
        assert_eq!(outcome(Update::builder().build()), Change::InProgress);
    }
}
