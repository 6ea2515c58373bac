//! Ephemeral resources: what authors implement to give out values that no plan and no state ever holds, such as a token
//! that is good for an hour.
//!
//! The core opens one whenever it needs the value, in a plan and again in an apply, renews it while it is in use, and
//! closes it afterwards. What [`open`](EphemeralResource::open) keeps for that is private: it goes through the memory
//! of the core to the later calls, and is stored nowhere.

use std::future::Future;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Scope;
use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::schema::Schema;

pub(crate) mod erased;

/// A kind of thing that is there for as long as it is used.
///
/// The framework runs its operations on tasks of their own, so that none is abandoned half-way, turns panics into
/// diagnostics, and closes again what it opened in vain: because the result is one that the core would refuse, or
/// because nobody waits for it any more.
pub trait EphemeralResource: Sized + Send + Sync + 'static {
    /// Its attributes: those of the configuration, and the computed ones that the opening fills.
    type Model: Model;
    /// What the provider's configuration was turned into.
    type Clients: Send + Sync + 'static;
    /// What it needs for renewing and closing, such as the id of a session; `()` if nothing.
    type Private: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its type in configurations, such as `cht_login_token`.
    const TYPE_NAME: &'static str;

    /// The schema; the model's own unless it is not enough.
    fn schema(&self) -> Schema {
        Self::Model::schema()
    }

    /// Checks what concerns more than one attribute, without I/O and without complaining of what is unknown.
    fn validate(&self, config: &<Self::Model as Model>::Draft, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Makes the values; the configuration is wholly known.
    ///
    /// It has the time that `timeouts.read` says in the configuration, or else the schema.
    ///
    /// # Errors
    /// Fails if there is nothing to give out, or nothing yet ([`or_defer`](Diagnostics::or_defer)). It must not leave
    /// anything behind then: it is not closed.
    fn open(
        &self,
        scope: &Scope<Self::Clients>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Opened<Self>, Diagnostics>> + Send;

    /// Makes the values last longer, at about the time that the opening or the last renewal has asked for. The values
    /// themselves stay as they are. Without an implementation nothing happens, and nothing will be renewed again.
    ///
    /// # Errors
    /// Fails if the values cannot be used any more.
    fn renew(
        &self,
        scope: &Scope<Self::Clients>,
        private: Self::Private,
    ) -> impl Future<Output = Result<Renewed<Self>, Diagnostics>> + Send {
        let _ = scope;
        async {
            Ok(Renewed {
                renew_at: None,
                private,
            })
        }
    }

    /// Makes the values worthless, if that is possible; that they are so already is success. Without an implementation
    /// nothing happens: fit for values that end by themselves.
    ///
    /// It is not cancelled when the user interrupts the run: that is one of the times at which it is called.
    ///
    /// # Errors
    /// Fails if something is left, and says what.
    fn close(
        &self,
        scope: &Scope<Self::Clients>,
        private: Self::Private,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        let _ = (scope, private);
        async { Ok(()) }
    }
}

/// What was opened.
pub struct Opened<E: EphemeralResource> {
    /// The values.
    pub result: E::Model,
    /// When they have to be renewed, if they have to be.
    pub renew_at: Option<SystemTime>,
    /// What is needed to renew and to close it.
    pub private: E::Private,
}

/// What was renewed.
pub struct Renewed<E: EphemeralResource> {
    /// When it has to be renewed again, if it has to be.
    pub renew_at: Option<SystemTime>,
    /// What is needed to renew it again, and to close it.
    pub private: E::Private,
}
