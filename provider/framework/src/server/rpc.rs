//! The Provider service: each call is resolved, decoded, handed to the [`lifecycle`](crate::lifecycle), and encoded.
//!
//! Nothing here decides anything. A call answers with diagnostics, never with a gRPC error: the core would drop the state
//! that comes with it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use tracing::Instrument;

use crate::data_source::DynDataSource;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::validate;
use crate::model::{FromValue, Model};
use crate::operations;
use crate::operations::apply::{ApplyRequest, StateAnswer};
use crate::operations::plan::PlanRequest;
use crate::panic::catch_panics;
use crate::provider::Provider;
use crate::resource::erased::DynResource;
use crate::schema::Schema;
use crate::wire::{from_proto, to_proto};

mod answer;

use answer::Answer;

/// A provider as a gRPC service.
pub(crate) struct ProviderService<P: Provider> {
    provider: P,
    schema: Schema,
    resources: BTreeMap<&'static str, Box<dyn DynResource<P::Clients>>>,
    data_sources: BTreeMap<&'static str, Box<dyn DynDataSource<P::Clients>>>,
    clients: RwLock<Option<Arc<P::Clients>>>,
    stop: Mutex<CancellationToken>,
}

type Resource<P> = dyn DynResource<<P as Provider>::Clients>;
type DataSource<P> = dyn DynDataSource<<P as Provider>::Clients>;

impl<P: Provider> ProviderService<P> {
    pub(crate) fn new(provider: P) -> Self {
        let resources = provider
            .resources()
            .into_iter()
            .map(|entry| (entry.type_name(), entry.0))
            .collect();
        let data_sources = provider
            .data_sources()
            .into_iter()
            .map(|entry| (entry.type_name(), entry.0))
            .collect();
        let schema = provider.schema();
        ProviderService {
            provider,
            schema,
            resources,
            data_sources,
            clients: RwLock::default(),
            stop: Mutex::default(),
        }
    }

    fn resource(&self, type_name: &str) -> Result<&Resource<P>, Diagnostics> {
        let found = self.resources.get(type_name).map(AsRef::as_ref);
        found
            .ok_or_else(|| Diagnostic::bug(format!("The core asked for the unknown resource type {type_name}.")).into())
    }

    fn data_source(&self, type_name: &str) -> Result<&DataSource<P>, Diagnostics> {
        let found = self.data_sources.get(type_name).map(AsRef::as_ref);
        found.ok_or_else(|| Diagnostic::bug(format!("The core asked for the unknown data source {type_name}.")).into())
    }

    fn clients(&self) -> Result<Arc<P::Clients>, Diagnostics> {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner).clone();
        clients.ok_or_else(|| Diagnostic::bug("The core used the provider before it configured it.").into())
    }

    /// What cancels the calls that are open now.
    fn stop_token(&self) -> CancellationToken {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs one call in a span of its own and turns failures and panics into an answer with diagnostics.
async fn call<T: Answer>(
    rpc: &'static str,
    type_name: &str,
    handler: impl Future<Output = Result<T, Diagnostics>>,
) -> Result<Response<T>, Status> {
    let span = tracing::info_span!(
        "rpc",
        tf_rpc = rpc,
        tf_req_id = %uuid::Uuid::new_v4(),
        tf_resource_type = (!type_name.is_empty()).then_some(type_name),
    );
    let answered = async {
        tracing::trace!("received request");
        let answer = match catch_panics(handler).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => T::failed(failure),
            Err(panic) => T::failed(Diagnostic::bug(format!("The provider panicked: {panic}.")).into()),
        };
        tracing::trace!("served request");
        answer
    };
    Ok(Response::new(answered.instrument(span).await))
}

