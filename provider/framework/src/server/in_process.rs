//! A provider's service for tests: called with values in place of messages, by way of the wire formats, without a
//! connection.

use std::sync::Arc;

use prost::bytes::Bytes;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as _;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::Schema;
use crate::server::rpc::ProviderService;
use crate::value::Value;
use crate::wire::form::WireForm;
use crate::wire::{from_proto, json, to_proto};

/// One process of a provider, as the core sees it, for one type of resource.
pub(crate) struct InProcess<P: Provider> {
    service: ProviderService<P>,
    type_name: &'static str,
    schema: Schema,
}

/// A state as the core stores it, and what it keeps beside it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) version: i64,
    pub(crate) json: serde_json::Value,
    pub(crate) private: Bytes,
}

/// What a call answered: a value, what is kept beside it, and messages.
pub(crate) struct Answered {
    pub(crate) value: Value,
    pub(crate) private: Bytes,
    pub(crate) requires_replace: Vec<Path>,
    pub(crate) diagnostics: Diagnostics,
}

impl<P: Provider> InProcess<P> {
    /// Starts a process.
    pub(crate) fn start(provider: Arc<P>, type_name: &'static str, schema: &Schema, end: &CancellationToken) -> Self {
        InProcess {
            service: ProviderService::new(provider, end.clone()),
            type_name,
            schema: schema.clone(),
        }
    }

    pub(crate) async fn configure(&self, config: &serde_json::Value) -> Diagnostics {
        let config = proto::DynamicValue {
            json: config.to_string().into_bytes().into(),
            ..Default::default()
        };
        let validation = proto::validate_provider_config::Request {
            config: Some(config.clone()),
        };
        let mut diagnostics = match answer(self.service.validate_provider_config(Request::new(validation)).await) {
            Ok(answer) => from_proto::diagnostics(answer.diagnostics),
            Err(failure) => failure,
        };
        if !diagnostics.has_errors() {
            let configuration = proto::configure_provider::Request {
                config: Some(config),
                ..Default::default()
            };
            match answer(self.service.configure_provider(Request::new(configuration)).await) {
                Ok(answer) => diagnostics.append(from_proto::diagnostics(answer.diagnostics)),
                Err(failure) => diagnostics.append(failure),
            }
        }
        diagnostics
    }

    pub(crate) async fn validate(&self, config: &Value) -> Result<Diagnostics, Diagnostics> {
        let request = proto::validate_resource_config::Request {
            type_name: self.type_name.to_owned(),
            config: Some(self.encode(config)?),
            client_capabilities: Some(capabilities()),
        };
        let answer = answer(self.service.validate_resource_config(Request::new(request)).await)?;
        Ok(from_proto::diagnostics(answer.diagnostics))
    }

    pub(crate) async fn upgrade(&self, stored: &Stored) -> Result<Answered, Diagnostics> {
        let request = proto::upgrade_resource_state::Request {
            type_name: self.type_name.to_owned(),
            version: stored.version,
            raw_state: Some(proto::RawState {
                json: stored.json.to_string().into_bytes().into(),
                ..Default::default()
            }),
        };
        let answer = answer(self.service.upgrade_resource_state(Request::new(request)).await)?;
        self.answered(answer.upgraded_state, stored.private.clone(), answer.diagnostics)
    }

    pub(crate) async fn read(&self, state: &Value, private: Bytes) -> Result<Answered, Diagnostics> {
        let request = proto::read_resource::Request {
            type_name: self.type_name.to_owned(),
            current_state: Some(self.encode(state)?),
            private,
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.read_resource(Request::new(request)).await)?;
        self.answered(answer.new_state, answer.private, answer.diagnostics)
    }

    pub(crate) async fn plan(
        &self,
        prior: &Value,
        proposed: &Value,
        config: &Value,
        private: Bytes,
    ) -> Result<Answered, Diagnostics> {
        let request = proto::plan_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.encode(prior)?),
            proposed_new_state: Some(self.encode(proposed)?),
            config: Some(self.encode(config)?),
            prior_private: private,
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.plan_resource_change(Request::new(request)).await)?;
        let requires_replace = answer.requires_replace.into_iter().map(from_proto::path).collect();
        Ok(Answered {
            requires_replace,
            ..self.answered(answer.planned_state, answer.planned_private, answer.diagnostics)?
        })
    }

    pub(crate) async fn apply(
        &self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: Bytes,
    ) -> Result<Answered, Diagnostics> {
        let request = proto::apply_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.encode(prior)?),
            planned_state: Some(self.encode(planned)?),
            config: Some(self.encode(config)?),
            planned_private: private,
            ..Default::default()
        };
        let answer = answer(self.service.apply_resource_change(Request::new(request)).await)?;
        self.answered(answer.new_state, answer.private, answer.diagnostics)
    }

    pub(crate) async fn import(&self, id: &str) -> Result<Answered, Diagnostics> {
        let request = proto::import_resource_state::Request {
            type_name: self.type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let mut answer = answer(self.service.import_resource_state(Request::new(request)).await)?;
        let imported = answer.imported_resources.pop().unwrap_or_default();
        self.answered(imported.state, imported.private, answer.diagnostics)
    }

    /// A state as the core stores it.
    pub(crate) fn store(&self, state: &Value, version: i64, private: Bytes) -> Result<Stored, Diagnostics> {
        let text = json::to_json(&self.schema.lower(state), &self.schema.wire_type())
            .map_err(|error| Diagnostic::bug(format!("A state cannot be stored: {}.", error_chain(&error))))?;
        let json = serde_json::from_str(&text)
            .map_err(|error| Diagnostic::bug(format!("A state is stored as something else than JSON: {error}.")))?;
        Ok(Stored { version, json, private })
    }

    fn encode(&self, value: &Value) -> Result<proto::DynamicValue, Diagnostics> {
        to_proto::value(value, &self.schema)
    }

    fn answered(
        &self,
        value: Option<proto::DynamicValue>,
        private: Bytes,
        diagnostics: Vec<proto::Diagnostic>,
    ) -> Result<Answered, Diagnostics> {
        Ok(Answered {
            value: from_proto::value(value.as_ref(), &self.schema)?,
            private,
            requires_replace: Vec::new(),
            diagnostics: from_proto::diagnostics(diagnostics),
        })
    }
}

/// What a current core can do.
fn capabilities() -> proto::ClientCapabilities {
    proto::ClientCapabilities {
        write_only_attributes_allowed: true,
        ..Default::default()
    }
}

fn answer<T>(answer: Result<Response<T>, Status>) -> Result<T, Diagnostics> {
    answer
        .map(Response::into_inner)
        .map_err(|status| Diagnostic::bug(format!("The call was not answered: {}.", status.message())).into())
}
