//! The cluster of a resource while it is planned: it may not be known yet, as it may be made in the same apply.

use tf_framework::Attr;
use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostics;

use super::attribute::{Kubernetes, KubernetesDraft};
use super::diagnostics::Access;
use crate::provider::Clients;

/// A resource's own way to the cluster as far as it has one; none if something in it is unknown.
pub fn known_way(kubernetes: &Attr<KubernetesDraft>) -> Option<Option<Kubernetes>> {
    match kubernetes {
        Attr::Unknown => None,
        Attr::Null => Some(None),
        Attr::Known(draft) => draft.known().map(Some),
    }
}

/// The cluster, if it is known which one it is.
///
/// # Errors
/// Fails if the cluster is known and does not answer.
pub async fn known_cluster(
    scope: &Scope<Clients>,
    kubernetes: &Attr<KubernetesDraft>,
) -> Result<Option<Access>, Diagnostics> {
    let Some(own) = known_way(kubernetes) else {
        return Ok(None);
    };
    if own.is_none() && scope.clients().is_cluster_unknown() {
        return Ok(None);
    }
    let access = Clients::access(scope, own.as_ref()).await?;
    access
        .cluster
        .probe()
        .await
        .map_err(access.explain("Unable to reach the cluster"))?;
    Ok(Some(access))
}
