//! What names objects, in a run of a core: identities, imports by them, and states of other types.

use prost::bytes::Bytes;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::identity::ImportBy;
use crate::lifecycle::identity::{is_complete, planned};
use crate::provider::Provider;
use crate::server::in_process::{Answered, Foreign, Stored, StoredIdentity};
use crate::testing::phases::{not_deferred, rule};
use crate::testing::{Core, config};
use crate::value::Value;

/// An object that another type of resource manages.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The address of its provider, with its host.
    pub provider_address: String,
    /// Its type.
    pub type_name: String,
    /// The version of its schema.
    pub schema_version: i64,
    /// Its state.
    pub state: Json,
    /// What is kept beside its state.
    pub private: Vec<u8>,
    /// Its identity with the version of that, if it has one.
    pub identity: Option<(i64, Json)>,
}

impl<P: Provider> Core<P> {
    /// With an identity beside the state that was stored earlier, under a version of its schema.
    ///
    /// # Panics
    /// If there is no state.
    #[must_use]
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn with_identity(mut self, version: i64, identity: Json) -> Self {
        let Some(state) = &mut self.state else {
            panic!("there is no state that could have an identity")
        };
        state.identity = Some(StoredIdentity {
            version,
            json: identity,
        });
        self
    }

    /// The stored identity, if there is one.
    pub fn identity(&self) -> Option<&Json> {
        Some(&self.state.as_ref()?.identity.as_ref()?.json)
    }

    /// Imports an object by its id and answers with its state.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if there is a state already or no such object.
    pub async fn import(&mut self, id: &str) -> Result<Json, Diagnostics> {
        self.import_by(ImportBy::Id(id.to_owned())).await
    }

    /// Imports an object by its identity and answers with its state.
    ///
    /// # Errors
    /// Fails with the provider's errors, if there is a state already or no such object, and as a core does if the
    /// identity is none of this type of resource.
    pub async fn import_by_identity(&mut self, identity: Json) -> Result<Json, Diagnostics> {
        let Some(schema) = &self.identity_schema else {
            let detail = format!("A {} has no identity.", self.type_name);
            return Err(Diagnostics::error("Unable to determine identity schema", detail));
        };
        let identity = config::value_of(&identity, &schema.value_type())?;
        if !is_complete(schema, &identity) {
            let detail = "An attribute that is required for an import is missing.";
            return Err(Diagnostics::error("Invalid identity", detail));
        }
        self.import_by(ImportBy::Identity(identity)).await
    }

    /// Takes over an object from another type of resource, as a `moved` block does, and answers with its state after
    /// the refresh that follows.
    ///
    /// # Errors
    /// Fails with the provider's errors, and if an answer breaks a rule or there is no such object.
    pub async fn move_state(&mut self, source: Source) -> Result<Json, Diagnostics> {
        let foreign = Foreign {
            provider_address: &source.provider_address,
            type_name: &source.type_name,
            stored: Stored {
                version: source.schema_version,
                json: source.state,
                private: Bytes::from(source.private),
                identity: source.identity.map(|(version, json)| StoredIdentity { version, json }),
            },
        };
        let process = self.configured().await?;
        let moved = process.move_state(&foreign).await?;
        self.keep_found(moved).await
    }

    async fn import_by(&mut self, by: ImportBy<Value>) -> Result<Json, Diagnostics> {
        if self.state.is_some() {
            return Err(Diagnostics::error(
                "Resource already managed",
                "There is a state already.",
            ));
        }
        let process = self.configured().await?;
        let imported = process.import(&by).await?;
        self.keep_found(imported).await
    }

    /// Reads what was found elsewhere, and stores it.
    async fn keep_found(&mut self, found: Answered) -> Result<Json, Diagnostics> {
        self.note(found.diagnostics)?;
        not_deferred(found.deferral)?;
        let process = self.configured().await?;
        let live = process
            .read(&found.value, found.private, found.identity.as_ref())
            .await?;
        self.note(live.diagnostics)?;
        not_deferred(live.deferral)?;
        if live.value.is_null() {
            let detail = "The provider found nothing by that name.";
            return Err(Diagnostics::error("Cannot import non-existent remote object", detail));
        }
        self.check_identity(found.identity.as_ref(), live.identity.as_ref())?;
        let version = self.schema.version;
        let stored = process.store(&live.value, version, live.private, live.identity.as_ref())?;
        Ok(self.state.insert(stored).json.clone())
    }

    /// Fails unless the object has an identity, the one that it had, if this type of resource has any.
    pub(super) fn check_identity(&self, before: Option<&Value>, now: Option<&Value>) -> Result<(), Diagnostics> {
        let Some(schema) = &self.identity_schema else {
            return Ok(());
        };
        if !now.is_some_and(|now| is_complete(schema, now)) {
            return rule(Diagnostic::bug("The object is there, but its identity is not.").into());
        }
        planned(before.cloned(), now.cloned(), false).map_or_else(rule, |_| Ok(()))
    }
}
