//! What the cluster says of the data volumes.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record;
use crate::cht::instance::spec::Volume;
use crate::kubernetes::{Found, LiveObject, ObjectKey};

/// Puts into the model the sizes of the volumes, and the class in which they were made. What is common to all nodes is
/// that of the first one that has nothing of its own; where another node differs from that, it shows as drift.
pub(super) fn store(model: &mut InstanceModel, found: &Found) {
    let couchdb = model.couchdb.spec();
    let (mut common_size, mut common_class) = (None, None);
    for (index, member) in couchdb.members().enumerate() {
        let Some(claim) = found.get(&claim_key(&model.namespace, &member.claim())) else {
            continue;
        };
        let text = |pointer: &str| claim.json().pointer(pointer)?.as_str().map(str::to_owned);
        let nodes = model.couchdb.nodes.as_mut();
        let mut own = nodes.and_then(|nodes| nodes.get_mut(index)?.storage.as_mut());
        if let Some(size) = text("/spec/resources/requests/storage") {
            match own.as_mut().and_then(|own| own.size.as_mut()) {
                Some(own_size) => *own_size = size,
                None => common_size = common_size.or(Some(size)),
            }
        }
        if member.node.storage.volume == Volume::New && own.is_none_or(|own| own.class.is_none()) {
            common_class = common_class.or(Some(text("/spec/storageClassName")));
        }
    }
    if let Some(size) = common_size {
        model.couchdb.storage_size = size;
    }
    match common_class {
        Some(class) => model.couchdb.storage_class = class.into(),
        None if model.couchdb.storage_class.is_unknown() => model.couchdb.storage_class = Attr::Null,
        None => {}
    }
}

/// Puts into the model the class in which the volumes were made, if the plan left it open.
pub(super) fn fill(model: &mut InstanceModel, found: &Found) {
    if model.couchdb.storage_class.is_unknown() {
        let mut live = model.clone();
        store(&mut live, found);
        model.couchdb.storage_class = live.couchdb.storage_class;
    }
}

/// The claim of a data volume.
pub(in crate::cht::instance) fn claim_key(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::namespaced::<PersistentVolumeClaim>(namespace, name)
}

/// Whether an object is a data volume, or what claims it.
pub(in crate::cht::instance) fn is_data(live: &LiveObject) -> bool {
    matches!(live.key().kind.kind, "PersistentVolumeClaim" | "PersistentVolume")
}

/// The data volumes that are older than the instance: an earlier one, which was destroyed, left them.
pub(in crate::cht::instance) fn earlier(found: &Found, namespace: &str) -> Found {
    let record_made = found.get(&record::key(namespace)).map(made_at);
    let is_older = |live: &LiveObject| record_made.is_none_or(|record_made| made_at(live) < record_made);
    found.select(|live| is_data(live) && is_older(live))
}

/// The claims for volumes that Kubernetes made: if such a claim is made again, its volume is another one.
pub(in crate::cht::instance) fn claims_of_new_volumes(model: &InstanceModel) -> Vec<ObjectKey> {
    let couchdb = model.couchdb.spec();
    let members = couchdb
        .members()
        .filter(|member| member.node.storage.volume == Volume::New);
    members
        .map(|member| claim_key(&model.namespace, &member.claim()))
        .collect()
}

/// Refuses to make a data volume again that an instance in use has lost.
///
/// # Errors
/// Fails if one of its claims is not there.
pub(in crate::cht::instance) fn check_claims(model: &InstanceModel, found: &Found) -> Result<(), Diagnostics> {
    let claims = claims_of_new_volumes(model);
    match claims.into_iter().find(|claim| found.get(claim).is_none()) {
        Some(lost) => Err(claim_lost(&lost).into()),
        None => Ok(()),
    }
}

/// The words for a data volume that an instance in use has lost.
pub(in crate::cht::instance) fn claim_lost(claim: &ObjectKey) -> Diagnostic {
    let detail = format!(
        "{claim}, by which CouchDB had its data, is not there any more. It is not made again: it would be empty, and CHT would go \
         on with an empty database.\n\nIf the volume is still there (`kubectl get persistentvolumes`), or there is a backup of it: \
         note `admin_password`, `secret` and `uuid` of this instance, destroy it, and make it again with these, \
         `existing_data = true`, and the volume in `storage` of the node. If the data is not needed, destroy the instance, and \
         make another one."
    );
    Diagnostic::error("Data volume is gone", detail).at(InstanceModel::COUCHDB)
}

