//! What the cluster says of the data volumes.

use tf_framework::Attr;

use crate::cht::instance::desired::claim_key;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::spec::Volume;
use crate::kubernetes::Found;

/// Puts into the model the sizes of the volumes, and the class in which they were made. What is common to all nodes is that of
/// the first one that has nothing of its own; where another node differs from that, it shows as drift.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cht::instance::fixtures::{couchdb, model, with};
    use crate::kubernetes::LiveObject;

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
}
