//! A provider's service for tests: called with values in place of messages, by way of the wire formats, without a
//! connection.

use std::sync::Arc;

use prost::bytes::Bytes;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as _;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status};

use crate::diagnostics::{Deferral, Diagnostic, Diagnostics};
use crate::identity::{IdentitySchema, ImportBy};
use crate::path::Path;
use crate::provider::Provider;
use crate::schema::Schema;
use crate::server::in_process::stored::raw;
use crate::server::rpc::ProviderService;
use crate::value::Value;
use crate::wire::{from_proto, to_proto};

mod identity;
mod stored;

pub(crate) use identity::{Foreign, StoredIdentity};
pub(crate) use stored::Stored;

/// One process of a provider, as the core sees it, for one type of resource. What its clients hold is given back when
/// it is dropped.
pub(crate) struct InProcess<P: Provider> {
    service: ProviderService<P>,
    _end: DropGuard,
    type_name: &'static str,
    schema: Schema,
    identity_schema: Option<IdentitySchema>,
    deferral_allowed: bool,
}

/// What a call answered: a value, what is kept beside it, and messages.
pub(crate) struct Answered {
    pub(crate) value: Value,
    pub(crate) private: Bytes,
    pub(crate) identity: Option<Value>,
    pub(crate) requires_replace: Vec<Path>,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) deferral: Option<Deferral>,
}

impl<P: Provider> InProcess<P> {
    /// Starts a process.
    pub(crate) fn start(
        provider: Arc<P>,
        type_name: &'static str,
        schema: &Schema,
        identity_schema: Option<&IdentitySchema>,
    ) -> Self {
        let end = CancellationToken::new();
        InProcess {
            service: ProviderService::new(provider, end.clone(), TaskTracker::new()),
            _end: end.drop_guard(),
            type_name,
            schema: schema.clone(),
            identity_schema: identity_schema.cloned(),
            deferral_allowed: false,
        }
    }

    /// Started by a core that asks to defer what cannot be done yet, or by one that does not.
    pub(crate) fn with_deferral(mut self, allowed: bool) -> Self {
        self.deferral_allowed = allowed;
        self
    }

    pub(crate) async fn configure(&self, config: &Value, schema: &Schema) -> Result<Diagnostics, Diagnostics> {
        let config = to_proto::value(config, schema)?;
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
        Ok(diagnostics)
    }

    pub(crate) async fn validate(&self, config: &Value) -> Result<Diagnostics, Diagnostics> {
        let request = proto::validate_resource_config::Request {
            type_name: self.type_name.to_owned(),
            config: Some(self.encode(config)?),
            client_capabilities: Some(self.capabilities()),
        };
        let answer = answer(self.service.validate_resource_config(Request::new(request)).await)?;
        Ok(from_proto::diagnostics(answer.diagnostics))
    }

    pub(crate) async fn upgrade(&self, stored: &Stored) -> Result<Answered, Diagnostics> {
        let request = proto::upgrade_resource_state::Request {
            type_name: self.type_name.to_owned(),
            version: stored.version,
            raw_state: Some(raw(&stored.json)),
        };
        let answer = answer(self.service.upgrade_resource_state(Request::new(request)).await)?;
        self.answered(answer.upgraded_state, stored.private.clone(), None, answer.diagnostics)
    }

