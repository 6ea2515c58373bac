//! Which account and region a resource is in whose ids mean something there only.
//!
//! What is in another account or region is not seen, and would be taken for gone. So where it is, is kept beside the
//! state.

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::Diagnostics;

use super::account::Account;
use super::diagnostics::explained;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InAccount {
    /// The id of the account; empty if nothing was kept.
    account: String,
    /// The region.
    region: String,
}

impl InAccount {
    /// The one that is called.
    pub(super) async fn of(account: &Account) -> Result<Self, Diagnostics> {
        let identity = account.identity().await;
        let identity = identity.map_err(explained("Unable to ask AWS who calls"))?;
        Ok(InAccount {
            account: identity.account_id.clone(),
            region: account.region().to_owned(),
        })
    }

    /// Refuses to go on in another one than what was kept.
    pub(super) async fn check(&self, account: &Account) -> Result<(), Diagnostics> {
        if self.account.is_empty() {
            return Ok(());
        }
        let is = Self::of(account).await?;
        if *self == is {
            return Ok(());
        }
        Err(Diagnostics::error(
            "Another account or region",
            format!(
                "The state is about the account {} in {}, and the provider works in the account {} in {}: what is in the one is not \
                 seen from the other, and is not taken for gone.\n\nGive the right `aws` in the provider block.",
                self.account, self.region, is.account, is.region
            ),
        ))
    }
}
