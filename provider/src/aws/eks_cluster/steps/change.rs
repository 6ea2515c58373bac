//! Changes of a cluster, carried out one after another: EKS makes one at a time, so each waits for its turn.

use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostics, error_chain};

use super::super::model::EksClusterModel;
use super::super::requests::Aspect;
use super::{CHANGE, Work};
use crate::aws::diagnostics::explain;
use crate::aws::eks::refusals::is_in_use;
use crate::aws::eks::updates::{Change, Turn};
use crate::aws::error::Error;

/// A change that EKS makes step by step.
pub(super) enum Begin<'a> {
    Aspect(&'a Aspect),
    Version(&'a str),
    Encryption(&'a str),
}

impl Work<'_> {
    /// Makes a change when it is its turn, and waits until it is done.
    pub(super) async fn carry_out(&self, begin: &Begin<'_>) -> Result<(), Diagnostics> {
        let _turn = self.turn().await?;
        let name = &self.model.name;
        let what = format!("the cluster `{name}` to be free for {}", begin.what());
        let id = self
            .cx
            .wait(&what, Backoff::SLOW, async || match self.begin(begin).await {
                Ok(id) => Ok(Progress::Ready(id)),
                Err(error) if is_in_use(&error) || error.is_not_carried_out() => {
                    Ok(Progress::Pending(error_chain(&error)))
                }
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
                    Err(error) if error.is_unseen() => Ok(Progress::Pending(error_chain(&error))),
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
