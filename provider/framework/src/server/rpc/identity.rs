//! The calls that concern what names objects: their identities, and the types that they are moved between.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::operations;
use crate::provider::Provider;
use crate::resource::{MoveSource, StoredObject};
use crate::server::rpc::ProviderService;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    pub(super) fn identity_schemas(&self) -> proto::get_resource_identity_schemas::Response {
        let resources = self.resources.iter();
        let schemas = resources.filter_map(|(name, resource)| Some((name, resource.identity_schema()?)));
        proto::get_resource_identity_schemas::Response {
            identity_schemas: schemas
                .map(|(name, schema)| ((*name).to_owned(), to_proto::identity_schema(schema)))
                .collect(),
            ..Default::default()
        }
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &proto::upgrade_resource_identity::Request,
    ) -> Result<proto::upgrade_resource_identity::Response, Diagnostics> {
        let resource = self.resource(&request.type_name)?;
        let stored = from_proto::raw_state(request.raw_identity.as_ref())?;
        let identity = operations::identity::upgrade(resource, request.version, stored)?;
        Ok(proto::upgrade_resource_identity::Response {
            upgraded_identity: to_proto::identity(Some(&identity), resource.identity_schema())?,
            ..Default::default()
        })
    }

    /// Takes over a state of another type; OpenTofu asks even those that understand none, as it ignores the capability.
    pub(super) async fn move_state(
        &self,
        request: &proto::move_resource_state::Request,
    ) -> Result<proto::move_resource_state::Response, Diagnostics> {
        let resource = self.resource(&request.target_type_name)?;
        let identity = request.source_identity.as_ref();
        let identity = identity.filter(|identity| !identity.json.is_empty());
        let source = MoveSource {
            provider_address: &request.source_provider_address,
            type_name: &request.source_type_name,
            schema_version: request.source_schema_version,
            state: StoredObject::new(from_proto::raw_state(request.source_state.as_ref())?),
            private: &request.source_private,
            identity: identity.map(|identity| StoredObject::new(&identity.json)),
            identity_version: request.source_identity_schema_version,
        };
        let answer = operations::move_state::move_state(resource, &source).await?;
        Ok(proto::move_resource_state::Response {
            target_state: Some(to_proto::value(&answer.state, resource.schema())?),
            target_private: answer.private.into(),
            target_identity: to_proto::identity(answer.identity.as_ref(), resource.identity_schema())?,
            diagnostics: to_proto::diagnostics_in(resource.schema(), answer.diagnostics),
        })
    }
}
