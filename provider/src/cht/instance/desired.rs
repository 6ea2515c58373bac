//! The objects that an instance should consist of, and what is there of them.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, PersistentVolume, PersistentVolumeClaim, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use secrecy::SecretString;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::adoption;
use crate::cht::instance::credentials::{Credentials, Known};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::objects::{self, secret};
use crate::cht::instance::record::{self, Record, Stage};
use crate::kubernetes::diagnostics::Access;
use crate::kubernetes::{Drift, Error, Found, Kind, LiveObject, Object, ObjectKey, ObjectSet, OwnerId, drift};

/// The objects of an instance, and the name of each phase of their creation.
#[derive(Clone, Debug)]
pub(super) struct Desired {
    pub(super) set: ObjectSet,
    phases: Vec<&'static str>,
}

impl Desired {
    /// The objects for a model.
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
        sets.insert(after_namespace, vec![record::object(model, stage)?]);
        Ok(Desired {
            set: ObjectSet::new(owner(&model.namespace)?, sets),
            phases,
        })
    }

    /// The set with other objects in the places of these.
    pub(super) fn map(self, change: impl Fn(Object) -> Object) -> Self {
        let changed = |phase: &Vec<Object>| phase.iter().cloned().map(&change).collect();
        let phases = self.set.phases().iter().map(changed).collect();
        Desired {
            set: ObjectSet::new(self.set.owner().clone(), phases),
            ..self
        }
    }

    /// The set without some of its objects.
    pub(super) fn filter(self, keep: impl Fn(&Object) -> bool) -> Self {
        let kept = |phase: &Vec<Object>| phase.iter().filter(|object| keep(object)).cloned().collect();
        let phases = self.set.phases().iter().map(kept).collect();
        Desired {
            set: ObjectSet::new(self.set.owner().clone(), phases),
            ..self
        }
    }

    /// The phases of a creation: what each makes, and its objects.
    pub(super) fn phases(&self) -> impl Iterator<Item = (&'static str, &[Object])> {
        self.phases
            .iter()
            .copied()
            .zip(self.set.phases().iter().map(Vec::as_slice))
    }
}

/// The mark on all objects of the instance in a namespace. It follows from the namespace alone, so that a creation that
/// was killed before its state was saved finds what it made.
pub(super) fn owner(namespace: &str) -> Result<OwnerId, Diagnostics> {
    OwnerId::new(format!("instance.{namespace}")).map_err(defect)
}

/// What is there of the instance in a namespace, as these models describe it: several where one becomes the other. Kinds
/// that no model has are not read, as that needs permissions.
pub(super) async fn find(access: &Access, namespace: &str, models: &[&InstanceModel]) -> Result<Found, Diagnostics> {
    let found = access
        .cluster
        .read(&owner(namespace)?, &kinds(models), &[namespace.to_owned()])
        .await
        .map_err(access.explain("Unable to read the CHT instance"))?;
    adoption::complete(access, models, found).await
}

/// The claim of a data volume.
pub(super) fn claim_key(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::namespaced::<PersistentVolumeClaim>(namespace, name)
}

/// The ingress.
pub(super) fn ingress_key(namespace: &str) -> ObjectKey {
    ObjectKey::namespaced::<Ingress>(namespace, objects::INGRESS)
}

/// The credentials in the cluster.
pub(super) fn live_credentials(found: &Found, namespace: &str) -> Known {
    let key = ObjectKey::namespaced::<Secret>(namespace, secret::NAME);
    let Some(live) = found.get(&key) else {
        return Known::default();
    };
    let entry = |name: &str| secret::entry(live.json(), name);
    Known {
        admin_password: entry(secret::PASSWORD),
        secret: entry(secret::SECRET),
        uuid: entry(secret::UUID),
    }
}

