//! Failures of a vCenter, as users are told of them: what was attempted, why it failed, which attribute of the
//! provider's [`vsphere`](super::attribute) is to blame, and what to do next.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tokio_util::sync::CancellationToken;

use super::attribute::{Missing, VSphere};
use super::error::Error;
use super::vcenter::VCenter;
use crate::wording::sentence;

/// The attribute of the provider block.
pub const ATTRIBUTE: &str = "vsphere";

/// The vCenter of the provider block; made when a resource first needs it.
#[derive(Debug, Default)]
pub struct VCenters(tokio::sync::OnceCell<VCenter>);

impl VCenters {
    /// The vCenter, with calls that end when this is cancelled. It is not called yet.
    ///
    /// # Errors
    /// Fails if neither the provider block nor the environment says which one it is and how to log in.
    pub async fn connect(&self, value: &VSphere, cancellation: &CancellationToken) -> Result<VCenter, Diagnostics> {
        let connect = || async {
            let login = value.login().map_err(|missing| unsaid(&missing))?;
            VCenter::new(login, value).map_err(|error| explain("Unable to use the way to the vCenter", &error))
        };
        let vcenter = self.0.get_or_try_init(connect).await?;
        Ok(vcenter.clone().with_cancellation(cancellation))
    }

    /// Gives the session back, if there is one.
    pub async fn log_out(&self) {
        if let Some(vcenter) = self.0.get() {
            vcenter.log_out().await;
        }
    }
}

/// What turns errors into diagnostics with this summary, for `map_err`.
pub fn explained(summary: &str) -> impl Fn(Error) -> Diagnostics + '_ {
    move |error| explain(summary, &error)
}

/// What turns errors into diagnostics with this summary, for `map_err`, where an attribute is to blame if what it names
/// is not there.
pub fn explained_at<'a>(summary: &'a str, path: &'a Path) -> impl Fn(Error) -> Diagnostics + 'a {
    move |error| match error {
        Error::NotFound { .. } | Error::Ambiguous { .. } => diagnostic(summary, &error).at(path.clone()).into(),
        error => explain(summary, &error),
    }
}

/// An error in a user's words.
pub fn explain(summary: &str, error: &Error) -> Diagnostics {
    if error.is_interrupted() {
        return Diagnostics::error(
            "Operation cancelled",
            format!(
                "{}.\n\nNothing is lost: what an apply had done so far is kept, and the next one goes on.",
                sentence(&error_chain(error))
            ),
        );
    }
    diagnostic(summary, error).into()
}

fn diagnostic(summary: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(
        summary,
        format!("{}.\n\n{}", sentence(&error_chain(error)), advice(error)),
    )
}

fn unsaid(missing: &[Missing]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for one in missing {
        let detail = format!(
            "The provider block does not say `{ATTRIBUTE}.{}`, and the environment variable {} is not set. One of them has to.",
            one.attribute, one.variable
        );
        diagnostics.push(Diagnostic::error("No way to the vCenter", detail));
    }
    diagnostics
}

/// What to do next.
fn advice(error: &Error) -> &'static str {
    match error {
        Error::Tls { .. } | Error::Pin { .. } => {
            "Check `vsphere.ca_certificate` and `vsphere.thumbprint` in the provider block."
        }
        Error::Unreachable { .. } => {
            "Check `vsphere.server` and `vsphere.port` in the provider block, and that this machine may reach the vCenter there."
        }
        Error::Certificate { .. } => {
            "Give the certificate of the authority that signed it in `vsphere.ca_certificate` of the provider block: vCenters offer \
             their own at `https://<server>/certs/download.zip`. Or give the SHA-256 thumbprint of the vCenter's certificate in \
             `vsphere.thumbprint`, after its administrator has confirmed it."
        }
        Error::Thumbprint { .. } => {
            "If its administrator confirms the new certificate, give its thumbprint in `vsphere.thumbprint` of the provider block. \
             Otherwise somebody else answers in its place."
        }
        Error::Exchange { .. } => {
            "Whether the vCenter did it is not known. Apply again: what was done is found, and the rest is done."
        }
        Error::Status { .. } | Error::TooLong { .. } | Error::Answer { .. } | Error::Lacks { .. } => {
            "Check that `vsphere.server` in the provider block is a vCenter, and that no proxy answers in its place."
        }
        Error::Request { .. } => "This is a bug in the cht provider; please report it.",
        Error::Login { .. } => {
            "Check `vsphere.user`, which needs its domain, such as `cht@vsphere.local`, and `vsphere.password` in the provider \
             block. After several wrong passwords a vCenter locks the user for some minutes."
        }
        Error::NotVCenter { .. } => {
            "Machines are cloned by a vCenter. Give its name in `vsphere.server` of the provider block."
        }
        Error::NoPermission { .. } => {
            "Let an administrator of the vCenter give the user of the provider block a role with this privilege on the object, or \
             on a folder above it with propagation. `cht_vsphere_role` with `preset = \"provisioner\"` has all that machines need."
        }
        Error::Untold { .. } => {
            "Its host does not answer to the vCenter, or its files cannot be read. Look at the machine there; nothing is taken for gone."
        }
        Error::Gone { .. } => "Somebody else has removed it. Plan again.",
        Error::NotFound { .. } => {
            "Give the name as it is shown in the vCenter, or the inventory path, such as `/Nairobi/vm/Templates/ubuntu-24.04`. An \
             object that the user may not see counts as not there."
        }
        Error::Ambiguous { .. } => "Give the path of the one that is meant.",
        Error::NoTags { .. } => "Tags need vSphere 7.0 or later. Leave `tags` out.",
        Error::Refused { status: 401, .. } => "Check the user and the password in the provider block.",
        Error::Refused { status: 403, .. } => {
            "Tags are attached by users with the privilege `InventoryService.Tagging.AttachTag`, as a global permission or on the tag: \
             permissions on machines and folders do not count for it. Let an administrator of the vCenter give it to the user of the \
             provider block."
        }
        Error::Refused { .. } => "The events of the vCenter may say more. Apply again.",
        Error::Fault { .. } | Error::Task { .. } => of_fault(error),
        Error::Interrupted { .. } => "Nothing is lost. Apply again.",
    }
}

/// What to do next about what the vCenter itself refuses.
fn of_fault(error: &Error) -> &'static str {
    match error.fault().map_or("", |fault| fault.kind.as_str()) {
        "DuplicateName" => {
            "Another object has this name there. Choose another name, or import the object if it is the one that is meant."
        }
        "InvalidLogin" | "NotAuthenticated" => "Check the user and the password in the provider block.",
        "InsufficientResourcesFault" | "InsufficientCpuResourcesFault" | "InsufficientMemoryResourcesFault" => {
            "The cluster has too little room for the machine. Make room, or ask for less."
        }
        "NoDiskSpace" | "InsufficientStorageSpace" | "FileAlreadyExists" => {
            "Look at the datastore: it is full, or holds files of a machine that was there before."
        }
        "NoCompatibleHost" | "CannotAccessNetwork" | "CannotAccessVmDevice" => {
            "The hosts of the cluster cannot reach all that the machine needs. Check its datastore and its networks."
        }
        "ConcurrentAccess" | "TaskInProgress" | "ResourceInUse" => {
            "Something else works on the object at the moment. Apply again."
        }
        "HostNotConnected" | "HostCommunication" | "HostNotReachable" => {
            "A host does not answer to the vCenter. Look at it there."
        }
        _ => "The events of the object in the vCenter may say more.",
    }
}
