//! Makes a cluster, and brings it to what is wanted, whatever it is now: the same for a creation, for one that was
//! interrupted, and for a change.
//!
//! Everything is looked for before it is made. EKS makes one change of a cluster at a time, so each waits for its turn.

use std::time::{Duration, Instant};

use aws_sdk_eks::types::{Cluster, ClusterStatus};
use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::clusters::issues;
use super::super::eks::updates::{Change, Turn};
use super::super::error::Error;
use super::super::tags::{self, Tags};
use super::live::Live;
use super::model::EksClusterModel;
use super::observed::tags_of;
use super::requests::{Aspect, aspects, new_cluster, protection};
use super::roles::Roles;
use super::{EksClusterResource, access, addons};

pub(super) const SUMMARY: &str = "Unable to make the EKS cluster";
const CHANGE: &str = "Unable to change the EKS cluster";

/// That no state is known to have the cluster yet: as long as it is there, a creation may take it over.
pub(super) const NEW: &str = "cht:new";

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

/// Work on one cluster.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) cx: &'a Context<EksClusterResource>,
    pub(super) account: &'a Account,
    pub(super) model: &'a EksClusterModel,
    /// The keys of tags that we have set.
    pub(super) own_keys: &'a [String],
}

/// A change that EKS makes step by step.
enum Begin<'a> {
    Aspect(&'a Aspect),
    Version(&'a str),
    Encryption(&'a str),
}

impl Work<'_> {
    /// Makes the cluster, or goes on with the one that a creation has left which was killed.
    pub(super) async fn make(&self) -> Result<EksClusterModel, Diagnostics> {
        let found = self.find().await?;
        let found = match found {
            Some(cluster) if cluster.status() != Some(&ClusterStatus::Deleting) => Some(self.adopted(cluster)?),
            _ => None,
        };
        // What is made now is removed with what is in the state.
        self.cx.checkpoint(self.model);
        self.keep_logs().await?;
        let roles = Roles::ensure(self.account, self.model).await?;
        let cluster = match found {
            Some(cluster) => cluster,
            None => self.create(&roles).await?,
        };
        self.save(&Live::of(cluster));
        self.converge(None, &roles).await
    }

    /// Brings a cluster that is there to what is planned.
    pub(super) async fn change(&self, prior: &EksClusterModel) -> Result<EksClusterModel, Diagnostics> {
        self.keep_logs().await?;
        let roles = Roles::ensure(self.account, self.model).await?;
        self.converge(Some(prior), &roles).await
    }

    async fn converge(&self, prior: Option<&EksClusterModel>, roles: &Roles) -> Result<EksClusterModel, Diagnostics> {
        let cluster = self.wait_until_active().await?;
        self.save(&Live::of(cluster));
        let live = self.read().await?;
        let is = self.model.clone().observed(&live, self.account.region());
        if is.deletion_protection && !self.model.deletion_protection {
            self.carry_out(&Begin::Aspect(&protection(self.model))).await?;
        }
        for aspect in aspects(&is, self.model, roles) {
            self.carry_out(&Begin::Aspect(&aspect)).await?;
        }
        if let (None, Some(key)) = (&is.encryption_key_arn, &self.model.encryption_key_arn) {
            self.carry_out(&Begin::Encryption(key)).await?;
        }
        if is.version != self.model.version {
            self.carry_out(&Begin::Version(&self.model.version)).await?;
        }
        self.set_tags(&live.cluster).await?;
        access::settle(self, prior, &live).await?;
        addons::settle(self, prior, &live).await?;
        if self.model.deletion_protection && !is.deletion_protection {
            self.carry_out(&Begin::Aspect(&protection(self.model))).await?;
        }
        let live = self.read().await?;
        let mut made = self.model.clone().observed(&live, self.account.region());
        // EKS raises it whenever it likes, and what was planned has to be answered: the next refresh tells.
        if let Attr::Known(planned) = &self.model.platform_version {
            made.platform_version = Attr::Known(planned.clone());
        }
        Ok(made)
    }

    async fn find(&self) -> Result<Option<Cluster>, Diagnostics> {
        let found = self.account.find_cluster(&self.model.name).await;
        found.map_err(explained(SUMMARY))
    }

    async fn read(&self) -> Result<Live, Diagnostics> {
        let live = Live::read(self.account, self.model).await.map_err(explained(SUMMARY))?;
        live.ok_or_else(|| gone(&self.model.name))
    }

    /// Saves what EKS says of the cluster. What is not asked about yet is saved as it is planned.
    fn save(&self, live: &Live) {
        let saved = self.model.clone().observed_alone(live, self.account.region());
        self.cx.checkpoint(&saved);
    }

    /// The log group that EKS writes into: one that EKS makes itself would keep everything, and stay.
    async fn keep_logs(&self) -> Result<(), Diagnostics> {
        let Some(name) = self.model.log_group() else {
            return Ok(());
        };
        let days = self.model.log_retention_in_days;
        let kept = self.account.ensure_log_group(&name, days, &self.tags()).await;
        kept.map_err(|error| explain(SUMMARY, &error).at(EksClusterModel::LOG_RETENTION_IN_DAYS))
    }

    async fn create(&self, roles: &Roles) -> Result<Cluster, Diagnostics> {
        let mut tags = self.tags();
        tags.insert(NEW.to_owned(), "true".to_owned());
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
    fn adopted(&self, cluster: Cluster) -> Result<Cluster, Diagnostics> {
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

    async fn wait_until_active(&self) -> Result<Cluster, Diagnostics> {
        let name = &self.model.name;
        let what = format!("the cluster `{name}` to be active");
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                let cluster = match self.account.describe_cluster(name).await {
                    Ok(cluster) => cluster,
                    Err(error) if error.is_not_found() => return Err(gone(name)),
                    // It takes minutes, in which AWS may be out of reach for a while.
                    Err(error) if is_unseen(&error) => return Ok(Progress::Pending(error_chain(&error))),
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

    /// Makes a change when it is its turn, and waits until it is done.
    async fn carry_out(&self, begin: &Begin<'_>) -> Result<(), Diagnostics> {
        let _turn = self.turn().await?;
        let name = &self.model.name;
        let what = format!("the cluster `{name}` to be free for {}", begin.what());
        let id = self
            .cx
            .wait(&what, Backoff::SLOW, async || match self.begin(begin).await {
                Ok(id) => Ok(Progress::Ready(id)),
                Err(error) if is_in_use(&error) || is_passing(&error) => Ok(Progress::Pending(error_chain(&error))),
                Err(error) => Err(explain(CHANGE, &error).at(begin.attribute())),
            })
            .await?;
        let what = format!("{} in the cluster `{name}`", begin.what());
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                match self.account.cluster_change(name, &id).await {
                    Ok(Change::Done) => Ok(Progress::Ready(())),
                    Ok(Change::InProgress) => Ok(Progress::Pending("in progress".to_owned())),
                    Ok(Change::Failed(errors)) => Err(update_failed(name, begin, &errors)),
                    Err(error) if is_unseen(&error) => Ok(Progress::Pending(error_chain(&error))),
                    Err(error) => Err(explain(CHANGE, &error).at(begin.attribute())),
                }
            })
            .await
    }

    async fn begin(&self, begin: &Begin<'_>) -> Result<String, Error> {
        let name = &self.model.name;
        match begin {
            Begin::Aspect(aspect) => self.account.update_cluster_config(aspect.request.clone()).await,
            Begin::Version(version) => self.account.update_cluster_version(name, version).await,
            Begin::Encryption(key) => self.account.associate_encryption(name, key).await,
        }
    }

    async fn turn(&self) -> Result<Turn, Diagnostics> {
        let what = format!("other changes of the cluster `{}`", self.model.name);
        let look = async || {
            let turn = self.account.turn_to_change(&self.model.name);
            let pending = || Progress::Pending("one is in progress".to_owned());
            Ok::<_, Diagnostics>(turn.map_or_else(pending, Progress::Ready))
        };
        self.cx.wait(&what, Backoff::QUICK, look).await
    }

    async fn set_tags(&self, cluster: &Cluster) -> Result<(), Diagnostics> {
        let Some(arn) = cluster.arn() else { return Ok(()) };
        let (is, wanted) = (tags_of(cluster), self.tags());
        let set = self.account.set_eks_tags(arn, &is, &wanted, self.own_keys);
        set.await.map_err(explained(CHANGE))
    }

    /// The tags of the cluster and what belongs to it.
    pub(super) fn tags(&self) -> Tags {
        tags::wanted(self.model.tags.as_ref(), &self.account.default_tags())
    }
}

impl Begin<'_> {
    fn what(&self) -> String {
        match self {
            Begin::Aspect(aspect) => aspect.what.to_owned(),
            Begin::Version(version) => format!("Kubernetes {version}"),
            Begin::Encryption(_) => "the encryption of secrets".to_owned(),
        }
    }

    fn attribute(&self) -> &'static str {
        match self {
            Begin::Aspect(aspect) => aspect.attribute,
            Begin::Version(_) => EksClusterModel::VERSION,
            Begin::Encryption(_) => EksClusterModel::ENCRYPTION_KEY_ARN,
        }
    }
}

/// Whether a creation of ours has made it that no state is known of.
pub(super) fn is_new(cluster: &Cluster) -> bool {
    let tags = tags_of(cluster);
    tags::are_ours(&tags) && tags.contains_key(NEW)
}

/// Whether something of that name is there, or is being changed.
pub(super) fn is_in_use(error: &Error) -> bool {
    error.is_refused_with("ResourceInUseException")
}

/// Whether a call was not carried out, and may be a little later.
pub(super) fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Throttled { .. })
}

