//! The record: a ConfigMap that says which configuration an instance was made from, and whether it is finished.
//!
//! It is made first and finished last. A creation that was killed before its state was saved leaves an unfinished one, so
//! that the next creation goes on instead of refusing what is there; a finished one says that the instance belongs to some
//! state already. An update that was not finished shows in the next plan the same way. An import takes the configuration
//! from it. It holds no secrets.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::record;

use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Found, MANAGER, Object, ObjectKey};

const CONFIGURATION: &str = "configuration";
const STAGE: &str = "stage";
const ADOPTED_FROM: &str = "adopted-from";

/// How far an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its creation has begun.
    Creating,
    /// Another tool made it, and the first change of it has begun.
    Adopting,
    /// It has been usable, and a change of it has begun.
    Updating,
    /// It has been usable, and is as it was configured last.
    Created,
}

/// A record that was found.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) stage: Stage,
    configuration: String,
    adopted_from: Option<String>,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Creating => "creating",
            Stage::Adopting => "adopting",
            Stage::Updating => "updating",
            Stage::Created => "created",
        }
    }
}

impl Record {
    /// The record among the objects of an instance.
    pub(super) fn find(found: &Found, namespace: &str) -> Option<Record> {
        let live = found.get(&key(namespace))?;
        let entry = |name: &str| live.json().get("data")?.get(name)?.as_str();
        let stages = [Stage::Adopting, Stage::Updating, Stage::Created];
        let stage = stages.into_iter().find(|stage| entry(STAGE) == Some(stage.name()));

        Some(Record {
            stage: stage.unwrap_or(Stage::Creating),
            configuration: entry(CONFIGURATION).unwrap_or_default().to_owned(),
            adopted_from: entry(ADOPTED_FROM).map(str::to_owned),
        })
    }

    /// The configuration, without the way to the cluster and without secrets.
    pub(super) fn model(&self) -> Result<InstanceModel, Diagnostics> {
        let mut model: InstanceModel = record::from_record(&self.configuration)?;
        model.adopted_from = self.adopted_from.clone().into();
        Ok(model)
    }
}

/// The record as an object of the instance.
pub(super) fn object(model: &InstanceModel, stage: Stage) -> Result<Object, Diagnostics> {
    let recorded = InstanceModel {
        kubernetes: None,
        ..model.clone()
    };
    let entries = [
        (CONFIGURATION.to_owned(), record::to_record(&recorded)?),
        (STAGE.to_owned(), stage.name().to_owned()),
    ];
    let adopted_from = model.adopted_from.known();
    let adopted_from = adopted_from.map(|origin| (ADOPTED_FROM.to_owned(), origin.clone()));
    let config_map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(MANAGER.to_owned()),
            namespace: Some(model.namespace.clone()),
            ..ObjectMeta::default()
        },
        data: Some(entries.into_iter().chain(adopted_from).collect()),
        ..ConfigMap::default()
    };
    Object::from_typed(&config_map)
        .map_err(|error| Diagnostic::bug(format!("The record cannot be made into an object: {error}.")).into())
}

/// What names the record.
pub(super) fn key(namespace: &str) -> ObjectKey {
    ObjectKey::namespaced::<ConfigMap>(namespace, MANAGER)
}
