//! Answers by script, around a provider: for cases that the script names, plans and results are given, whatever they are.
//!
//! The framework would refuse to send most of them; what cores say to them is how the framework's own checks are judged.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tf_framework::schema::Schema;
use tf_framework::value::Value;
use tf_framework::wire::form::WireForm;
use tf_framework::wire::msgpack;
use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::provider_server::Provider as Service;
use tonic::{Request, Response, Status};

use super::case;

/// What is answered about one case, in MessagePack and Base64.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// The planned state.
    pub planned: Option<String>,
    /// The attributes because of which the object is replaced.
    pub requires_replace: Vec<String>,
    /// The new state.
    pub applied: Option<String>,
}

/// Answers by the name of the case.
pub type Script = BTreeMap<String, Answers>;

/// A provider that answers by script where there is one, and as the inner one otherwise.
#[derive(Debug)]
pub struct Scripted<S> {
    inner: S,
    script: Script,
    schema: Schema,
}

impl<S: Service> Scripted<S> {
    /// A provider with the script in this file, if there is one.
    ///
    /// # Errors
    /// If the file is no script.
    pub fn new(inner: S, script: Option<&Path>) -> Result<Self> {
        let script = match script {
            Some(path) => serde_json::from_slice(&std::fs::read(path).context("read the script")?)?,
            None => Script::new(),
        };
        let schema = case::schema();
        Ok(Scripted { inner, script, schema })
    }

    /// The answers for the case that a request is about.
    fn answers(&self, type_name: &str, values: &[&Option<proto::DynamicValue>]) -> Option<&Answers> {
        if type_name != "everything_case" {
            return None;
        }
        let of = self.schema.wire_type();
        let mut decoded = values
            .iter()
            .filter_map(|value| msgpack::decode(&value.as_ref()?.msgpack, &of).ok());
        let known = decoded.find(|value| !value.is_null())?;
        self.script.get(known.attribute_or_null(case::NAME).as_str()?)
    }
}

/// The text that stands for a value in a script.
///
/// # Errors
/// If it is no value of the schema.
pub fn encoded(value: &Value) -> Result<String> {
    let schema = case::schema();
    Ok(STANDARD.encode(msgpack::encode(&schema.lower(value), &schema.wire_type())?))
}

fn answered(text: &str) -> Result<Option<proto::DynamicValue>, Status> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| Status::internal(error.to_string()))?;
    Ok(Some(proto::DynamicValue {
        msgpack: bytes.into(),
        ..Default::default()
    }))
}

fn root(attribute: &str) -> proto::AttributePath {
    use proto::attribute_path::{Step, step::Selector};
    let selector = Some(Selector::AttributeName(attribute.to_owned()));
    proto::AttributePath {
        steps: vec![Step { selector }],
    }
}

#[tonic::async_trait]
impl<S: Service> Service for Scripted<S> {
    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
        let asked = request.get_ref();
        let answers = self.answers(&asked.type_name, &[&asked.config, &asked.prior_state]);
        let Some((answers, planned)) = answers.and_then(|answers| Some((answers, answers.planned.as_ref()?))) else {
            return self.inner.plan_resource_change(request).await;
        };
        Ok(Response::new(proto::plan_resource_change::Response {
            planned_state: answered(planned)?,
            requires_replace: answers.requires_replace.iter().map(|name| root(name)).collect(),
            ..Default::default()
        }))
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
        let asked = request.get_ref();
        let answers = self.answers(&asked.type_name, &[&asked.config, &asked.prior_state]);
        let Some(applied) = answers.and_then(|answers| answers.applied.as_ref()) else {
            return self.inner.apply_resource_change(request).await;
        };
        Ok(Response::new(proto::apply_resource_change::Response {
            new_state: answered(applied)?,
            ..Default::default()
        }))
    }

    async fn get_provider_schema(
        &self,
        request: Request<proto::get_provider_schema::Request>,
    ) -> Result<Response<proto::get_provider_schema::Response>, Status> {
        self.inner.get_provider_schema(request).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Result<Response<proto::validate_provider_config::Response>, Status> {
        self.inner.validate_provider_config(request).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Result<Response<proto::validate_resource_config::Response>, Status> {
        self.inner.validate_resource_config(request).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Result<Response<proto::validate_data_resource_config::Response>, Status> {
        self.inner.validate_data_resource_config(request).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Result<Response<proto::upgrade_resource_state::Response>, Status> {
        self.inner.upgrade_resource_state(request).await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Result<Response<proto::configure_provider::Response>, Status> {
        self.inner.configure_provider(request).await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Result<Response<proto::read_resource::Response>, Status> {
        self.inner.read_resource(request).await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Result<Response<proto::import_resource_state::Response>, Status> {
        self.inner.import_resource_state(request).await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Result<Response<proto::read_data_source::Response>, Status> {
        self.inner.read_data_source(request).await
    }

    async fn stop_provider(
        &self,
        request: Request<proto::stop_provider::Request>,
    ) -> Result<Response<proto::stop_provider::Response>, Status> {
        self.inner.stop_provider(request).await
    }
}
