//! What is kept beside the state of a resource that lives in a cluster: which cluster that is. A kubeconfig may lead to
//! another one tomorrow, where everything looks as if it were gone.
//!
//! It is kept when the resource is made, and compared where it matters: before a refresh says that something is gone,
//! and before anything is changed or destroyed. Where the credentials may not tell, nothing is compared.

use serde::{Deserialize, Serialize};
use tf_framework::context::{Context, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Resource;

use super::attribute::Kubernetes;
use super::diagnostics::{ATTRIBUTE, Access};
use super::identity;
use super::read::LiveObject;
use crate::provider::Clients;

/// Which cluster a resource lives in, and what else tells its object from another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What tells the cluster from others, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    /// The UID of the object, where the resource is a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<String>,
}

impl Kept {
    /// Keeps which cluster a resource lives in.
    ///
    /// # Errors
    /// Fails if the cluster does not answer.
    pub async fn keep<R: Resource<Private = Self>>(cx: &Context<R>, access: &Access) -> Result<(), Diagnostics> {
        let cluster = identity_of(access).await?;
        cx.set_private(&Kept {
            cluster,
            ..cx.private()?
        })
    }

    /// What is kept of a cluster, for resources that keep more than that.
    ///
    /// # Errors
    /// Fails if the cluster does not answer.
    pub async fn of(access: &Access) -> Result<Self, Diagnostics> {
        let cluster = identity_of(access).await?;
        Ok(Kept { cluster, uid: None })
    }

    /// Checks that the cluster is the one that was kept, if one was.
    ///
    /// # Errors
    /// Fails if it is another one, or if it does not answer.
    pub async fn is_of(&self, access: &Access, what: &str) -> Result<(), Diagnostics> {
        let live = identity_of(access).await?;
        Ok(self.compare(live.as_deref(), access.cluster.host(), what)?)
    }

    /// Checks that the cluster is the one that a resource lives in, and keeps it where that was not known; `what` names
    /// the resource.
    ///
    /// # Errors
    /// Fails if it is another one, or if it does not answer.
    pub async fn check<R: Resource<Private = Self>>(
        cx: &Context<R>,
        access: &Access,
        what: &str,
    ) -> Result<(), Diagnostics> {
        let kept = cx.private()?;
        let live = identity_of(access).await?;
        kept.compare(live.as_deref(), access.cluster.host(), what)?;
        if kept.cluster.is_some() || live.is_none() {
            return Ok(());
        }
        cx.set_private(&Kept { cluster: live, ..kept })
    }

    /// Whether the cluster that a resource was put into does not exist any more, and the resource with it; a warning
    /// says so.
    pub async fn is_gone(&self, scope: &Scope<Clients>, own: Option<&Kubernetes>) -> bool {
        Clients::is_gone(scope, own, self.cluster.as_deref()).await
    }

    /// The same, with what tells this object from another one of its name.
    #[must_use]
    pub(super) fn of_object(self, live: &LiveObject) -> Self {
        Kept {
            uid: Some(live.uid().to_owned()),
            ..self
        }
    }

    fn compare(&self, live: Option<&str>, host: &str, what: &str) -> Result<(), Diagnostic> {
        let differs = self
            .cluster
            .as_deref()
            .zip(live)
            .is_some_and(|(kept, live)| !identity::is_same(kept, live));
        if !differs {
            return Ok(());
        }
        let detail = format!(
            "The cluster at {host} is not the one that {what} was put into. Nothing was changed. Lead `kubernetes` to that \
             cluster again; if it does not exist any more, take the resource out of the state with `tofu state rm`."
        );
        Err(Diagnostic::error("Another cluster", detail).at(ATTRIBUTE))
    }
}

async fn identity_of(access: &Access) -> Result<Option<String>, Diagnostics> {
    let identity = access.cluster.identity().await;
    identity.map_err(access.explain("Unable to tell which cluster it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_clusters_that_are_known_can_differ() {
        let kept = |cluster: Option<&str>| Kept {
            cluster: cluster.map(str::to_owned),
            uid: None,
        };
        for (before, live, same) in [
            (Some("a"), Some("a"), true),
            (Some("a"), None, true),
            (None, Some("b"), true),
            (Some("a"), Some("b"), false),
        ] {
            let compared = kept(before).compare(live, "https://c.example", "the storage class fast");
            assert_eq!(compared.is_ok(), same, "{before:?} {live:?}");
        }
    }
}
