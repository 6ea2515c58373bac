//! The Provider service: each call is resolved, decoded, handed to the [`operations`](crate::operations), and encoded.
//!
//! Nothing here decides anything. [`service`] is what the calls are about, and [`call`] what all of them have in
//! common; what they do is in [`provider`], [`resource`], [`identity`], [`data_source`], [`ephemeral`] and
//! [`function`]. Why some calls are missing is in `provider/docs/design/003-parts-of-the-protocol-left-out.md`.

use std::sync::PoisonError;

use tfplugin::tfplugin6 as proto;
use tonic::{Request, Response, Status};

use crate::provider::Provider;

mod answer;
mod call;
mod data_source;
mod ephemeral;
mod function;
mod identity;
mod payload;
mod provider;
mod resource;
mod service;

pub(crate) use service::ProviderService;

#[tonic::async_trait]
impl<P: Provider> proto::provider_server::Provider for ProviderService<P> {
    async fn get_metadata(
        &self,
        _: Request<proto::get_metadata::Request>,
    ) -> Result<Response<proto::get_metadata::Response>, Status> {
        self.call("GetMetadata").answer(async { Ok(self.metadata()) }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<proto::get_provider_schema::Request>,
    ) -> Result<Response<proto::get_provider_schema::Response>, Status> {
        self.call("GetProviderSchema")
            .answer(async { Ok(self.schemas()) })
            .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Result<Response<proto::get_resource_identity_schemas::Response>, Status> {
        self.call("GetResourceIdentitySchemas")
            .answer(async { Ok(self.identity_schemas()) })
            .await
    }

    async fn get_functions(
        &self,
        _: Request<proto::get_functions::Request>,
    ) -> Result<Response<proto::get_functions::Response>, Status> {
        let answer = async {
            Ok(proto::get_functions::Response {
                functions: self.function_declarations(),
                ..Default::default()
            })
        };
        self.call("GetFunctions").answer(answer).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Result<Response<proto::validate_provider_config::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("ValidateProviderConfig").carrying(&request);
        call.answer(async { self.validate_provider(&request) }).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Result<Response<proto::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ValidateResourceConfig")
            .of_resource(&request.type_name)
            .carrying(&request);
        call.answer(async { self.validate_resource(&request) }).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Result<Response<proto::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ValidateDataResourceConfig")
            .of_data_source(&request.type_name)
            .carrying(&request);
        call.answer(async { self.validate_data(&request) }).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Result<Response<proto::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("UpgradeResourceState").of_resource(&request.type_name);
        call.answer(async { self.upgrade(&request) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<proto::upgrade_resource_identity::Request>,
    ) -> Result<Response<proto::upgrade_resource_identity::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("UpgradeResourceIdentity").of_resource(&request.type_name);
        call.answer(async { self.upgrade_identity(&request) }).await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Result<Response<proto::configure_provider::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("ConfigureProvider").carrying(&request);
        call.answer(self.configure(&request)).await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Result<Response<proto::read_resource::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ReadResource")
            .of_resource(&request.type_name)
            .carrying(&request);
        call.answer(self.read(&request)).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("PlanResourceChange")
            .of_resource(&request.type_name)
            .carrying(&request);
        call.answer(self.plan(&request)).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ApplyResourceChange")
            .of_resource(&request.type_name)
            .carrying(&request);
        call.answer(self.apply(&request)).await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Result<Response<proto::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("ImportResourceState").of_resource(&request.type_name);
        call.answer(self.import(&request)).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<proto::generate_resource_config::Request>,
    ) -> Result<Response<proto::generate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("GenerateResourceConfig")
            .of_resource(&request.type_name)
            .carrying(&request);
        call.answer(async { self.generate_config(&request) }).await
    }

    async fn move_resource_state(
        &self,
        request: Request<proto::move_resource_state::Request>,
    ) -> Result<Response<proto::move_resource_state::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("MoveResourceState").of_resource(&request.target_type_name);
        call.answer(self.move_state(&request)).await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Result<Response<proto::read_data_source::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ReadDataSource")
            .of_data_source(&request.type_name)
            .carrying(&request);
        call.answer(self.read_data(&request)).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<proto::validate_ephemeral_resource_config::Request>,
    ) -> Result<Response<proto::validate_ephemeral_resource_config::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("ValidateEphemeralResourceConfig")
            .of_ephemeral(&request.type_name)
            .carrying(&request);
        call.answer(async { self.validate_ephemeral(&request) }).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<proto::open_ephemeral_resource::Request>,
    ) -> Result<Response<proto::open_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let call = self
            .call("OpenEphemeralResource")
            .of_ephemeral(&request.type_name)
            .carrying(&request);
        call.answer(self.open(&request)).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<proto::renew_ephemeral_resource::Request>,
    ) -> Result<Response<proto::renew_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("RenewEphemeralResource").of_ephemeral(&request.type_name);
        call.answer(self.renew(&request)).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<proto::close_ephemeral_resource::Request>,
    ) -> Result<Response<proto::close_ephemeral_resource::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("CloseEphemeralResource").of_ephemeral(&request.type_name);
        call.answer(self.close(&request)).await
    }

    async fn call_function(
        &self,
        request: Request<proto::call_function::Request>,
    ) -> Result<Response<proto::call_function::Response>, Status> {
        let request = request.into_inner();
        let call = self.call("CallFunction").of_function(&request.name).carrying(&request);
        call.answer(async { Ok(self.call_function(&request)) }).await
    }

    async fn stop_provider(
        &self,
        _: Request<proto::stop_provider::Request>,
    ) -> Result<Response<proto::stop_provider::Response>, Status> {
        let _entered = self.call("StopProvider").span().entered();
        // Calls that are open now are cancelled; later ones, such as the closing of ephemeral resources, are not.
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stop, self.end.child_token()).cancel();
        drop(stop);
        tracing::info!("cancelled the open operations");
        Ok(Response::new(proto::stop_provider::Response::default()))
    }
}
