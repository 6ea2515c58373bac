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

use std::time::Duration;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::schema::Validator;
use tokio::time::Instant;

use self::login::VCenterLogin;
pub(super) use crate::kubernetes::component::resource::{already_there, has_drift, how, registry};

/// How long nodes may wait for a program whose pods run before it is looked for the cause. It usually takes seconds.
const PATIENCE: Duration = Duration::from_secs(3 * 60);

/// The same where the operation has less time: it has to be enough for the cause, which says more than that the time is
/// over.
pub(super) fn patience(deadline: Instant) -> Duration {
    PATIENCE.min(deadline.saturating_duration_since(Instant::now()) / 2)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_cause_is_looked_for_before_the_time_is_over() {
        let after = |seconds| patience(Instant::now() + Duration::from_secs(seconds));
        assert_eq!(after(1200), PATIENCE);
        assert!(after(60) <= Duration::from_secs(30), "{:?}", after(60));
        assert_eq!(patience(Instant::now()), Duration::ZERO);
    }
}
