//! States as a core stores them between two processes: JSON, with what it keeps beside it.

use prost::bytes::Bytes;
use tfplugin::tfplugin6 as proto;

use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::provider::Provider;
use crate::server::in_process::{InProcess, StoredIdentity};
use crate::types::Type;
use crate::value::Value;
use crate::wire::form::WireForm;
use crate::wire::json;

/// A state as the core stores it, and what it keeps beside it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) version: i64,
    pub(crate) json: serde_json::Value,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<StoredIdentity>,
}

impl<P: Provider> InProcess<P> {
    /// A state as the core stores it.
    pub(crate) fn store(
        &self,
        state: &Value,
        version: i64,
        private: Bytes,
        identity: Option<&Value>,
    ) -> Result<Stored, Diagnostics> {
        let identity = match (identity, &self.identity_schema) {
            (Some(identity), Some(schema)) => Some(StoredIdentity {
                version: schema.version,
                json: stored_json(identity, &schema.value_type())?,
            }),
            _ => None,
        };
        Ok(Stored {
            version,
            json: stored_json(&self.schema.lower(state), &self.schema.wire_type())?,
            private,
            identity,
        })
    }
}

/// What is stored, as it comes in a request.
pub(super) fn raw(json: &serde_json::Value) -> proto::RawState {
    proto::RawState {
        json: json.to_string().into_bytes().into(),
        ..Default::default()
    }
}

fn stored_json(value: &Value, of: &Type) -> Result<serde_json::Value, Diagnostics> {
    let text = json::to_json(value, of)
        .map_err(|error| Diagnostic::bug(format!("A state cannot be stored: {}.", error_chain(&error))))?;
    serde_json::from_str(&text)
        .map_err(|error| Diagnostic::bug(format!("A state is stored as something else than JSON: {error}.")).into())
}
