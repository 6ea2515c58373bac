//! Answers by script, around a provider: for cases that the script names, plans and results are given, whatever they
//! are.
//!
//! The framework would refuse to send most of them; what cores say to them is how the framework's own checks are
//! judged.

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

impl<S: Service> Scripted<S> {
    async fn plan(
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

    async fn apply(
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
}

/// The service: plans and results by script, and these calls as the inner provider answers them.
macro_rules! service {
    ($($call:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl<S: Service> Service for Scripted<S> {
            async fn plan_resource_change(
                &self,
                request: Request<proto::plan_resource_change::Request>,
            ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
                self.plan(request).await
            }

            async fn apply_resource_change(
                &self,
                request: Request<proto::apply_resource_change::Request>,
            ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
                self.apply(request).await
            }

            $(async fn $call(
                &self,
                request: Request<proto::$call::Request>,
            ) -> Result<Response<proto::$call::Response>, Status> {
                self.inner.$call(request).await
            })+
        }
    };
}

// Every call that a core makes and the framework answers.
service!(
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    get_functions,
    validate_provider_config,
    validate_resource_config,
    validate_data_resource_config,
    validate_ephemeral_resource_config,
    configure_provider,
    upgrade_resource_state,
    upgrade_resource_identity,
    read_resource,
    import_resource_state,
    move_resource_state,
    generate_resource_config,
    read_data_source,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    call_function,
    stop_provider,
);