/// What differs in the cluster from what a state says, one line for each difference.
pub(super) fn differences(state: &InstanceModel, live: Known, found: &Found) -> Result<Vec<String>, Diagnostics> {
    let namespace = &state.namespace;
    let stage = Record::find(found, namespace).map_or(Stage::Created, |record| record.stage);
    // A password that the state does not have can only be compared with itself.
    let credentials = Known::of(&state.couchdb).or(live).or_generate();
    let desired = Desired::new(&with_key(state, found), &credentials, stage)?;
    let desired = adoption::keep_volumes(state, desired, found);
    // The record repeats attributes, some of which the cluster decides; each of them shows by itself.
    let is_record = |drift: &Drift| matches!(drift, Drift::Field(field) if field.object == record::key(namespace));
    let mut drift = drift(&desired.set, found);
    drift.retain(|drift| !is_record(drift));
    let mut lines = adoption::differences(&desired, found, &drift);
    match stage {
        Stage::Creating => lines.push(UNFINISHED.to_owned()),
        Stage::Opened => lines.push(format!("{UNFINISHED}, but users may have come")),
        Stage::Adopting => lines.push("The adoption of the instance was not finished".to_owned()),
        Stage::Updating => lines.push("An update of the instance was not finished".to_owned()),
        Stage::Created => {}
    }
    lines.extend(
        obsolete(&desired, found)
            .objects()
            .map(|live| format!("{} is not needed any more", live.key())),
    );
    Ok(lines)
}

/// The line of an instance that has never been usable.
pub(super) const UNFINISHED: &str = "The creation of the instance was not finished";

/// The objects of an instance that it no longer consists of; its namespace and its data are never among them.
pub(super) fn obsolete(desired: &Desired, found: &Found) -> Found {
    found.select(|live| !desired.set.contains(live.key()) && live.key().kind.kind != "Namespace" && !is_data(live))
}

/// Whether an object is a data volume, or what claims it.
pub(super) fn is_data(live: &LiveObject) -> bool {
    matches!(live.key().kind.kind, "PersistentVolumeClaim" | "PersistentVolume")
}

/// Puts into an imported model what its record does not hold: the secrets, as they are in the cluster.
pub(super) fn restore_secrets(model: &mut InstanceModel, found: &Found) {
    let known = live_credentials(found, &model.namespace);
    // Whoever set a version for it keeps the password out of the state.
    if model.couchdb.admin_password_wo_version.is_none() {
        model.couchdb.admin_password = known.admin_password.into();
    }
    model.couchdb.secret = known.secret.into();
    model.couchdb.uuid = known.uuid.into();
    let tls = model.ingress.as_mut().and_then(|ingress| ingress.tls.as_mut());
    if let Some(tls) = tls.filter(|tls| tls.certificate.is_some() && tls.private_key_wo_version.is_none()) {
        tls.private_key = live_key(&model.namespace, found);
    }
}

/// The state with the certificate's key that is in the cluster, where it is write-only: it can only be compared with itself.
fn with_key(state: &InstanceModel, found: &Found) -> InstanceModel {
    let mut state = state.clone();
    let tls = state.ingress.as_mut().and_then(|ingress| ingress.tls.as_mut());
    if let Some(tls) = tls.filter(|tls| tls.certificate.is_some() && tls.private_key.is_none()) {
        tls.private_key = live_key(&state.namespace, found);
    }
    state
}

fn live_key(namespace: &str, found: &Found) -> Option<SecretString> {
    let key = ObjectKey::namespaced::<Secret>(namespace, objects::TLS_SECRET);
    objects::live_key(found.get(&key)?.json())
}

fn kinds(models: &[&InstanceModel]) -> Vec<Kind> {
    let any = |has: fn(&InstanceModel) -> bool| models.iter().any(|model| has(model));
    let mut kinds = KINDS.to_vec();
    if any(|model| model.create_namespace) {
        kinds.push(Kind::cluster::<Namespace>());
    }
    if any(|model| {
        model
            .couchdb
            .spec()
            .nodes
            .iter()
            .any(|node| node.storage.volume.is_made_by_us())
    }) {
        kinds.push(Kind::cluster::<PersistentVolume>());
    }
    if any(|model| model.upgrade_service.is_some()) {
        kinds.extend([
            Kind::namespaced::<ServiceAccount>(),
            Kind::namespaced::<Role>(),
            Kind::namespaced::<RoleBinding>(),
        ]);
    }
    kinds
}

/// The kinds of which every instance has objects in its namespace.
const KINDS: [Kind; 6] = [
    Kind::namespaced::<ConfigMap>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<PersistentVolumeClaim>(),
    Kind::namespaced::<Service>(),
    Kind::namespaced::<Deployment>(),
    Kind::namespaced::<Ingress>(),
];

