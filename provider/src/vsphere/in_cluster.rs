//! What the programs of vSphere that run in a Kubernetes cluster have in common: the cloud provider and the CSI driver.
//!
//! - [`login`]: the attribute `vcenter`, which says where they log in, and as whom.
//! - [`check`]: what the vCenter says to that in a plan, and to the nodes of the cluster; [`node`] judges one node, and
//!   [`privileges`] what the user may do.
//! - [`pods`]: where their pods run, and what is to be done about those that do not.

pub(super) mod check;
pub(super) mod login;
pub(super) mod node;
pub(super) mod pods;
pub(super) mod privileges;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::schema::Validator;

use self::login::VCenterLogin;
pub(super) use crate::kubernetes::component::resource::{already_there, has_drift, how, registry};

/// A version as both tag their images.
pub(super) fn version() -> Validator {
    Validator::matches(
        r"^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$",
        "a version such as `v1.34.0`",
    )
}

/// The minor version of Kubernetes: 34 of `v1.34.2+k3s1`.
pub(super) fn minor(version: &str) -> Option<u16> {
    version.trim_start_matches('v').split('.').nth(1)?.parse().ok()
}

/// Refuses to go on without the password of the program's user.
pub(super) fn no_password() -> Diagnostics {
    let detail = "The cluster does not have the password any more, and the configuration has none. Give `password` or \
                  `password_wo`.";
    Diagnostic::error("Password is not known", detail)
        .at(Path::new(check::ATTRIBUTE).attribute(VCenterLogin::PASSWORD))
        .into()
}

/// Refuses the plan of a program whose user has no password.
pub(super) fn without_password() -> Diagnostics {
    let path = Path::new(check::ATTRIBUTE).attribute(VCenterLogin::PASSWORD);
    let detail = "Give `password_wo`, which is not stored in the state, or `password`.";
    Diagnostic::error("User has no password", detail).at(path).into()
}
