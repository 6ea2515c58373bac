//! The cluster itself: made, taken over from a creation that was killed, and waited for.

use std::time::{Duration, Instant};

use aws_sdk_eks::types::{Cluster, ClusterStatus};
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::model::EksClusterModel;
use super::super::requests::new_cluster;
use super::super::roles::Roles;
use super::{SUMMARY, Work, gone, status};
use crate::aws::creation::marked;
use crate::aws::diagnostics::explain;
use crate::aws::eks::clusters::{is_new, issues};
use crate::aws::eks::refusals::{self, is_in_use};
use crate::aws::error::Error;

/// How long IAM may take until EKS knows of a role, and of what it may do.
const PROPAGATION: Duration = Duration::from_secs(120);

/// What EKS says of a role that it does not know yet, or not all of.
const ROLE_PENDING: [&str; 5] = [
    "does not exist",
    "Error in role params",
    "Role could not be assumed because the trusted entity is not correct",
    "The provided role doesn't have the Amazon EKS Managed Policies associated with it",
    "IAM role's policy must include",
];

impl Work<'_> {
    pub(super) async fn create(&self, roles: &Roles) -> Result<Cluster, Diagnostics> {
        let tags = marked(self.tags());
        let began = Instant::now();
        let what = format!("EKS to begin with the cluster `{}`", self.model.name);
        self.cx
            .wait(&what, Backoff::QUICK, async || {
                match self.account.create_cluster(new_cluster(self.model, roles, &tags)).await {
                    Ok(()) => {}
                    Err(error) if is_role_pending(&error) && began.elapsed() < PROPAGATION => {
                        return Ok(Progress::Pending(error_chain(&error)));
                    }
                    Err(error) if is_in_use(&error) || error.is_unanswered() => {
                        return match self.find().await? {
                            Some(cluster) if cluster.status() == Some(&ClusterStatus::Deleting) => {
                                Ok(Progress::Pending("one of this name is being deleted".to_owned()))
                            }
                            Some(cluster) if is_new(&cluster) => Ok(Progress::Ready(cluster)),
                            Some(_) => Err(taken(&self.model.name)),
                            None => Err(explain(SUMMARY, &error)),
                        };
                    }
                    Err(error) => return Err(blame(&error)),
                }
                let listed = || Progress::Pending("it is not listed yet".to_owned());
                Ok(self.find().await?.map_or_else(listed, Progress::Ready))
            })
            .await
    }

    /// A cluster of this name that a creation has left of which nothing was saved.
    pub(super) fn adopted(&self, cluster: Cluster) -> Result<Cluster, Diagnostics> {
        if !is_new(&cluster) || cluster.version() != Some(&self.model.version) {
            return Err(taken(&self.model.name));
        }
        let detail = format!(
            "EKS has a cluster `{}` already, which an apply has begun that ended before it was saved. It is gone on with.",
            self.model.name
        );
        let warning = Diagnostic::warning("EKS cluster is there already", detail);
        self.cx.warn(warning.at(EksClusterModel::NAME));
        Ok(cluster)
    }

    pub(super) async fn wait_until_active(&self) -> Result<Cluster, Diagnostics> {
        let name = &self.model.name;
        let what = format!("the cluster `{name}` to be active");
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                let cluster = match self.account.describe_cluster(name).await {
                    Ok(cluster) => cluster,
                    Err(error) if error.is_not_found() => return Err(gone(name)),
                    // It takes minutes, in which AWS may be out of reach for a while.
                    Err(error) if error.is_unseen() => return Ok(Progress::Pending(error_chain(&error))),
                    Err(error) => return Err(explain(SUMMARY, &error)),
                };
                match cluster.status() {
                    Some(ClusterStatus::Active) => Ok(Progress::Ready(cluster)),
                    Some(ClusterStatus::Failed) => Err(failed(name, &cluster)),
                    Some(ClusterStatus::Deleting) => Err(gone(name)),
                    _ => Ok(Progress::Pending(status(&cluster))),
                }
            })
            .await
    }
}

/// Whether EKS does not know a role yet, or not all of it.
fn is_role_pending(error: &Error) -> bool {
    let said = error.refusal().map_or("", |refusal| refusal.message.as_str());
    let speaks_of_role = said.to_lowercase().contains("role");
    speaks_of_role && ROLE_PENDING.iter().any(|pending| said.contains(pending))
}

/// An error at the attribute that EKS blames.
fn blame(error: &Error) -> Diagnostics {
    let words = [
        ("subnet", EksClusterModel::VPC_CONFIG),
        ("security group", EksClusterModel::VPC_CONFIG),
        ("cidr", EksClusterModel::VPC_CONFIG),
        ("role", EksClusterModel::ROLE_ARN),
        ("version", EksClusterModel::VERSION),
        ("key", EksClusterModel::ENCRYPTION_KEY_ARN),
    ];
    refusals::blame(SUMMARY, error, &words)
}

fn failed(name: &str, cluster: &Cluster) -> Diagnostics {
    let issues = issues(cluster);
    let said = match issues.is_empty() {
        true => "EKS does not say why.".to_owned(),
        false => issues.join("\n"),
    };
    let detail = format!(
        "EKS could not make the cluster `{name}`:\n\n{said}\n\nRemove the cause and apply again: it is deleted then and made anew."
    );
    Diagnostics::error("EKS cluster failed", detail)
}

fn taken(name: &str) -> Diagnostics {
    let detail = format!(
        "The account has a cluster `{name}` in this region that this state does not know. If it is the one that is meant, import it, with \
         the address of this resource: `tofu import cht_eks_cluster.NAME {name}`. Otherwise choose another name."
    );
    let error = Diagnostic::error("EKS cluster exists already", detail);
    error.at(EksClusterModel::NAME).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::error::Call;
    use crate::aws::refusal::Refusal;

    fn refused(message: &str) -> Error {
        Error::Refused {
            call: Call {
                service: "eks",
                operation: "CreateCluster",
                region: "eu-west-2".to_owned(),
            },
            source: Box::new(Refusal {
                code: "InvalidParameterException".to_owned(),
                message: message.to_owned(),
                request_id: None,
                status: 400,
            }),
        }
    }

    #[test]
    fn a_role_that_is_not_known_yet_is_waited_for_and_a_subnet_is_not() {
        let arn = "(Role ARN: arn:aws:iam::123456789012:role/moh)";
        for pending in ROLE_PENDING {
            assert!(
                is_role_pending(&refused(&format!("The role: {pending} {arn}"))),
                "{pending}"
            );
        }
        let subnet = refused("Error in subnets: The subnet ID 'subnet-1' does not exist");
        assert!(!is_role_pending(&subnet));
        let blamed = blame(&subnet);
        let path = blamed.iter().next().and_then(|one| one.path.clone());
        assert_eq!(path, Some(EksClusterModel::VPC_CONFIG.into()));
    }
}
