//! What is kept beside the state of something in AWS: where it is, and what of it is ours.

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::Diagnostics;

use super::account::Account;
use super::error::Error;
use super::tags::Tags;
use super::which_account::InAccount;

/// The status of something that is gone while what was made beside it is there yet: somebody else has deleted it, or a
/// deletion was killed before it came to its end. Only the state knows what is left, so it has it until that is
/// removed: with the next deletion, or before the thing is made anew.
pub(super) const DELETED: &str = "DELETED";

/// What is kept of something that has tags.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    pub(super) in_account: InAccount,
    /// The keys of the tags that we have set.
    pub(super) tag_keys: Vec<String>,
}

/// The same of something that has a role of IAM, too.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KeptWithRole {
    pub(super) in_account: InAccount,
    /// The keys of the tags that we have set.
    pub(super) tag_keys: Vec<String>,
    /// The name of the role, if it was made here.
    pub(super) role: Option<String>,
}

impl Kept {
    /// What is to be kept of something in this account that is given these tags.
    pub(super) async fn of(account: &Account, tags: Tags) -> Result<Self, Diagnostics> {
        Ok(Kept {
            in_account: InAccount::of(account).await?,
            tag_keys: tags.into_keys().collect(),
        })
    }

    /// The same, with the role that was made here.
    pub(super) fn with_role(self, role: Option<String>) -> KeptWithRole {
        KeptWithRole {
            in_account: self.in_account,
            tag_keys: self.tag_keys,
            role,
        }
    }
}

impl KeptWithRole {
    /// Whether the role that was made here, for this purpose, is there yet.
    pub(super) async fn has_role(&self, account: &Account, purpose: &str) -> Result<bool, Error> {
        match &self.role {
            Some(name) => account.has_role(name, purpose).await,
            None => Ok(false),
        }
    }
}
