//! What a plan of an access entry refuses.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan};

use super::super::diagnostics::explain;
use super::super::error::Error;
use super::AccessEntryResource;
use super::model::{AccessEntryModel, STANDARD};
use crate::provider::Clients;

/// Refuses what entries for nodes do not have.
pub(super) fn validate(config: &Draft<AccessEntryResource>, diagnostics: &mut Diagnostics) {
    let Some(kind) = config.r#type.known().filter(|kind| *kind != STANDARD) else {
        return;
    };
    let mut refuse = |attribute: &'static str, is_given: bool| {
        if is_given {
            let detail = format!("An entry of the type `{kind}` is for nodes: it has no `{attribute}`.");
            diagnostics.push(Diagnostic::error("Entry for nodes", detail).at(attribute));
        }
    };
    refuse(AccessEntryModel::USER_NAME, !config.user_name.is_null());
    refuse(AccessEntryModel::KUBERNETES_GROUPS, !config.kubernetes_groups.is_null());
    // Nodes of Auto Mode have one.
    refuse(AccessEntryModel::POLICIES, kind != "EC2" && !config.policies.is_null());
}

/// Refuses a cluster that gives access by a ConfigMap alone. One that is still to be made is waited for by the apply.
pub(super) async fn check_cluster(
    cx: &Context<AccessEntryResource>,
    plan: &Plan<'_, '_, AccessEntryResource>,
) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned().filter(|_| plan.prior.is_none()) else {
        return Ok(());
    };
    let (Attr::Known(cluster), false) = (planned.cluster_name, cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let described = Clients::aws(cx).await?.describe_cluster(&cluster).await;
    let mode = match &described {
        Ok(cluster) => cluster.access_config().and_then(|access| access.authentication_mode()),
        Err(Error::NotFound { .. } | Error::Denied { .. }) => None,
        Err(error) => return Err(explain("Unable to check the access entry", error)),
    };
    if mode.is_none_or(|mode| mode.as_str() != "CONFIG_MAP") {
        return Ok(());
    }
    let detail = format!(
        "The cluster `{cluster}` gives access by its ConfigMap `aws-auth` alone. Change its authentication mode to \
         `API_AND_CONFIG_MAP`: entries count then, too."
    );
    let error = Diagnostic::error("Cluster without access entries", detail);
    Err(error.at(AccessEntryModel::CLUSTER_NAME).into())
}
