//! The objects that an instance should consist of: those that follow from its model, and the record. [`super::live`]
//! has what is there of them.

use std::collections::BTreeMap;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::live::volumes;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::{self, Creation, Stage};
use crate::cht::instance::{adoption, objects};
use crate::kubernetes::{Error, Found, LiveObject, Object, ObjectSet, OwnerId};

/// The objects of an instance, and the name of each phase of their creation.
#[derive(Clone, Debug)]
pub(super) struct Desired {
    pub(super) set: ObjectSet,
    phases: Vec<&'static str>,
}

impl Desired {
    /// The objects for a model. The record among them names no creation: what is applied has another one, by
    /// [`Self::with_record`].
    pub(super) fn new(model: &InstanceModel, credentials: &Credentials, stage: Stage) -> Result<Self, Diagnostics> {
        let spec = model.spec(credentials).map_err(defect)?;
        let mut phases = Vec::new();
        let mut sets = Vec::new();
        for phase in objects::objects(&spec, &BTreeMap::new()) {
            let made = phase
                .objects
                .into_iter()
                .map(|manifest| Ok(adoption::allow(model, Object::from_json(manifest.json)?)));
            phases.push(phase.name);
            sets.push(made.collect::<Result<Vec<_>, Error>>().map_err(defect)?);
        }
        let after_namespace = usize::from(model.create_namespace);
        phases.insert(after_namespace, "record");
        sets.insert(
            after_namespace,
            vec![record::object(model, stage, &Creation::default())?],
        );
        Ok(Desired {
            set: ObjectSet::new(owner(&model.namespace)?, sets),
            phases,
        })
    }

    /// The set with another record.
    pub(super) fn with_record(self, record: &Object) -> Self {
        self.map(|object| {
            if object.key() == record.key() {
                record.clone()
            } else {
                object
            }
        })
    }

    /// The set with other objects in the places of these.
    pub(super) fn map(self, change: impl Fn(Object) -> Object) -> Self {
        self.with_phases(|phase| phase.into_iter().map(&change).collect())
    }

    /// The set without some of its objects.
    pub(super) fn filter(self, keep: impl Fn(&Object) -> bool) -> Self {
        self.with_phases(|phase| phase.into_iter().filter(&keep).collect())
    }

    fn with_phases(self, change: impl Fn(Vec<Object>) -> Vec<Object>) -> Self {
        let owner = self.set.owner().clone();
        let phases = self.set.into_phases().into_iter().map(change).collect();
        Desired {
            set: ObjectSet::new(owner, phases),
            phases: self.phases,
        }
    }

    /// The phases of a creation: what each makes, and its objects.
    pub(super) fn phases(&self) -> impl Iterator<Item = (&'static str, &[Object])> {
        self.phases
            .iter()
            .copied()
            .zip(self.set.phases().iter().map(Vec::as_slice))
    }

    /// What was found of an instance that no longer consists of it; its namespace and its data are never among that.
    pub(super) fn obsolete(&self, found: &Found) -> Found {
        let is_kept = |live: &LiveObject| live.key().kind.kind == "Namespace" || volumes::is_data(live);
        found.select(|live| !self.set.contains(live.key()) && !is_kept(live))
    }
}

/// The mark on all objects of the instance in a namespace. It follows from the namespace alone, so that a creation that
/// was killed before its state was saved finds what it made.
pub(super) fn owner(namespace: &str) -> Result<OwnerId, Diagnostics> {
    OwnerId::new(format!("instance.{namespace}")).map_err(defect)
}

fn defect(error: impl std::error::Error) -> Diagnostics {
    Diagnostic::bug(format!("The objects of the instance cannot be made: {error}.")).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{credentials, model, state, with};

    #[test]
    fn the_record_comes_right_after_the_namespace() {
        let desired =
            Desired::new(&state(&with(json!({}))), &credentials(), Stage::Creating).expect("the model is complete");
        let names: Vec<&str> = desired.phases().map(|(name, _)| name).collect();
        assert_eq!(names[..3], ["namespace", "record", "configuration"]);
        let given = model(&with(json!({"create_namespace": false})));
        let desired = Desired::new(&given, &credentials(), Stage::Creating).expect("the model is complete");
        assert_eq!(desired.phases().next().expect("a phase").0, "record");
    }
}
