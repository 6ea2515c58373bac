//! Adoption: an instance that the official Helm chart made becomes one of this provider, with its data where it is.
//!
//! 1. The import is the decision. It finds the instance by its official names ([`site`]), refuses what cannot be
//!    adopted, and reads the live objects into arguments: [`arguments`], with [`couchdb`] and [`storage`], [`pods`],
//!    [`ingress`]. It changes nothing, and tells what [`helm`] still knows.
//! 2. `adopted_from` in the state, and later in the record, says that objects of the official names belong to this
//!    instance, whoever made them last. So a refresh finds them without our marks ([`complete`]), and the plan lists in
//!    `drift` what the next apply will do to each of them ([`differences`]).
//! 3. That apply takes them over ([`take_over`]) before it does what every update does. Volumes and claims stay as they
//!    are, now and later ([`keep_volumes`]).
//!
//! The chart's objects carry the names and labels that [`super::objects`] gives to ours, the selectors of Deployments
//! among them, so nothing has to be made anew.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::desired::{self, Desired};
use crate::cht::instance::live::{self, volumes};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::Stage;
use crate::kubernetes::{Access, Adopt, Drift, Found, MANAGED_BY_LABEL, OWNER_LABEL, Object, as_it_is, removals};

mod arguments;
mod couchdb;
mod helm;
mod ingress;
mod pods;
mod site;
mod storage;

use self::site::Site;

impl InstanceModel {
    /// Whether the instance was made by another tool, and imported.
    pub(super) fn is_adopted(&self) -> bool {
        self.adopted_from.known().is_some()
    }
}

/// Reads an instance that the chart made.
pub(super) async fn import(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
) -> Result<InstanceModel, Diagnostics> {
    let site = Site::survey(access, namespace).await?;
    let model = arguments::read(&site).await?;
    helm::warn(cx, &model, &site.objects);
    Ok(model)
}

/// Adds to what carries our marks the other objects of adopted instances, whoever made them.
pub(super) async fn complete(access: &Access, models: &[&InstanceModel], found: Found) -> Result<Found, Diagnostics> {
    let mut missing = Vec::new();
    for model in models.iter().filter(|model| model.is_adopted()) {
        let desired = Desired::new(model, &Credentials::placeholder(), Stage::Created)?;
        let keys = desired.set.objects().map(|object| object.key().clone());
        missing.extend(keys.filter(|key| found.get(key).is_none()));
    }
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Ok(found);
    }
    let unmarked = access.cluster.read_by_name(&missing).await;
    let unmarked = unmarked.map_err(access.explain("Unable to read the CHT instance"))?;
    Ok(found.objects().chain(unmarked.objects()).cloned().collect())
}

/// Makes all that was found the instance's own, and answers with what there is then.
pub(super) async fn take_over(
    cx: &Context<InstanceResource>,
    access: &Access,
    models: &[&InstanceModel],
    found: Found,
) -> Result<Found, Diagnostics> {
    let Some(model) = models.iter().find(|model| model.is_adopted()) else {
        return Ok(found);
    };
    let owner = desired::owner(&model.namespace)?;
    if found.objects().all(|live| owner.owns(live)) {
        return Ok(found);
    }
    tracing::info!("taking over objects that another tool made");
    let taken = access.cluster.take_over(&owner, &found).await;
    taken.map_err(access.explain("Unable to take over the CHT instance"))?;
    helm::warn_if_remembered(cx, access, model).await?;
    live::find(access, &model.namespace, models).await
}

/// Allows the objects of an adopted instance to be taken over.
pub(super) fn allow(model: &InstanceModel, object: Object) -> Object {
    if model.is_adopted() {
        object.adopting(Adopt::Always)
    } else {
        object
    }
}

/// Takes over into a desired set what cannot be changed of the volumes and claims that an adopted instance has.
pub(super) fn keep_volumes(model: &InstanceModel, desired: Desired, found: &Found) -> Desired {
    if !model.is_adopted() {
        return desired;
    }
    desired.map(|object| match found.get(object.key()) {
        Some(live) => as_it_is(object, live),
        None => object,
    })
}

/// Leaves out of a desired set what cannot be tried before it was taken over: the fields of its tool would be in the
/// way.
pub(super) fn triable(model: &InstanceModel, desired: Desired, found: &Found) -> Result<Desired, Diagnostics> {
    if !model.is_adopted() {
        return Ok(desired);
    }
    let owner = desired::owner(&model.namespace)?;
    Ok(desired.filter(|object| {
        let live = found.get(object.key());
        live.is_none_or(|live| owner.owns(live) || volumes::is_data(live))
    }))
}

