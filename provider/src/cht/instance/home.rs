//! Which cluster an instance is in. A kubeconfig may lead to another one tomorrow, where every instance looks as if it were gone.
//!
//! It is kept beside the state when an instance is made, and compared where it matters: before a refresh says that an instance is
//! gone, and before one is changed or destroyed. Where the credentials may not tell, nothing is compared.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::routing::Private;
use crate::kubernetes::Access;

/// Keeps which cluster an instance is made in.
///
/// # Errors
/// Fails if the cluster does not answer.
pub(super) async fn keep(cx: &Context<InstanceResource>, access: &Access) -> Result<(), Diagnostics> {
    let cluster = identity(access).await?;
    cx.set_private(&Private::in_cluster(cluster))
}

/// Checks that the cluster is the one in which the instance was made, as far as that is known.
///
/// # Errors
/// Fails if it is another one, or if it does not answer.
pub(super) async fn check(cx: &Context<InstanceResource>, access: &Access, namespace: &str) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    if private.cluster.is_none() {
        return Ok(());
    }
    let live = identity(access).await?;
    compare(&private, live.as_deref(), access.cluster.host(), namespace)
}

/// The same, and keeps the cluster of an instance of which it was not known.
///
/// # Errors
/// As [`check`].
pub(super) async fn check_and_keep(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    let live = identity(access).await?;
    compare(&private, live.as_deref(), access.cluster.host(), namespace)?;
    if private.cluster.is_some() || live.is_none() {
        return Ok(());
    }
    cx.set_private(&Private {
        cluster: live,
        ..private
    })
}

async fn identity(access: &Access) -> Result<Option<String>, Diagnostics> {
    let identity = access.cluster.identity().await;
    identity.map_err(access.explain("Unable to tell which cluster it is"))
}

fn compare(private: &Private, live: Option<&str>, host: &str, namespace: &str) -> Result<(), Diagnostics> {
    let (Some(made_in), Some(live)) = (private.cluster.as_deref(), live) else {
        return Ok(());
    };
    if made_in == live {
        return Ok(());
    }
    let detail = format!(
        "The instance in the namespace `{namespace}` was made in another cluster than the one at {host}. What is there, or is not \
         there, says nothing of the instance.\n\nIf the way to the cluster changed, such as the current context of a kubeconfig, \
         change it back: `config_context` makes it certain. If the cluster was given up, with the instance in it, let the state \
         forget the instance by `terraform state rm`, or `tofu state rm`."
    );
    Err(Diagnostic::error("Another cluster than that of the instance", detail)
        .at(InstanceModel::KUBERNETES)
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(made_in: Option<&str>, live: Option<&str>) -> Result<(), Diagnostics> {
        let private = Private::in_cluster(made_in.map(str::to_owned));
        compare(&private, live, "https://10.0.0.9:6443", "cht-kisumu")
    }

    #[test]
    fn an_instance_is_looked_for_in_no_other_cluster_and_what_is_not_known_is_not_compared() {
        for (made_in, live) in [
            (Some("a"), Some("a")),
            (None, Some("a")),
            (Some("a"), None),
            (None, None),
        ] {
            assert!(compared(made_in, live).is_ok(), "{made_in:?} {live:?}");
        }
        let error = compared(Some("a"), Some("b")).expect_err("it is another cluster");
        let error = error.iter().next().expect("one error");
        assert_eq!(
            error.path.as_ref().map(ToString::to_string).as_deref(),
            Some("kubernetes")
        );
        for way in ["config_context", "state rm", "https://10.0.0.9:6443", "cht-kisumu"] {
            assert!(error.detail.contains(way), "{}", error.detail);
        }
    }
}
