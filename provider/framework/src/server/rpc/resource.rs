//! The calls that concern resources: each is decoded, handed to the [`operations`], and encoded.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::identity::{self, IdentitySchema, ImportBy};
use crate::lifecycle::generate::generate_config;
use crate::lifecycle::validate;
use crate::operations;
use crate::operations::answer::StateAnswer;
use crate::operations::apply::ApplyRequest;
use crate::operations::plan::{IdentifiedPlan, PlanRequest};
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
        let surroundings = self.surroundings(request.client_capabilities);
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let state = from_proto::value(request.current_state.as_ref(), schema)?;
        let identity = from_proto::identity(request.current_identity.as_ref(), resource.identity_schema())?;
        let answer = operations::read::read(resource, surroundings, state, &request.private, identity).await;
        Ok(proto::read_resource::Response {
            new_state: Some(to_proto::value(&answer.state, schema)?),
            private: answer.private.into(),
            new_identity: to_proto::identity(answer.identity.as_ref(), resource.identity_schema())?,
            diagnostics: to_proto::diagnostics_in(schema, answer.diagnostics),
            deferred: answer.deferral.map(to_proto::deferral),
        })
    }

    /// Plans; what is kept beside the state goes into the plan as it is, also beside errors.
    pub(super) async fn plan(
        &self,
        request: &proto::plan_resource_change::Request,
    ) -> Result<proto::plan_resource_change::Response, Diagnostics> {
        let surroundings = self.surroundings(request.client_capabilities);
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let asked = PlanRequest {
            prior: from_proto::value(request.prior_state.as_ref(), schema)?,
            proposed: from_proto::value(request.proposed_new_state.as_ref(), schema)?,
            config: from_proto::value(request.config.as_ref(), schema)?,
            private: request.prior_private.to_vec(),
            identity: from_proto::identity(request.prior_identity.as_ref(), resource.identity_schema())?,
        };
        let (planned, mut diagnostics) = operations::plan::plan(resource, surroundings, &asked).await;
        let mut answer = proto::plan_resource_change::Response {
            planned_private: request.prior_private.clone(),
            planned_identity: request.prior_identity.clone(),
            ..Default::default()
        };
        let encoded = planned.and_then(|plan| {
            let value = to_proto::value(&plan.planned.value, schema)?;
            let identity = to_proto::identity(plan.identity.as_ref(), resource.identity_schema())?;
            Ok((value, identity, plan))
        });
        match encoded {
            Ok((value, identity, plan)) => {
                let IdentifiedPlan {
                    planned,
                    private,
                    deferral,
                    ..
                } = plan;
                answer.planned_state = Some(value);
                answer.planned_private = private.into();
                answer.planned_identity = identity;
                answer.requires_replace = planned.requires_replace.into_iter().map(to_proto::path).collect();
                answer.deferred = deferral.map(to_proto::deferral);
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
        let surroundings = self.surroundings(None);
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
            deferral: _,
        } = operations::apply::apply(resource, surroundings, change).await;
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
        let surroundings = self.surroundings(request.client_capabilities);
        let resource = self.resource(&request.type_name)?;
        let by = import_by(resource.identity_schema(), request)?;
        let answer = operations::import::import(resource, surroundings, by).await;
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
            deferred: answer.deferral.map(to_proto::deferral),
        })
    }

    /// A configuration for an imported object.
    pub(super) fn generate_config(
        &self,
        request: &proto::generate_resource_config::Request,
    ) -> Result<proto::generate_resource_config::Response, Diagnostics> {
        let schema = self.resource(&request.type_name)?.schema();
        let state = from_proto::value(request.state.as_ref(), schema)?;
        Ok(proto::generate_resource_config::Response {
            config: Some(to_proto::value(&generate_config(schema, &state), schema)?),
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
