//! The calls that concern resources: each is decoded, handed to the [`operations`], and encoded.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::identity::{self, IdentitySchema, ImportBy};
use crate::lifecycle::generate::generate_config;
use crate::lifecycle::validate;
use crate::operations;
use crate::operations::apply::{ApplyRequest, StateAnswer};
use crate::operations::plan::PlanRequest;
use crate::provider::Provider;
use crate::server::rpc::ProviderService;
use crate::value::Value;
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
        let identity = from_proto::identity(request.current_identity.as_ref(), resource.identity_schema())?;
        let (clients, stop) = (self.clients()?, self.stop_token());
        let answer = operations::read::read(resource, clients, state, &request.private, identity, &stop).await;
        Ok(proto::read_resource::Response {
            new_state: Some(to_proto::value(&answer.state, schema)?),
            private: answer.private.into(),
            new_identity: to_proto::identity(answer.identity.as_ref(), resource.identity_schema())?,
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
            identity: from_proto::identity(request.prior_identity.as_ref(), resource.identity_schema())?,
        };
        let (planned, mut diagnostics) =
            operations::plan::plan(resource, self.clients()?, &asked, &self.stop_token()).await;
        let mut answer = proto::plan_resource_change::Response {
            planned_private: request.prior_private.clone(),
            planned_identity: request.prior_identity.clone(),
            ..Default::default()
        };
        let encoded = planned.and_then(|plan| {
            let identity = to_proto::identity(plan.identity.as_ref(), resource.identity_schema())?;
            Ok((to_proto::value(&plan.planned.value, schema)?, identity, plan))
        });
        match encoded {
            Ok((value, identity, plan)) => {
                answer.planned_state = Some(value);
                answer.planned_private = plan.private.into();
                answer.planned_identity = identity;
                let requires_replace = plan.planned.requires_replace.into_iter();
                answer.requires_replace = requires_replace.map(to_proto::path).collect();
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
            identity: from_proto::identity(request.planned_identity.as_ref(), resource.identity_schema())?,
        };
        let StateAnswer {
            state,
            private,
            identity,
            diagnostics,
        } = operations::apply::apply(resource, self.clients()?, change, &self.stop_token()).await;
        Ok(proto::apply_resource_change::Response {
            new_state: Some(to_proto::value(&state, schema)?),
            private: private.into(),
            new_identity: to_proto::identity(identity.as_ref(), resource.identity_schema())?,
            diagnostics: to_proto::diagnostics_in(schema, diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: &proto::import_resource_state::Request,
    ) -> Result<proto::import_resource_state::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let by = import_by(resource.identity_schema(), request)?;
        let answer = operations::import::import(resource, self.clients()?, by, &self.stop_token()).await;
        let mut imported_resources = Vec::new();
        if !answer.state.is_null() {
            imported_resources.push(proto::import_resource_state::ImportedResource {
                type_name: request.type_name.clone(),
                state: Some(to_proto::value(&answer.state, resource.schema())?),
                private: answer.private.into(),
                identity: to_proto::identity(answer.identity.as_ref(), resource.identity_schema())?,
            });
        }
        Ok(proto::import_resource_state::Response {
            imported_resources,
            diagnostics: to_proto::diagnostics_in(resource.schema(), answer.diagnostics),
            ..Default::default()
        })
    }

    /// A configuration for an imported object.
    pub(super) fn generate_config(
        &self,
        request: &proto::generate_resource_config::Request,
    ) -> Result<proto::generate_resource_config::Response, Diagnostics> {
        let schema = self.resource(&request.type_name)?.schema();
        let value_type = schema.value_type();
        let state = from_proto::value(request.state.as_ref(), &value_type)?;
        Ok(proto::generate_resource_config::Response {
            config: Some(to_proto::value(&generate_config(schema, &state), &value_type)?),
            ..Default::default()
        })
    }
}

/// What the user named the object by, if the resource can be imported by that.
fn import_by(
    schema: Option<&IdentitySchema>,
    request: &proto::import_resource_state::Request,
) -> Result<ImportBy<Value>, Diagnostics> {
    let type_name = &request.type_name;
    if !request.id.is_empty() {
        return Ok(ImportBy::Id(request.id.clone()));
    }
    if let Some(identity) = from_proto::identity(request.identity.as_ref(), schema)? {
        return Ok(ImportBy::Identity(identity));
    }
    let (summary, detail) = match schema {
        None => (
            "Import needs an id",
            format!("A {type_name} is imported by its id, not by an identity: give `id` in the `import` block."),
        ),
        Some(_) => (
            "Import needs an id or an identity",
            format!(
                "A {type_name} is imported by its id or by its identity: give `id`, or `{}`, in the `import` block.",
                identity::example(schema)
            ),
        ),
    };
    Err(Diagnostics::error(summary, detail))
}