/// Whether something could only not be looked at now.
pub(super) fn is_unseen(error: &Error) -> bool {
    is_passing(error) || error.is_unanswered()
}

/// Whether EKS does not know a role yet, or not all of it.
fn is_role_pending(error: &Error) -> bool {
    let said = error.refusal().map_or("", |refusal| refusal.message.as_str());
    let speaks_of_role = said.to_lowercase().contains("role");
    speaks_of_role && ROLE_PENDING.iter().any(|pending| said.contains(pending))
}

/// An error at the attribute that EKS blames.
fn blame(error: &Error) -> Diagnostics {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    let said = said.unwrap_or_default();
    let words = [
        ("subnet", EksClusterModel::VPC_CONFIG),
        ("security group", EksClusterModel::VPC_CONFIG),
        ("cidr", EksClusterModel::VPC_CONFIG),
        ("role", EksClusterModel::ROLE_ARN),
        ("version", EksClusterModel::VERSION),
        ("key", EksClusterModel::ENCRYPTION_KEY_ARN),
    ];
    let explained = explain(SUMMARY, error);
    match words.iter().find(|(word, _)| said.contains(word)) {
        Some((_, attribute)) => explained.at(*attribute),
        None => explained,
    }
}

/// How a cluster is, with what is wrong.
pub(super) fn status(cluster: &Cluster) -> String {
    let status = cluster.status().map_or("unknown", ClusterStatus::as_str);
    let issues = issues(cluster);
    match issues.is_empty() {
        true => status.to_owned(),
        false => format!("{status}: {}", issues.join("; ")),
    }
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

fn update_failed(name: &str, begin: &Begin<'_>, errors: &[String]) -> Diagnostics {
    let said = match errors.is_empty() {
        true => "EKS does not say why.".to_owned(),
        false => errors.join("\n"),
    };
    let detail = format!(
        "The cluster `{name}` was asked for this, and EKS could not do it: {}.\n\n{said}\n\nThe cluster works as before. Remove the \
         cause and apply again.",
        begin.what()
    );
    Diagnostics::error("Update of the EKS cluster failed", detail).at(begin.attribute())
}

fn gone(name: &str) -> Diagnostics {
    let detail = format!("Somebody has deleted the cluster `{name}` meanwhile. Plan again.");
    Diagnostics::error("EKS cluster is gone", detail)
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
    use super::super::super::error::Call;
    use super::super::super::refusal::Refusal;
    use super::*;

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
