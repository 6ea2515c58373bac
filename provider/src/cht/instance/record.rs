//! The record: a ConfigMap that says which configuration an instance was made from, and whether it is finished.
//!
//! It is made first and finished last. A creation that was killed before its state was saved leaves an unfinished one,
//! so that the next creation goes on instead of refusing what is there; a finished one says that the instance belongs
//! to some state already, unless [`super::plan::survey::unsaved`] finds that nobody can have saved it. An update that
//! was not finished shows in the next plan the same way. An import takes the configuration from it. It holds no
//! secrets.
//!
//! It also names the creation that made the instance, or took it. Whoever writes a record carries that on, as
//! [`super::claim`] tells by it whose the instance is.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value as Json, json};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::record;

use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Found, LiveObject, MANAGER, Object, ObjectKey};

const CONFIGURATION: &str = "configuration";
const STAGE: &str = "stage";
const ADOPTED_FROM: &str = "adopted-from";
const CREATION: &str = "creation";
const MADE: &str = "made";
const SAVED: &str = "saved";

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

/// The creation that made an instance, or took it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Creation {
    /// Its name, which is kept beside the state as well.
    pub(super) name: Option<String>,
    /// When it was finished, until something is changed after that.
    pub(super) made: Option<Timestamp>,
    /// Whether a state is known to have the instance from it.
    pub(super) is_saved: bool,
}

/// A record that was found.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) stage: Stage,
    pub(super) creation: Creation,
    configuration: String,
    adopted_from: Option<String>,
}

impl Creation {
    /// The same, finished now.
    pub(super) fn ended(self, now: Timestamp) -> Self {
        Creation {
            made: Some(now),
            ..self
        }
    }
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
            creation: Creation {
                name: entry(CREATION).map(str::to_owned),
                made: entry(MADE).and_then(|made| made.parse().ok()),
                is_saved: entry(SAVED).is_some(),
            },
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
pub(super) fn object(model: &InstanceModel, stage: Stage, creation: &Creation) -> Result<Object, Diagnostics> {
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let entries = [
        (CONFIGURATION, Some(json!(configuration(model)?))),
        (STAGE, Some(json!(stage.name()))),
        (ADOPTED_FROM, text(&model.adopted_from.known().cloned())),
        (CREATION, text(&creation.name)),
        (MADE, creation.made.map(|made| json!(made.to_string()))),
        (SAVED, creation.is_saved.then(|| json!("true"))),
    ];
    let data = entries
        .into_iter()
        .filter_map(|(name, entry)| Some((name.to_owned(), entry?)));
    with_data(&model.namespace, Json::Object(data.collect()), None)
}

/// A record as it is, but that some state is known to have the instance. The cluster refuses it if the record has
/// changed meanwhile.
pub(super) fn saved(live: &LiveObject) -> Result<Object, Diagnostics> {
    let mut data = live.json().get("data").cloned().unwrap_or_default();
    if let Some(entries) = data.as_object_mut() {
        entries.insert(SAVED.to_owned(), json!("true"));
    }
    let namespace = live.key().namespace.clone().unwrap_or_default();
    let version = live.json().pointer("/metadata/resourceVersion");
    with_data(&namespace, data, version)
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

fn with_data(namespace: &str, data: Json, version: Option<&Json>) -> Result<Object, Diagnostics> {
    let manifest = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": MANAGER, "namespace": namespace, "resourceVersion": version },
        "data": data,
    });
    Object::from_json(manifest)
        .map_err(|error| Diagnostic::bug(format!("The record cannot be made into an object: {error}.")).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, minimal, state};

    fn live(record: Object) -> LiveObject {
        let mut json = record.json().clone();
        json["metadata"]["resourceVersion"] = json!("7");
        LiveObject::from_json(json).expect("a known kind")
    }

    #[test]
    fn a_record_that_is_written_names_its_creation_and_that_it_was_saved_changes_nothing_else() {
        let state = state(&minimal());
        let creation = Creation {
            name: Some("a".to_owned()),
            made: "2026-03-01T10:00:00Z".parse().ok(),
            is_saved: false,
        };
        let written = live(object(&state, Stage::Created, &creation).expect("it is written"));
        let found = |live: &LiveObject| Record::find(&[live.clone()].into_iter().collect(), "cht-kisumu");
        assert_eq!(found(&written).expect("it is there").creation, creation);

        let closed = saved(&written).expect("it is written");
        assert_eq!(
            closed.json()["metadata"]["resourceVersion"],
            "7",
            "no later record is overwritten"
        );
        let read = found(&live(closed.clone())).expect("it is there");
        let expected = Creation {
            is_saved: true,
            ..creation
        };
        assert_eq!((read.stage, &read.creation), (Stage::Created, &expected));
        assert_eq!(
            closed.json()["data"][CONFIGURATION],
            written.json()["data"][CONFIGURATION]
        );
    }

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
