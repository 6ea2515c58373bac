//! What a machine notes of its creation, so that one of which nothing was saved is gone on with, and nobody takes a
//! machine that is somebody else's.
//!
//! The note is made with the machine and says so as long as no state is known to have it: the first refresh takes it
//! away. A creation takes what is unfinished, or was finished less than a day ago, if it was made with the same things.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::model::VirtualMachineModel;

/// The setting of the machine.
pub(super) const SETTING: &str = "cht.creation";

/// How long a creation that was killed after it was finished can be repeated.
const REPEATABLE: Duration = Duration::from_hours(24);

/// The note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) is_finished: bool,
    /// When it was written, in seconds since 1970.
    at: u64,
    /// What the machine was made with, which it has for good.
    made_with: String,
}

impl Mark {
    /// The note of a machine that is made now.
    pub(super) fn begun(model: &VirtualMachineModel) -> Self {
        Mark {
            is_finished: false,
            at: now(),
            made_with: made_with(model),
        }
    }

    /// The same at the end of the creation.
    pub(super) fn finished(self) -> Self {
        Mark {
            is_finished: true,
            at: now(),
            ..self
        }
    }

    /// Reads a note.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let is_finished = match words.next()? {
            "finished" => true,
            "begun" => false,
            _ => return None,
        };
        Some(Mark {
            is_finished,
            at: words.next()?.parse().ok()?,
            made_with: words.next()?.to_owned(),
        })
    }

    /// Whether a creation of this configuration may go on with the machine.
    pub(super) fn is_of(&self, model: &VirtualMachineModel) -> bool {
        let age = Duration::from_secs(now().saturating_sub(self.at));
        self.made_with == made_with(model) && (!self.is_finished || age < REPEATABLE)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_finished { "finished" } else { "begun" };
        write!(f, "{word} {} {}", self.at, self.made_with)
    }
}

/// What no later change can give to a machine, in short.
fn made_with(model: &VirtualMachineModel) -> String {
    let told = model.cloud_init.as_ref();
    let keys = told.and_then(|told| told.ssh_authorized_keys.as_ref());
    let text = format!(
        "{:?}",
        (
            &model.template,
            &model.datacenter,
            &model.cluster,
            &model.datastore,
            model.guest_name(),
            keys
        )
    );
    short(&text)
}

/// A print of a text that is long enough to tell two of them apart.
pub(super) fn short(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Says of a machine of this name that it is not the one that is made.
pub(super) fn taken(name: &str, mark: Option<&Mark>) -> Diagnostics {
    let whose = match mark {
        Some(Mark { is_finished: false, .. }) => {
            ", whose creation with another template or another place was not finished"
        }
        Some(_) | None => "",
    };
    let detail = format!(
        "The folder has a machine `{name}` already{whose}. If it is the one that is meant, import it. If nobody needs it, destroy it in the \
         vCenter. Otherwise give another name.\n\nIf this resource has it, and is tainted or to be replaced: a folder has one machine of a \
         name, so `create_before_destroy`, also that of a resource that depends on it, cannot make another one first. Do without, or \
         change `name` as well."
    );
    Diagnostic::error("Virtual machine exists already", detail)
        .at(VirtualMachineModel::NAME)
        .into()
}
