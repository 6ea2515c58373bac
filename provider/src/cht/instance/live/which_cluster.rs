//! Which cluster an instance is in. A kubeconfig may lead to another one tomorrow, where every instance looks as if it
//! were gone. [`which_cluster`] has what is the same for all that lives in an instance.
//!
//! It is kept beside the state when an instance is made, and compared where it matters: before a refresh says that an
//! instance is gone, and before one is changed or destroyed. Where the credentials may not tell, nothing is compared.

use secrecy::ExposeSecret as _;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::application::which_cluster;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::model::{InstanceModel, Private};
use crate::kubernetes::Access;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::provider::Clients;

/// Keeps which cluster an instance is made in.
///
/// # Errors
/// Fails if the cluster does not answer.
pub(in crate::cht::instance) async fn keep(cx: &Context<InstanceResource>, access: &Access) -> Result<(), Diagnostics> {
    let cluster = which_cluster::identity_of(access).await?;
    cx.set_private(&Private::in_cluster(cluster))
}

/// Checks that the cluster is the one in which the instance was made, as far as that is known.
///
/// # Errors
/// Fails if it is another one, or if it does not answer.
pub(in crate::cht::instance) async fn check(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    if private.cluster.is_none() {
        return Ok(());
    }
    let live = which_cluster::identity_of(access).await?;
    compare(&private, live.as_deref(), access, namespace)
}

/// The same, and keeps the cluster of an instance of which it was not known.
///
/// # Errors
/// As [`check`].
pub(in crate::cht::instance) async fn check_and_keep(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    let live = which_cluster::identity_of(access).await?;
    compare(&private, live.as_deref(), access, namespace)?;
    if private.cluster.is_some() || live.is_none() {
        return Ok(());
    }
    cx.set_private(&Private {
        cluster: live,
        ..private
    })
}

/// Whether the cluster does not exist any more, and the instance with it; a warning says so.
///
/// # Errors
/// What was kept cannot be read.
pub(in crate::cht::instance) async fn is_gone(
    cx: &Context<InstanceResource>,
    state: &InstanceModel,
) -> Result<bool, Diagnostics> {
    let kept = cx.private()?.cluster;
    Ok(Clients::is_gone(cx, state.kubernetes.as_ref(), kept.as_deref()).await)
}

/// Checks that the cluster holds the instance of the state, and not another one of the same name.
pub(in crate::cht::instance) fn same_instance(prior: &InstanceModel, live: &Known) -> Result<(), Diagnostics> {
    let differs = match (prior.couchdb.uuid.known(), &live.uuid) {
        (Some(prior), Some(live)) => prior.expose_secret() != live.expose_secret(),
        (None, _) | (_, None) => false,
    };
    if !differs {
        return Ok(());
    }
    Err(Diagnostic::error(
        "Another instance",
        format!(
            "The namespace {} holds an instance with another `uuid` than the one in the state. Does `kubernetes` lead to \
             another cluster than before?",
            prior.namespace
        ),
    )
    .at(KUBERNETES)
    .into())
}

fn compare(private: &Private, live: Option<&str>, access: &Access, namespace: &str) -> Result<(), Diagnostics> {
    which_cluster::compare(private.cluster.as_deref(), live, access.cluster.host(), namespace)
        .map_err(|another| another.at(InstanceModel::KUBERNETES).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{state, with};

    #[test]
    fn an_instance_with_another_uuid_is_another_one() {
        let prior = state(&with(json!({})));
        let live = |uuid: Option<&str>| Known {
            uuid: uuid.map(Into::into),
            ..Known::default()
        };
        assert!(same_instance(&prior, &live(Some("00112233445566778899aabbccddeeff"))).is_ok());
        assert!(
            same_instance(&prior, &live(None)).is_ok(),
            "a deleted secret is made again"
        );
        assert!(same_instance(&prior, &live(Some("b"))).is_err());
    }
}
