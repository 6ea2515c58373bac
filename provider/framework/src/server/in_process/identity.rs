//! The calls by which a core finds out what its states are about: stored identities, and states of other types.

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as _;
use tonic::Request;

use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::provider::Provider;
use crate::server::in_process::stored::raw;
use crate::server::in_process::{Answered, InProcess, Stored, answer};
use crate::value::Value;
use crate::wire::{from_proto, json};

/// An identity as the core stores it.
#[derive(Clone, Debug)]
pub(crate) struct StoredIdentity {
    pub(crate) version: i64,
    pub(crate) json: serde_json::Value,
}

/// What another type of resource has stored.
pub(crate) struct Foreign<'a> {
    pub(crate) provider_address: &'a str,
    pub(crate) type_name: &'a str,
    pub(crate) stored: Stored,
}

impl<P: Provider> InProcess<P> {
    /// The identity of a state; one of this version is read without asking the provider, as cores do it.
    pub(crate) async fn upgrade_identity(&self, stored: &StoredIdentity) -> Result<Option<Value>, Diagnostics> {
        let Some(schema) = &self.identity_schema else {
            return Ok(None);
        };
        if stored.version == schema.version {
            let decoded = json::decode(stored.json.to_string().as_bytes(), &schema.value_type());
            return decoded.map(Some).map_err(|error| {
                Diagnostic::bug(format!("An identity was stored wrong: {}.", error_chain(&error))).into()
            });
        }
        let request = proto::upgrade_resource_identity::Request {
            type_name: self.type_name.to_owned(),
            version: stored.version,
            raw_identity: Some(raw(&stored.json)),
        };
        let answer = answer(self.service.upgrade_resource_identity(Request::new(request)).await)?;
        from_proto::diagnostics(answer.diagnostics).into_result(())?;
        from_proto::identity(answer.upgraded_identity.as_ref(), Some(schema))
    }

    pub(crate) async fn move_state(&self, foreign: &Foreign<'_>) -> Result<Answered, Diagnostics> {
        let Foreign {
            provider_address,
            type_name,
            stored,
        } = foreign;
        let request = proto::move_resource_state::Request {
            source_provider_address: (*provider_address).to_owned(),
            source_type_name: (*type_name).to_owned(),
            source_schema_version: stored.version,
            source_state: Some(raw(&stored.json)),
            source_private: stored.private.clone(),
            target_type_name: self.type_name.to_owned(),
            source_identity: stored.identity.as_ref().map(|identity| raw(&identity.json)),
            source_identity_schema_version: stored.identity.as_ref().map_or(0, |identity| identity.version),
        };
        let answer = answer(self.service.move_resource_state(Request::new(request)).await)?;
        self.answered(
            answer.target_state,
            answer.target_private,
            answer.target_identity,
            answer.diagnostics,
        )
    }
}
