//! The calls that concern ephemeral resources.

use std::sync::Arc;

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ephemeral::erased::DynEphemeralResource;
use crate::lifecycle::validate;
use crate::operations::ephemeral::{self, Session};
use crate::operations::surroundings::conclude;
use crate::provider::Provider;
use crate::server::rpc::ProviderService;
use crate::value::Value;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    pub(super) fn validate_ephemeral(
        &self,
        request: &proto::validate_ephemeral_resource_config::Request,
    ) -> Result<proto::validate_ephemeral_resource_config::Response, Diagnostics> {
        let resource = self.ephemeral_resource(&request.type_name)?;
        let config = from_proto::value(request.config.as_ref(), resource.schema())?;
        let mut diagnostics = validate::validate_config(resource.schema(), &config, true);
        resource.validate(&config, &mut diagnostics);
        Ok(proto::validate_ephemeral_resource_config::Response {
            diagnostics: to_proto::diagnostics_in(resource.schema(), diagnostics),
        })
    }

    pub(super) async fn open(
        &self,
        request: &proto::open_ephemeral_resource::Request,
    ) -> Result<proto::open_ephemeral_resource::Response, Diagnostics> {
        let session = self.session(&request.type_name, request.client_capabilities)?;
        let deferral_allowed = session.surroundings.deferral_allowed;
        let resource = Arc::clone(&session.resource);
        let schema = resource.schema();
        let config = from_proto::value(request.config.as_ref(), schema)?;
        let outcome = ephemeral::open(session, config).await;
        let mut diagnostics = outcome.warnings;
        let mut answer = proto::open_ephemeral_resource::Response::default();
        match outcome.result {
            Ok(opened) => {
                answer.result = Some(to_proto::value(&opened.result, schema)?);
                answer.renew_at = opened.lease.renew_at.map(Into::into);
                answer.private = Some(opened.lease.private.into());
            }
            Err(failure) => {
                // Without a value of the type, OpenTofu would complain of that too.
                answer.result = Some(to_proto::value(&Value::Null, schema)?);
                let deferral = conclude(failure, deferral_allowed, &mut diagnostics);
                answer.deferred = deferral.map(to_proto::deferral);
            }
        }
        answer.diagnostics = to_proto::diagnostics_in(schema, diagnostics);
        Ok(answer)
    }

    pub(super) async fn renew(
        &self,
        request: &proto::renew_ephemeral_resource::Request,
    ) -> Result<proto::renew_ephemeral_resource::Response, Diagnostics> {
        let session = self.session(&request.type_name, None)?;
        let outcome = ephemeral::renew(session, request.private().to_vec()).await;
        let mut diagnostics = outcome.warnings;
        let mut answer = proto::renew_ephemeral_resource::Response::default();
        match outcome.result {
            Ok(lease) => {
                answer.renew_at = lease.renew_at.map(Into::into);
                answer.private = Some(lease.private.into());
            }
            Err(failure) => {
                // What was opened has to be closed all the same.
                answer.private.clone_from(&request.private);
                diagnostics.append(failure);
            }
        }
        answer.diagnostics = to_proto::diagnostics(diagnostics);
        Ok(answer)
    }

    pub(super) async fn close(
        &self,
        request: &proto::close_ephemeral_resource::Request,
    ) -> Result<proto::close_ephemeral_resource::Response, Diagnostics> {
        let session = self.session(&request.type_name, None)?;
        let outcome = ephemeral::close(session, request.private().to_vec()).await;
        let mut diagnostics = outcome.warnings;
        if let Err(failure) = outcome.result {
            diagnostics.append(failure);
        }
        Ok(proto::close_ephemeral_resource::Response {
            diagnostics: to_proto::diagnostics(diagnostics),
        })
    }

    fn session(
        &self,
        type_name: &str,
        capabilities: Option<proto::ClientCapabilities>,
    ) -> Result<Session<P::Clients>, Diagnostics> {
        Ok(Session {
            resource: Arc::clone(self.ephemeral_resource(type_name)?),
            surroundings: self.surroundings(capabilities),
            end: self.end.clone(),
        })
    }

    fn ephemeral_resource(&self, type_name: &str) -> Result<&Arc<dyn DynEphemeralResource<P::Clients>>, Diagnostics> {
        let found = self.ephemeral_resources.get(type_name);
        found.ok_or_else(|| {
            Diagnostic::bug(format!(
                "The core asked for the unknown ephemeral resource {type_name}."
            ))
            .into()
        })
    }
}