#[tonic::async_trait]
impl<P: Provider> proto::provider_server::Provider for ProviderService<P> {
    async fn get_metadata(
        &self,
        _: Request<proto::get_metadata::Request>,
    ) -> Result<Response<proto::get_metadata::Response>, Status> {
        use proto::get_metadata::{DataSourceMetadata, ResourceMetadata};
        let resources = self.resources.keys().map(|name| ResourceMetadata {
            type_name: (*name).to_owned(),
        });
        let data_sources = self.data_sources.keys().map(|name| DataSourceMetadata {
            type_name: (*name).to_owned(),
        });
        let answer = proto::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: resources.collect(),
            data_sources: data_sources.collect(),
            ..Default::default()
        };
        call("GetMetadata", "", async { Ok(answer) }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<proto::get_provider_schema::Request>,
    ) -> Result<Response<proto::get_provider_schema::Response>, Status> {
        call("GetProviderSchema", "", async {
            let resources = self.resources.iter().map(|(name, resource)| (*name, resource.schema()));
            let data_sources = self
                .data_sources
                .iter()
                .map(|(name, data_source)| (*name, data_source.schema()));
            Ok(proto::get_provider_schema::Response {
                provider: Some(to_proto::schema(&self.schema)),
                resource_schemas: to_proto::schemas(resources),
                data_source_schemas: to_proto::schemas(data_sources),
                server_capabilities: Some(capabilities()),
                ..Default::default()
            })
        })
        .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Result<Response<proto::get_resource_identity_schemas::Response>, Status> {
        call("GetResourceIdentitySchemas", "", async { Ok(Default::default()) }).await
    }

    async fn get_functions(
        &self,
        _: Request<proto::get_functions::Request>,
    ) -> Result<Response<proto::get_functions::Response>, Status> {
        call("GetFunctions", "", async { Ok(Default::default()) }).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Result<Response<proto::validate_provider_config::Response>, Status> {
        let request = request.into_inner();
        call("ValidateProviderConfig", "", async {
            let config = from_proto::value(request.config.as_ref(), &self.schema.value_type())?;
            let mut diagnostics = validate::validate_config(&self.schema, &config, true);
            if !diagnostics.has_errors() {
                self.provider
                    .validate(&FromValue::from_value(&config)?, &mut diagnostics);
            }
            Ok(proto::validate_provider_config::Response {
                diagnostics: to_proto::diagnostics(diagnostics),
            })
        })
        .await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Result<Response<proto::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        call("ValidateResourceConfig", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let config = from_proto::value(request.config.as_ref(), &resource.schema().value_type())?;
            let write_only_allowed = request
                .client_capabilities
                .is_some_and(|capabilities| capabilities.write_only_attributes_allowed);
            let mut diagnostics = validate::validate_config(resource.schema(), &config, write_only_allowed);
            diagnostics.append(resource.validate(&config));
            Ok(proto::validate_resource_config::Response {
                diagnostics: to_proto::diagnostics(diagnostics),
            })
        })
        .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Result<Response<proto::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        call("ValidateDataResourceConfig", &request.type_name, async {
            let data_source = self.data_source(&request.type_name)?;
            let config = from_proto::value(request.config.as_ref(), &data_source.schema().value_type())?;
            let mut diagnostics = validate::validate_config(data_source.schema(), &config, true);
            diagnostics.append(data_source.validate(&config));
            Ok(proto::validate_data_resource_config::Response {
                diagnostics: to_proto::diagnostics(diagnostics),
            })
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Result<Response<proto::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        call("UpgradeResourceState", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let stored = from_proto::raw_state(request.raw_state.as_ref())?;
            let state = operations::upgrade::upgrade(resource, request.version, stored)?;
            let upgraded_state = Some(to_proto::value(&state, &resource.schema().value_type())?);
            Ok(proto::upgrade_resource_state::Response {
                upgraded_state,
                ..Default::default()
            })
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Result<Response<proto::configure_provider::Response>, Status> {
        let request = request.into_inner();
        call("ConfigureProvider", "", async {
            tracing::info!(core_version = request.terraform_version, "configuring the provider");
            let config = from_proto::value(request.config.as_ref(), &self.schema.value_type())?;
            let draft = <P::Model as Model>::Draft::from_value(&config)?;
            let clients = self.provider.configure(draft).await?;
            *self.clients.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(clients));
            Ok(proto::configure_provider::Response::default())
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Result<Response<proto::read_resource::Response>, Status> {
        let request = request.into_inner();
        call("ReadResource", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let value_type = resource.schema().value_type();
            let state = from_proto::value(request.current_state.as_ref(), &value_type)?;
            let (clients, stop) = (self.clients()?, self.stop_token());
            let answer = operations::read::read(resource, clients, state, &request.private, &stop).await;
            Ok(proto::read_resource::Response {
                new_state: Some(to_proto::value(&answer.state, &value_type)?),
                private: answer.private.into(),
                diagnostics: to_proto::diagnostics(answer.diagnostics),
                ..Default::default()
            })
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        call("PlanResourceChange", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let value_type = resource.schema().value_type();
            let plan_request = PlanRequest {
                prior: from_proto::value(request.prior_state.as_ref(), &value_type)?,
                proposed: from_proto::value(request.proposed_new_state.as_ref(), &value_type)?,
                config: from_proto::value(request.config.as_ref(), &value_type)?,
                private: request.prior_private.to_vec(),
            };
            let (planned, mut diagnostics) =
                operations::plan::plan(resource, self.clients()?, &plan_request, &self.stop_token()).await;
            let mut answer = proto::plan_resource_change::Response {
                planned_private: request.prior_private,
                ..Default::default()
            };
            match planned {
                Ok(planned) => {
                    answer.planned_state = Some(to_proto::value(&planned.value, &value_type)?);
                    answer.requires_replace = planned.requires_replace.into_iter().map(to_proto::path).collect();
                }
                Err(failure) => diagnostics.append(failure),
            }
            answer.diagnostics = to_proto::diagnostics(diagnostics);
            Ok(answer)
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        call("ApplyResourceChange", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let value_type = resource.schema().value_type();
            let change = ApplyRequest {
                prior: from_proto::value(request.prior_state.as_ref(), &value_type)?,
                planned: from_proto::value(request.planned_state.as_ref(), &value_type)?,
                config: from_proto::value(request.config.as_ref(), &value_type)?,
                private: request.planned_private.to_vec(),
            };
            let StateAnswer {
                state,
                private,
                diagnostics,
            } = operations::apply::apply(resource, self.clients()?, change, &self.stop_token()).await;
            Ok(proto::apply_resource_change::Response {
                new_state: Some(to_proto::value(&state, &value_type)?),
                private: private.into(),
                diagnostics: to_proto::diagnostics(diagnostics),
                ..Default::default()
            })
        })
        .await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Result<Response<proto::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        call("ImportResourceState", &request.type_name, async {
            let resource = self.resource(&request.type_name)?;
            let answer = operations::import::import(resource, self.clients()?, request.id, &self.stop_token()).await;
            let mut imported_resources = Vec::new();
            if !answer.state.is_null() {
                imported_resources.push(proto::import_resource_state::ImportedResource {
                    type_name: request.type_name.clone(),
                    state: Some(to_proto::value(&answer.state, &resource.schema().value_type())?),
                    private: answer.private.into(),
                    ..Default::default()
                });
            }
            let diagnostics = to_proto::diagnostics(answer.diagnostics);
            Ok(proto::import_resource_state::Response {
                imported_resources,
                diagnostics,
                ..Default::default()
            })
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Result<Response<proto::read_data_source::Response>, Status> {
        let request = request.into_inner();
        call("ReadDataSource", &request.type_name, async {
            let data_source = self.data_source(&request.type_name)?;
            let value_type = data_source.schema().value_type();
            let config = from_proto::value(request.config.as_ref(), &value_type)?;
            let (found, diagnostics) =
                operations::read::read_data(data_source, self.clients()?, &config, &self.stop_token()).await;
            Ok(proto::read_data_source::Response {
                state: Some(to_proto::value(&found, &value_type)?),
                diagnostics: to_proto::diagnostics(diagnostics),
                ..Default::default()
            })
        })
        .await
    }

    async fn stop_provider(
        &self,
        _: Request<proto::stop_provider::Request>,
    ) -> Result<Response<proto::stop_provider::Response>, Status> {
        // Calls that are open now are cancelled; later ones, such as the closing of ephemeral resources, are not.
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *stop).cancel();
        drop(stop);
        tracing::info!("cancelled the open operations");
        Ok(Response::new(proto::stop_provider::Response::default()))
    }
}

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: false,
    }
}
