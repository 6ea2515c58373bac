//! The calls that concern resources: each is decoded, handed to the [`operations`], and encoded.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::lifecycle::validate;
use crate::operations;
use crate::operations::apply::{ApplyRequest, StateAnswer};
use crate::operations::plan::PlanRequest;
use crate::provider::Provider;
use crate::server::rpc::ProviderService;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    pub(super) fn validate_resource(
        &self,
        request: &proto::validate_resource_config::Request,
    ) -> Result<proto::validate_resource_config::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let config = from_proto::value(request.config.as_ref(), resource.schema())?;
        let write_only_allowed = request
            .client_capabilities
            .is_some_and(|capabilities| capabilities.write_only_attributes_allowed);
        let mut diagnostics = validate::validate_config(resource.schema(), &config, write_only_allowed);
        resource.validate(&config, &mut diagnostics);
        Ok(proto::validate_resource_config::Response {
            diagnostics: to_proto::diagnostics_in(resource.schema(), diagnostics),
        })
    }

    pub(super) fn upgrade(
        &self,
        request: &proto::upgrade_resource_state::Request,
    ) -> Result<proto::upgrade_resource_state::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let stored = from_proto::raw_state(request.raw_state.as_ref())?;
        let state = operations::upgrade::upgrade(resource, request.version, stored)?;
        Ok(proto::upgrade_resource_state::Response {
            upgraded_state: Some(to_proto::value(&state, resource.schema())?),
            ..Default::default()
        })
    }

    pub(super) async fn read(
        &self,
        request: &proto::read_resource::Request,
    ) -> Result<proto::read_resource::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let state = from_proto::value(request.current_state.as_ref(), schema)?;
        let (clients, stop) = (self.clients()?, self.stop_token());
        let answer = operations::read::read(resource, clients, state, &request.private, &stop).await;
        Ok(proto::read_resource::Response {
            new_state: Some(to_proto::value(&answer.state, schema)?),
            private: answer.private.into(),
            diagnostics: to_proto::diagnostics_in(schema, answer.diagnostics),
            ..Default::default()
        })
    }

    /// Plans; what is kept beside the state goes into the plan as it is, also beside errors.
    pub(super) async fn plan(
        &self,
        request: &proto::plan_resource_change::Request,
    ) -> Result<proto::plan_resource_change::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let asked = PlanRequest {
            prior: from_proto::value(request.prior_state.as_ref(), schema)?,
            proposed: from_proto::value(request.proposed_new_state.as_ref(), schema)?,
            config: from_proto::value(request.config.as_ref(), schema)?,
            private: request.prior_private.to_vec(),
        };
        let (planned, mut diagnostics) =
            operations::plan::plan(resource, self.clients()?, &asked, &self.stop_token()).await;
        let mut answer = proto::plan_resource_change::Response {
            planned_private: request.prior_private.clone(),
            ..Default::default()
        };
        match planned.and_then(|planned| Ok((to_proto::value(&planned.value, schema)?, planned))) {
            Ok((value, planned)) => {
                answer.planned_state = Some(value);
                answer.requires_replace = planned.requires_replace.into_iter().map(to_proto::path).collect();
            }
            Err(failure) => diagnostics.append(failure),
        }
        answer.diagnostics = to_proto::diagnostics_in(schema, diagnostics);
        Ok(answer)
    }

    /// Applies. Once that has begun, every answer carries a state: the operation sees to it that it can be encoded.
    pub(super) async fn apply(
        &self,
        request: &proto::apply_resource_change::Request,
    ) -> Result<proto::apply_resource_change::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let change = ApplyRequest {
            prior: from_proto::value(request.prior_state.as_ref(), schema)?,
            planned: from_proto::value(request.planned_state.as_ref(), schema)?,
            config: from_proto::value(request.config.as_ref(), schema)?,
            private: request.planned_private.to_vec(),
        };
        let StateAnswer {
            state,
            private,
            diagnostics,
        } = operations::apply::apply(resource, self.clients()?, change, &self.stop_token()).await;
        Ok(proto::apply_resource_change::Response {
            new_state: Some(to_proto::value(&state, schema)?),
            private: private.into(),
            diagnostics: to_proto::diagnostics_in(schema, diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: &proto::import_resource_state::Request,
    ) -> Result<proto::import_resource_state::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        if request.id.is_empty() {
            return Err(Diagnostics::error(
                "Import needs an id",
                format!(
                    "A {} is imported by its id, not by an identity: give `id` in the `import` block.",
                    request.type_name
                ),
            ));
        }
        let (clients, id) = (self.clients()?, request.id.clone());
        let answer = operations::import::import(resource, clients, id, &self.stop_token()).await;
        let mut imported_resources = Vec::new();
        if !answer.state.is_null() {
            imported_resources.push(proto::import_resource_state::ImportedResource {
                type_name: request.type_name.clone(),
                state: Some(to_proto::value(&answer.state, resource.schema())?),
                private: answer.private.into(),
                ..Default::default()
            });
        }
        Ok(proto::import_resource_state::Response {
            imported_resources,
            diagnostics: to_proto::diagnostics_in(resource.schema(), answer.diagnostics),
            ..Default::default()
        })
    }

    /// No resource takes over states of another type; OpenTofu asks even so, as it ignores the capability.
    pub(super) fn take_over(
        &self,
        request: &proto::move_resource_state::Request,
    ) -> Result<proto::move_resource_state::Response, Diagnostics> {
        self.resource(&request.target_type_name)?;
        Err(Diagnostics::error(
            "Unable to move resource",
            format!(
                "A {} cannot become a {}. Take the old one out of the state with a `removed` block, and import the object \
                 as the new one.",
                request.source_type_name, request.target_type_name
            ),
        ))
    }
}