fn defect(error: impl std::error::Error) -> Diagnostics {
    Diagnostic::bug(format!("The objects of the instance cannot be made: {error}.")).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{self, cluster, credentials, model, with};

    fn state() -> InstanceModel {
        fixtures::state(&with(json!({"ingress": {"class": "nginx"}})))
    }

    fn lines(state: &InstanceModel, found: &Found) -> Vec<String> {
        let live = live_credentials(found, &state.namespace);
        differences(state, live, found).expect("the state is complete")
    }

    #[test]
    fn the_record_comes_right_after_the_namespace() {
        let desired = Desired::new(&state(), &credentials(), Stage::Creating).expect("the model is complete");
        let names: Vec<&str> = desired.phases().map(|(name, _)| name).collect();
        assert_eq!(names[..3], ["namespace", "record", "configuration"]);
        let given = model(&with(json!({"create_namespace": false})));
        let desired = Desired::new(&given, &credentials(), Stage::Creating).expect("the model is complete");
        assert_eq!(desired.phases().next().expect("a phase").0, "record");
    }

    #[test]
    fn an_untouched_instance_has_no_drift() {
        let state = state();
        assert_eq!(
            lines(&state, &cluster(&state, Stage::Created, &[])),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_missing_obsolete_or_unfinished_is_drift() {
        let state = state();
        assert_eq!(
            lines(&state, &cluster(&state, Stage::Created, &["haproxy"])),
            ["Service cht-kisumu/haproxy is not there"]
        );
        let unfinished = lines(&state, &cluster(&state, Stage::Creating, &[]));
        assert_eq!(unfinished, ["The creation of the instance was not finished"]);
        let changing = lines(&state, &cluster(&state, Stage::Updating, &[]));
        assert_eq!(changing, ["An update of the instance was not finished"]);
        let without_ingress = InstanceModel {
            ingress: None,
            ..state.clone()
        };
        let obsolete = lines(&without_ingress, &cluster(&state, Stage::Created, &[]));
        assert_eq!(obsolete, ["Ingress cht-kisumu/api-ingress is not needed any more"]);
    }

    #[test]
    fn row_13_another_image_of_couchdb_is_drift() {
        let state = state();
        let other_image = |live: &LiveObject| {
            let mut json = live.json().clone();
            if live.key().name == "cht-couchdb" {
                json["spec"]["template"]["spec"]["containers"][0]["image"] = json!("couchdb:3.3.3");
            }
            LiveObject::from_json(json).expect("a known kind")
        };
        let found = cluster(&state, Stage::Created, &[]);
        let lines = lines(&state, &found.objects().map(other_image).collect());
        assert_eq!(lines.len(), 1, "{lines:?}");
        let image = "image: \"couchdb:3.3.3\" instead of \"public.ecr.aws/medic/cht-couchdb:5.3.1\"";
        assert!(lines[0].contains(image), "{lines:?}");
    }

    #[test]
    fn a_password_that_the_state_does_not_have_is_no_drift() {
        let mut state = state();
        let found = cluster(&state, Stage::Created, &[]);
        state.couchdb.admin_password = tf_framework::Attr::Null;
        assert_eq!(lines(&state, &found), Vec::<String>::new());
    }

    #[test]
    fn the_record_holds_no_secret_and_an_import_gets_them_from_the_cluster() {
        let tls = json!({"ingress": {"tls": {"certificate": "the certificate", "private_key": "the private key"}}});
        let original = fixtures::state(&with(tls));
        let found = cluster(&original, Stage::Created, &[]);
        let record = found
            .get(&record::key("cht-kisumu"))
            .expect("the record")
            .json()
            .to_string();
        for secret in [
            "correct horse battery",
            "0f0e0d0c0b0a0908",
            "00112233445566778899",
            "the private key",
        ] {
            assert!(!record.contains(secret), "{record}");
        }
        let mut imported = Record::find(&found, "cht-kisumu")
            .expect("the record")
            .model()
            .expect("it can be read");
        restore_secrets(&mut imported, &found);
        assert_eq!(
            tf_framework::ToValue::to_value(&imported),
            tf_framework::ToValue::to_value(&original)
        );
    }
}
