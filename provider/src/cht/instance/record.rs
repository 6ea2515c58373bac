//! The record: a ConfigMap that says which configuration an instance was made from, and whether it is finished.
//!
//! It is made first and finished last. A creation that was killed before its state was saved leaves an unfinished one,
//! so that the next creation goes on instead of refusing what is there; a finished one says that the instance belongs
//! to some state already, unless [`super::plan::survey::unsaved`] finds that nobody can have saved it. An update that
//! was not finished shows in the next plan the same way. An import takes the configuration from it. It holds no
//! secrets.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::record;

use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Found, MANAGER, Object, ObjectKey};

const CONFIGURATION: &str = "configuration";
const STAGE: &str = "stage";
const ADOPTED_FROM: &str = "adopted-from";
const MADE: &str = "made";

/// How far an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its creation has begun, and nobody could use it yet.
    Creating,
    /// Its creation is not finished, but users may have come, so that it may hold data.
    Opened,
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
    /// When the creation was finished, until something is changed after that.
    pub(super) made: Option<Timestamp>,
    configuration: String,
    adopted_from: Option<String>,
}

impl Stage {
    /// Whether the creation was not finished.
    pub(super) fn is_creation(self) -> bool {
        matches!(self, Stage::Creating | Stage::Opened)
    }

    fn name(self) -> &'static str {
        match self {
            Stage::Creating => "creating",
            Stage::Opened => "opened",
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
        let stages = [Stage::Creating, Stage::Opened, Stage::Adopting, Stage::Created];
        let stage = stages.into_iter().find(|stage| entry(STAGE) == Some(stage.name()));
        Some(Record {
            // What somebody edited, or a later release wrote, must not look as if there were no data yet.
            stage: stage.unwrap_or(Stage::Updating),
            made: entry(MADE).and_then(|made| made.parse().ok()),
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
    with_entries(model, stage, None)
}

/// The record of an instance whose creation ends now.
pub(super) fn finished(model: &InstanceModel, now: Timestamp) -> Result<Object, Diagnostics> {
    with_entries(model, Stage::Created, Some(now))
}

/// What a record keeps of a model.
pub(super) fn configuration(model: &InstanceModel) -> Result<String, Diagnostics> {
    record::to_record(&InstanceModel {
        kubernetes: None,
        ..model.clone()
    })
}

/// What names the record.
pub(super) fn key(namespace: &str) -> ObjectKey {
    ObjectKey::namespaced::<ConfigMap>(namespace, MANAGER)
}

fn with_entries(model: &InstanceModel, stage: Stage, made: Option<Timestamp>) -> Result<Object, Diagnostics> {
    let entries = [
        (CONFIGURATION.to_owned(), configuration(model)?),
        (STAGE.to_owned(), stage.name().to_owned()),
    ];
    let adopted_from = model.adopted_from.known();
    let adopted_from = adopted_from.map(|origin| (ADOPTED_FROM.to_owned(), origin.clone()));
    let made = made.map(|made| (MADE.to_owned(), made.to_string()));
    let config_map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(MANAGER.to_owned()),
            namespace: Some(model.namespace.clone()),
            ..ObjectMeta::default()
        },
        data: Some(entries.into_iter().chain(adopted_from).chain(made).collect()),
        ..ConfigMap::default()
    };
    Object::from_typed(&config_map)
        .map_err(|error| Diagnostic::bug(format!("The record cannot be made into an object: {error}.")).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, minimal, state};
    use crate::kubernetes::LiveObject;

    #[test]
    fn a_stage_that_is_not_understood_is_that_of_an_instance_with_data() {
        let found = cluster(&state(&minimal()), Stage::Creating, &[]);
        let stage = |entry: serde_json::Value| {
            let mut json = found.get(&key("cht-kisumu")).expect("a record").json().clone();
            json["data"][STAGE] = entry;
            let found = [LiveObject::from_json(json).expect("a known kind")]
                .into_iter()
                .collect();
            Record::find(&found, "cht-kisumu").map(|record| record.stage)
        };
        assert_eq!(stage(json!("creating")), Some(Stage::Creating));
        assert_eq!(stage(json!("opened")), Some(Stage::Opened));
        assert_eq!(stage(json!("being moved")), Some(Stage::Updating));
        assert_eq!(stage(json!(null)), Some(Stage::Updating));
    }
}