    pub(crate) async fn read(
        &self,
        state: &Value,
        private: Bytes,
        identity: Option<&Value>,
    ) -> Result<Answered, Diagnostics> {
        let request = proto::read_resource::Request {
            type_name: self.type_name.to_owned(),
            current_state: Some(self.encode(state)?),
            private,
            current_identity: self.encode_identity(identity)?,
            client_capabilities: Some(self.capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.read_resource(Request::new(request)).await)?;
        let (value, identity) = (answer.new_state, answer.new_identity);
        Ok(Answered {
            deferral: from_proto::deferral(answer.deferred),
            ..self.answered(value, answer.private, identity, answer.diagnostics)?
        })
    }

    pub(crate) async fn plan(
        &self,
        prior: &Value,
        proposed: &Value,
        config: &Value,
        private: Bytes,
        identity: Option<&Value>,
    ) -> Result<Answered, Diagnostics> {
        let request = proto::plan_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.encode(prior)?),
            proposed_new_state: Some(self.encode(proposed)?),
            config: Some(self.encode(config)?),
            prior_private: private,
            prior_identity: self.encode_identity(identity)?,
            client_capabilities: Some(self.capabilities()),
            ..Default::default()
        };
        let answer = answer(self.service.plan_resource_change(Request::new(request)).await)?;
        let requires_replace = answer.requires_replace.into_iter().map(from_proto::path).collect();
        Ok(Answered {
            requires_replace,
            deferral: from_proto::deferral(answer.deferred),
            ..self.answered(
                answer.planned_state,
                answer.planned_private,
                answer.planned_identity,
                answer.diagnostics,
            )?
        })
    }

    pub(crate) async fn apply(
        &self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: Bytes,
        identity: Option<&Value>,
    ) -> Result<Answered, Diagnostics> {
        let request = proto::apply_resource_change::Request {
            type_name: self.type_name.to_owned(),
            prior_state: Some(self.encode(prior)?),
            planned_state: Some(self.encode(planned)?),
            config: Some(self.encode(config)?),
            planned_private: private,
            planned_identity: self.encode_identity(identity)?,
            ..Default::default()
        };
        let answer = answer(self.service.apply_resource_change(Request::new(request)).await)?;
        self.answered(
            answer.new_state,
            answer.private,
            answer.new_identity,
            answer.diagnostics,
        )
    }

    pub(crate) async fn import(&self, by: &ImportBy<Value>) -> Result<Answered, Diagnostics> {
        let (id, identity) = match by {
            ImportBy::Id(id) => (id.clone(), None),
            ImportBy::Identity(identity) => (String::new(), self.encode_identity(Some(identity))?),
        };
        let request = proto::import_resource_state::Request {
            type_name: self.type_name.to_owned(),
            id,
            identity,
            client_capabilities: Some(self.capabilities()),
        };
        let mut answer = answer(self.service.import_resource_state(Request::new(request)).await)?;
        let imported = answer.imported_resources.pop().unwrap_or_default();
        Ok(Answered {
            deferral: from_proto::deferral(answer.deferred),
            ..self.answered(imported.state, imported.private, imported.identity, answer.diagnostics)?
        })
    }

    pub(crate) async fn generate_config(&self, state: &Value) -> Result<Answered, Diagnostics> {
        let request = proto::generate_resource_config::Request {
            type_name: self.type_name.to_owned(),
            state: Some(self.encode(state)?),
        };
        let answer = answer(self.service.generate_resource_config(Request::new(request)).await)?;
        self.answered(answer.config, Bytes::new(), None, answer.diagnostics)
    }

    /// What a current core can do.
    fn capabilities(&self) -> proto::ClientCapabilities {
        proto::ClientCapabilities {
            deferral_allowed: self.deferral_allowed,
            write_only_attributes_allowed: true,
            ..Default::default()
        }
    }

    fn encode_identity(&self, identity: Option<&Value>) -> Result<Option<proto::ResourceIdentityData>, Diagnostics> {
        to_proto::identity(identity, self.identity_schema.as_ref())
    }

    fn encode(&self, value: &Value) -> Result<proto::DynamicValue, Diagnostics> {
        to_proto::value(value, &self.schema)
    }

    fn answered(
        &self,
        value: Option<proto::DynamicValue>,
        private: Bytes,
        identity: Option<proto::ResourceIdentityData>,
        diagnostics: Vec<proto::Diagnostic>,
    ) -> Result<Answered, Diagnostics> {
        Ok(Answered {
            value: from_proto::value(value.as_ref(), &self.schema)?,
            private,
            identity: from_proto::identity(identity.as_ref(), self.identity_schema.as_ref())?,
            requires_replace: Vec::new(),
            diagnostics: from_proto::diagnostics(diagnostics),
            deferral: None,
        })
    }
}

fn answer<T>(answer: Result<Response<T>, Status>) -> Result<T, Diagnostics> {
    answer
        .map(Response::into_inner)
        .map_err(|status| Diagnostic::bug(format!("The call was not answered: {}.", status.message())).into())
}
