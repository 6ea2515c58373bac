//! Which cluster an instance is in. A kubeconfig may lead to another one tomorrow, where every instance looks as if it were gone.
//! [`home`] has what is the same for all that lives in an instance.
//!
//! It is kept beside the state when an instance is made, and compared where it matters: before a refresh says that an instance is
//! gone, and before one is changed or destroyed. Where the credentials may not tell, nothing is compared.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use crate::cht::application::home;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::routing::Private;
use crate::kubernetes::Access;

/// Keeps which cluster an instance is made in.
///
/// # Errors
/// Fails if the cluster does not answer.
pub(super) async fn keep(cx: &Context<InstanceResource>, access: &Access) -> Result<(), Diagnostics> {
    let cluster = home::identity(access).await?;
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
    let live = home::identity(access).await?;
    compare(&private, live.as_deref(), access, namespace)
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
    let live = home::identity(access).await?;
    compare(&private, live.as_deref(), access, namespace)?;
    if private.cluster.is_some() || live.is_none() {
        return Ok(());
    }
    cx.set_private(&Private {
        cluster: live,
        ..private
    })
}

fn compare(private: &Private, live: Option<&str>, access: &Access, namespace: &str) -> Result<(), Diagnostics> {
    home::compare(private.cluster.as_deref(), live, access.cluster.host(), namespace)
        .map_err(|another| another.at(InstanceModel::KUBERNETES).into())
}
