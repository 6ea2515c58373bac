//! The calls that concern the provider as a whole: what there is, and its configuration.

use std::sync::{Arc, PoisonError};

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::validate::{self, draft};
use crate::model::Model;
use crate::provider::Provider;
use crate::server::rpc::ProviderService;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    pub(super) fn metadata(&self) -> proto::get_metadata::Response {
        use proto::get_metadata::{DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ResourceMetadata};
        let resources = self.resources.keys().map(|name| ResourceMetadata {
            type_name: (*name).to_owned(),
        });
        let data_sources = self.data_sources.keys().map(|name| DataSourceMetadata {
            type_name: (*name).to_owned(),
        });
        let ephemeral_resources = self.ephemeral_resources.keys().map(|name| EphemeralMetadata {
            type_name: (*name).to_owned(),
        });
        let functions = self.functions.keys().map(|name| FunctionMetadata {
            name: (*name).to_owned(),
        });
        proto::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: resources.collect(),
            data_sources: data_sources.collect(),
            ephemeral_resources: ephemeral_resources.collect(),
            functions: functions.collect(),
            ..Default::default()
        }
    }

    /// All schemas; in a debug build, an error if the core, or the framework, could not work with them.
    pub(super) fn schemas(&self) -> proto::get_provider_schema::Response {
        let resources = self.resources.iter().map(|(name, resource)| (*name, resource.schema()));
        let data_sources = self.data_sources.iter().map(|(name, source)| (*name, source.schema()));
        let ephemeral_resources = self.ephemeral_resources.iter();
        let ephemeral_resources = ephemeral_resources.map(|(name, resource)| (*name, resource.schema()));
        let mut diagnostics = Diagnostics::new();
        if cfg!(debug_assertions) {
            let problems = self.provider.lint();
            if !problems.is_empty() {
                diagnostics.push(Diagnostic::bug(problems.join("\n")));
            }
        }
        proto::get_provider_schema::Response {
            provider: Some(to_proto::schema(&self.schema)),
            resource_schemas: to_proto::schemas(resources),
            data_source_schemas: to_proto::schemas(data_sources),
            ephemeral_resource_schemas: to_proto::schemas(ephemeral_resources),
            functions: self.function_declarations(),
            server_capabilities: Some(capabilities()),
            diagnostics: to_proto::diagnostics(diagnostics),
            ..Default::default()
        }
    }

    pub(super) fn validate_provider(
        &self,
        request: &proto::validate_provider_config::Request,
    ) -> Result<proto::validate_provider_config::Response, Diagnostics> {
        let config = from_proto::value(request.config.as_ref(), &self.schema)?;
        let mut diagnostics = validate::validate_config(&self.schema, &config, true);
        if let Some(draft) = draft(&config, &mut diagnostics) {
            self.provider.validate(&draft, &mut diagnostics);
        }
        Ok(proto::validate_provider_config::Response {
            diagnostics: to_proto::diagnostics_in(&self.schema, diagnostics),
        })
    }

    /// Makes the clients. If it is called again, the operations after that get the new ones.
    ///
    /// An answer to this call cannot be a deferral. Where the configuration has to wait, each operation that needs the
    /// clients says so, be it as a deferral or as an error: what the core allows comes with the operation's own call.
    pub(super) async fn configure(
        &self,
        request: &proto::configure_provider::Request,
    ) -> Result<proto::configure_provider::Response, Diagnostics> {
        tracing::info!(core_version = request.terraform_version, "configuring the provider");
        let config = from_proto::value(request.config.as_ref(), &self.schema)?;
        let mut diagnostics = Diagnostics::new();
        let Some(draft) = draft::<<P::Model as Model>::Draft>(&config, &mut diagnostics) else {
            return Err(diagnostics);
        };
        let stop = self.stop_token();
        let clients = tokio::select! {
            clients = self.provider.configure(draft) => clients,
            () = stop.cancelled() => return Err(Diagnostics::error(
                "Operation cancelled",
                "It was cancelled while the provider was being configured.",
            )),
        };
        let configured = match clients {
            Ok(clients) => Ok(self.closed_at_the_end(clients)),
            Err(failure) if failure.deferral().is_some() => {
                tracing::debug!("the configuration of the provider has to wait");
                Err(failure)
            }
            Err(failure) => return Err(failure),
        };
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = Some(configured);
        Ok(proto::configure_provider::Response::default())
    }

    /// Clients that give back what they hold when the server stops; it waits for that as for operations.
    fn closed_at_the_end(&self, clients: P::Clients) -> Arc<P::Clients> {
        let clients = Arc::new(clients);
        let (provider, held, end) = (Arc::clone(&self.provider), Arc::clone(&clients), self.end.clone());
        self.operations.spawn(async move {
            end.cancelled().await;
            provider.close(&held).await;
        });
        clients
    }
}

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}