/// When an object was made, in a form whose order is that of time.
fn made_at(live: &LiveObject) -> &str {
    let made_at = live.json().pointer("/metadata/creationTimestamp");
    made_at.and_then(|made_at| made_at.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cht::instance::fixtures::{cluster, couchdb, minimal, model, state, with};
    use crate::cht::instance::record::Stage;

    fn claim(name: &str, size: &str, class: Option<&str>) -> LiveObject {
        let claim: Value = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "cht-kisumu"},
            "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}},
        });
        LiveObject::from_json(claim).expect("a known kind")
    }

    #[test]
    fn each_size_and_class_is_stored_where_it_was_configured() {
        let nodes = json!([{"storage": {"size": "5Gi", "class": "fast"}}, {}, {"node_name": "c"}]);
        let mut model = model(&with(couchdb(json!({ "nodes": nodes }))));
        model.couchdb.storage_class = Attr::Unknown;
        let found = [
            claim("couchdb-1-claim0", "6Gi", Some("fast")),
            claim("couchdb-2-claim0", "20Gi", Some("slow")),
            claim("couchdb-3-claim0", "30Gi", Some("slow")),
        ];
        store(&mut model, &found.into_iter().collect());
        assert_eq!(model.couchdb.storage_size, "20Gi");
        assert_eq!(model.couchdb.storage_class.known().map(String::as_str), Some("slow"));
        let nodes = model.couchdb.nodes.expect("they are given");
        let own = nodes[0].storage.as_ref().expect("it is given");
        assert_eq!((own.size.as_deref(), own.class.as_deref()), (Some("6Gi"), Some("fast")));
    }

    #[test]
    fn an_existing_volume_has_no_say_in_the_class() {
        let nodes = json!([{"storage": {"ebs_volume_id": "vol-0a1b2c3d4e5f60718"}}]);
        let mut model = model(&with(couchdb(json!({ "nodes": nodes }))));
        model.couchdb.storage_class = Attr::Unknown;
        store(
            &mut model,
            &[claim("couchdb-claim0", "10Gi", Some(""))].into_iter().collect(),
        );
        assert!(model.couchdb.storage_class.is_null());
    }

    #[test]
    fn volumes_that_are_older_than_the_record_are_those_of_an_earlier_instance() {
        let made = |name: &str, at: &str| {
            let mut json = claim(name, "1Gi", None).json().clone();
            json["metadata"]["creationTimestamp"] = json!(at);
            LiveObject::from_json(json).expect("a known kind")
        };
        let claims = [
            made("couchdb-claim0", "2026-03-01T10:00:00Z"),
            made("other", "2026-03-01T10:00:09Z"),
        ];
        let without_record: Found = claims.clone().into_iter().collect();
        assert_eq!(earlier(&without_record, "cht-kisumu").objects().count(), 2);

        let begun = cluster(&state(&minimal()), Stage::Creating, &[]);
        let mut record = begun.get(&record::key("cht-kisumu")).expect("a record").json().clone();
        record["metadata"]["creationTimestamp"] = json!("2026-03-01T10:00:09Z");
        let record = LiveObject::from_json(record).expect("a known kind");
        let found = claims.into_iter().chain([record]).collect();
        let earlier = earlier(&found, "cht-kisumu");
        let names: Vec<&str> = earlier.objects().map(|live| live.key().name.as_str()).collect();
        assert_eq!(names, ["couchdb-claim0"]);
    }

    #[test]
    fn a_lost_volume_is_not_made_again_unless_it_leads_to_a_disk_that_is_there() {
        let there: Found = [claim("couchdb-claim0", "1Gi", None)].into_iter().collect();
        assert!(check_claims(&model(&minimal()), &there).is_ok());
        let lost = check_claims(&model(&minimal()), &Found::default()).expect_err("it is lost");
        assert!(
            lost.to_string()
                .contains("PersistentVolumeClaim cht-kisumu/couchdb-claim0"),
            "{lost}"
        );
        let disk = model(&with(couchdb(json!({"nodes": [{"storage": {"gce_disk": "data"}}]}))));
        assert!(check_claims(&disk, &Found::default()).is_ok());
    }
}
