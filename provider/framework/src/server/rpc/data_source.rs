//! The calls that concern data sources.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::lifecycle::validate;
use crate::operations;
use crate::provider::Provider;
use crate::server::rpc::ProviderService;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    pub(super) fn validate_data(
        &self,
        request: &proto::validate_data_resource_config::Request,
    ) -> Result<proto::validate_data_resource_config::Response, Diagnostics> {
        let data_source = self.data_source(&request.type_name)?;
        let config = from_proto::value(request.config.as_ref(), data_source.schema())?;
        let mut diagnostics = validate::validate_config(data_source.schema(), &config, true);
        data_source.validate(&config, &mut diagnostics);
        Ok(proto::validate_data_resource_config::Response {
            diagnostics: to_proto::diagnostics_in(data_source.schema(), diagnostics),
        })
    }

    pub(super) async fn read_data(
        &self,
        request: &proto::read_data_source::Request,
    ) -> Result<proto::read_data_source::Response, Diagnostics> {
        let surroundings = self.surroundings(request.client_capabilities);
        let data_source = self.data_source(&request.type_name)?;
        let schema = data_source.schema();
        let config = from_proto::value(request.config.as_ref(), schema)?;
        let answer = operations::read::read_data(data_source, surroundings, &config).await;
        Ok(proto::read_data_source::Response {
            state: Some(to_proto::value(&answer.state, schema)?),
            diagnostics: to_proto::diagnostics_in(schema, answer.diagnostics),
            deferred: answer.deferral.map(to_proto::deferral),
        })
    }
}
