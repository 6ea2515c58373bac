//! Why the running CHT does not prepare a version, and what to do about it.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::cht::error::Error;
use crate::cht::instance::model::{InstanceModel, Upgrade};
use crate::cht::upgrade::Failure;
use crate::cht::version::ChtVersion;

/// The words for a version that is not going to be staged.
pub(super) fn failed(target: &ChtVersion, failure: &Failure) -> Diagnostics {
    let (advice, attribute) = match failure {
        Failure::Errored { .. } => (
            "Check that the API's pod can reach that server, and that this release is there; the log of the pod tells more. Where \
             it cannot, as without a way to the Internet, set `upgrade = { mode = \"direct\" }`: CHT then indexes the data when it \
             starts, and serves nobody meanwhile.",
            InstanceModel::BUILDS_URL,
        ),
        Failure::Interrupted => (
            "Read the log of the API's pod and of CouchDB for the cause, such as a limit of memory, and apply again.",
            InstanceModel::CHT_VERSION,
        ),
        Failure::Aborted => (
            "Ask who did so, as from the admin page, and apply again to stage it anew.",
            InstanceModel::CHT_VERSION,
        ),
        Failure::Busy { .. } => (
            "Wait until that is over, or abort it on the admin page, and write the version that is to run.",
            InstanceModel::CHT_VERSION,
        ),
    };
    let detail = format!("CHT {target} is not installed, and the running version goes on: {failure}.\n\n{advice}");
    Diagnostic::error("CHT does not stage the upgrade", detail)
        .at(attribute)
        .into()
}

/// The words for a CHT that lets nobody stage it.
pub(super) fn refused(target: &ChtVersion, error: &Error) -> Diagnostics {
    let mode = Path::new(InstanceModel::UPGRADE).attribute(Upgrade::MODE);
    let detail = format!(
        "CHT {target} is not installed, and the running version goes on: {}.\n\nThe administrator needs the permission \
         `can_upgrade`. Where staging is not possible, set `upgrade = {{ mode = \"direct\" }}`.",
        error_chain(error)
    );
    Diagnostic::error("CHT refuses the upgrade", detail).at(mode).into()
}
