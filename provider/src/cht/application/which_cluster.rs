//! Which cluster an instance is in. A kubeconfig may lead to another one tomorrow, where everything looks as if it were
//! gone, or where an instance of the same name has users and settings of its own.
//!
//! It is kept beside the state of what lives in an instance when that is made, and compared where it matters: before a
//! refresh says that it is gone, and before it is changed or destroyed. Where the credentials may not tell, nothing is
//! compared, nor for an instance that is reached by its public address. `cht_instance` does the same for itself.

use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Resource;

use super::attribute::{self, InstanceAddress};
use crate::kubernetes::{Access, identity};
use crate::provider::Clients;

/// What is kept beside the state of something that lives in an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InCluster {
    /// What tells the cluster of the instance from others, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
}

impl AsMut<InCluster> for InCluster {
    fn as_mut(&mut self) -> &mut InCluster {
        self
    }
}

impl AsRef<InCluster> for InCluster {
    fn as_ref(&self) -> &InCluster {
        self
    }
}

/// Keeps which cluster the instance is in.
///
/// # Errors
/// Fails if the cluster does not answer.
pub(in crate::cht) async fn keep<R>(cx: &Context<R>, address: &InstanceAddress) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<InCluster> + AsMut<InCluster>,
{
    if address.namespace.is_none() {
        return Ok(());
    }
    let access = Clients::access(cx, address.kubernetes.as_ref()).await?;
    let mut private = cx.private()?;
    private.as_mut().cluster = identity_of(&access).await?;
    cx.set_private(&private)
}

/// Checks that the cluster is still the one of the instance, as far as that is known.
///
/// # Errors
/// Fails if it is another one, or if it does not answer.
pub(in crate::cht) async fn check<R>(cx: &Context<R>, address: &InstanceAddress) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<InCluster> + AsMut<InCluster>,
{
    let private = cx.private()?;
    let (Some(namespace), Some(kept)) = (&address.namespace, &private.as_ref().cluster) else {
        return Ok(());
    };
    let access = Clients::access(cx, address.kubernetes.as_ref()).await?;
    let live = identity_of(&access).await?;
    compare(Some(kept), live.as_deref(), access.cluster.host(), namespace)
        .map_err(|another| another.at(attribute::path(InstanceAddress::KUBERNETES)).into())
}

/// The same, and keeps the cluster where it was not known.
///
/// # Errors
/// As [`check`].
pub(in crate::cht) async fn check_and_keep<R>(cx: &Context<R>, address: &InstanceAddress) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<InCluster> + AsMut<InCluster>,
{
    if cx.private()?.as_ref().cluster.is_some() {
        check(cx, address).await
    } else {
        keep(cx, address).await
    }
}

/// Whether the cluster of the instance does not exist any more, and all with it; a warning says so.
///
/// # Errors
/// What was kept cannot be read.
pub(in crate::cht) async fn is_gone<R>(cx: &Context<R>, address: &InstanceAddress) -> Result<bool, Diagnostics>
where
    R: Resource<Clients = Clients>,
    R::Private: AsRef<InCluster> + AsMut<InCluster>,
{
    let private = cx.private()?;
    let kept = private.as_ref().cluster.as_deref();
    Ok(address.namespace.is_some() && Clients::is_gone(cx, address.kubernetes.as_ref(), kept).await)
}

/// What tells a cluster from others, if these credentials may know.
///
/// # Errors
/// Fails if the cluster does not answer.
pub(in crate::cht) async fn identity_of(access: &Access) -> Result<Option<String>, Diagnostics> {
    let identity = access.cluster.identity().await;
    identity.map_err(access.explain("Unable to tell which cluster it is"))
}

/// Compares the cluster that was kept with the one that answers.
///
/// # Errors
/// Fails if they are known to be two.
pub(in crate::cht) fn compare(
    kept: Option<&str>,
    live: Option<&str>,
    host: &str,
    namespace: &str,
) -> Result<(), Diagnostic> {
    let (Some(kept), Some(live)) = (kept, live) else {
        return Ok(());
    };
    if identity::is_same(kept, live) {
        return Ok(());
    }
    let detail = format!(
        "The instance in the namespace `{namespace}` is in another cluster than the one at {host}. What is there, or is not there, \
         says nothing of it.\n\nIf the way to the cluster changed, such as the current context of a kubeconfig, change it back: \
         `config_context` makes it certain. If the cluster was given up, with the instance in it, let the state forget this \
         resource by `terraform state rm`, or `tofu state rm`."
    );
    Err(Diagnostic::error("Another cluster than that of the instance", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_looked_for_in_no_other_cluster_and_what_is_not_known_is_not_compared() {
        let compared = |kept, live| compare(kept, live, "https://10.0.0.9:6443", "cht-kisumu");
        for (kept, live) in [
            (Some("a"), Some("a")),
            (None, Some("a")),
            (Some("a"), None),
            (None, None),
        ] {
            assert!(compared(kept, live).is_ok(), "{kept:?} {live:?}");
        }
        let error = compared(Some("a"), Some("b")).expect_err("it is another cluster");
        for way in ["config_context", "state rm", "https://10.0.0.9:6443", "cht-kisumu"] {
            assert!(error.detail.contains(way), "{}", error.detail);
        }
    }
}
