//! Whether the storage policy that a class of vSphere names is in the vCenter. If it is not, the class can be made, and
//! every claim for it waits for ever.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::StorageClassResource;
use super::model::{StorageClassModel, StorageClassModelDraft};
use crate::provider::Clients;

/// What makes volumes by storage policies.
const PROVISIONER: &str = "csi.vsphere.vmware.com";
/// How it is told which, in whatever case.
const PARAMETER: &str = "storagepolicyname";

/// Asks the vCenter of the provider block, if there is one and it tells, for the policy of a class that is to be made.
/// A class that is replaced is planned once more, as a new one.
pub(super) async fn check(
    cx: &Context<StorageClassResource>,
    plan: &Plan<'_, '_, StorageClassResource>,
) -> Result<(), Diagnostics> {
    let planned = plan.planned().filter(|_| plan.prior.is_none());
    let Some((key, policy)) = planned.as_ref().and_then(named) else {
        return Ok(());
    };
    let Some(policies) = Clients::storage_policies(cx).await else {
        return Ok(());
    };
    if !is_missing(&policies, &policy) {
        return Ok(());
    }
    let detail = format!(
        "The vCenter of the provider block has no storage policy `{policy}`, so no volume of the class could be made. The policies \
         that its user may see are: {}.\n\nGive the name of one of them as it is written there. If the volumes are made in another \
         vCenter, let the class use a provider block that has that one, or none.",
        policies.join(", ")
    );
    let path = Path::new(StorageClassModel::PARAMETERS).key(&key);
    Err(Diagnostic::error("Storage policy not found", detail).at(path).into())
}

/// The storage policy that a class names, and by which parameter.
fn named(planned: &StorageClassModelDraft) -> Option<(String, String)> {
    let provisioner = planned.storage_provisioner.known()?;
    let mut parameters = planned.parameters.known()?.iter();
    let (key, policy) = parameters.find(|(key, _)| key.eq_ignore_ascii_case(PARAMETER))?;
    match policy {
        Attr::Known(policy) if provisioner == PROVISIONER => Some((key.clone(), policy.clone())),
        _ => None,
    }
}

/// Whether a vCenter that shows these policies lacks one. Each has some: whoever is shown none may not see them.
fn is_missing(policies: &[String], policy: &str) -> bool {
    !policies.is_empty() && policies.iter().all(|other| other != policy)
}

#[cfg(test)]
mod tests {
    use super::is_missing;

    #[test]
    fn whoever_may_see_no_policies_is_not_told_that_one_is_missing() {
        let policies = ["gold".to_owned(), "silver".to_owned()];
        assert!(is_missing(&policies, "Gold"));
        assert!(!is_missing(&policies, "gold"));
        assert!(!is_missing(&[], "gold"));
    }
}