/// What the next apply will change, one line for each difference. Of what is not ours yet it tells more: that it is to
/// be taken over, and what goes because we do not send it.
pub(super) fn differences(desired: &Desired, found: &Found, drift: &[Drift]) -> Vec<String> {
    let is_foreign = |key| found.get(key).is_some_and(|live| !desired.set.owner().owns(live));
    let mut lines = Vec::new();
    for object in desired.set.objects().filter(|object| is_foreign(object.key())) {
        lines.push(format!("{} is not marked as part of this instance", object.key()));
        if let Some(live) = found.get(object.key()) {
            let gone = removals(object, live).into_iter();
            lines.extend(gone.map(|path| format!("{} {path}: is not configured", object.key())));
        }
    }
    lines.extend(drift.iter().filter_map(|drift| match drift {
        Drift::Field(field) if is_foreign(&field.object) => {
            let path = field.path.to_string();
            if [MANAGED_BY_LABEL, OWNER_LABEL].iter().any(|label| path.contains(label)) {
                return None;
            }
            // Nobody has removed what was never there.
            let is_absent = field.live.is_none();
            Some(if is_absent {
                format!("{} {path}: is not set", field.object)
            } else {
                drift.to_string()
            })
        }
        other => Some(other.to_string()),
    }));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tf_framework::Attr;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, credentials, minimal, state, with};
    use crate::kubernetes::{LiveObject, drift};

    /// The objects of an instance as another tool made them: without marks, record and checksums, and owned by that
    /// tool.
    fn made_by_helm(instance: &InstanceModel) -> Found {
        let found = cluster(instance, Stage::Created, &["terraform-provider-cht"]);
        let foreign = |live: &LiveObject| {
            let mut json = live.json().clone();
            json["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
            if json["kind"] == "Deployment" {
                json["spec"]["template"]["metadata"]["annotations"] = json!(null);
                json["spec"]["template"]["spec"]["hostname"] = json!("old");
            }
            json["metadata"]["managedFields"] = json!([{"manager": "helm", "operation": "Update", "fieldsV1":
                {"f:spec": {"f:template": {"f:spec": {"f:hostname": {}}}}}}]);
            LiveObject::from_json(json).expect("a known kind")
        };
        found.objects().map(foreign).collect()
    }

    #[test]
    fn of_what_is_not_ours_yet_the_drift_tells_all_that_will_be_done_to_it() {
        let mut adopted = state(&minimal());
        adopted.adopted_from = Attr::Known("Helm release cht-kisumu/county".to_owned());
        let found = made_by_helm(&adopted);
        let desired = Desired::new(&adopted, &credentials(), Stage::Created).expect("the model is complete");
        let lines = super::differences(&desired, &found, &drift(&desired.set, &found));
        let of = |name: &str| -> Vec<&str> {
            let own = lines.iter().filter(|line| line.contains(name));
            own.map(String::as_str).collect()
        };
        assert_eq!(
            of("Deployment cht-kisumu/cht-sentinel"),
            [
                "Deployment cht-kisumu/cht-sentinel is not marked as part of this instance",
                "Deployment cht-kisumu/cht-sentinel spec.template.spec.hostname: is not configured",
                "Deployment cht-kisumu/cht-sentinel metadata.labels[\"cht.service\"]: is not set",
                "Deployment cht-kisumu/cht-sentinel spec.template.metadata.annotations: is not set",
            ]
        );
        assert_eq!(
            of("Secret cht-kisumu/cht-couchdb-credentials"),
            ["Secret cht-kisumu/cht-couchdb-credentials is not marked as part of this instance"]
        );
        assert_eq!(
            of("terraform-provider-cht"),
            ["ConfigMap cht-kisumu/terraform-provider-cht is not there"]
        );
    }

    #[test]
    fn only_an_adopted_instance_takes_over_what_others_made() {
        let made = state(&minimal());
        let mut adopted = state(&with(json!({"namespace": "cht-kisumu"})));
        adopted.adopted_from = Attr::Known("manifests".to_owned());
        for (model, expected) in [(made, Adopt::Never), (adopted, Adopt::Always)] {
            let desired = Desired::new(&model, &credentials(), Stage::Created).expect("the model is complete");
            let claim = desired
                .set
                .objects()
                .find(|object| object.key().name == "couchdb-claim0");
            assert_eq!(claim.expect("it is there").adopt(), expected);
        }
    }

    #[test]
    fn what_is_not_taken_over_yet_is_not_tried_but_for_volumes() {
        let mut adopted = state(&minimal());
        adopted.adopted_from = Attr::Known("manifests".to_owned());
        let desired = Desired::new(&adopted, &credentials(), Stage::Created).expect("the model is complete");
        let found = made_by_helm(&adopted);
        let tried = triable(&adopted, desired, &found).expect("an owner");
        let names: Vec<&str> = tried.set.objects().map(|object| object.key().name.as_str()).collect();
        assert_eq!(names, ["terraform-provider-cht", "couchdb-claim0"]);
    }
}
