//! Pod identity associations: which role of IAM a service account has.

use serde_json::{Value, json};

use super::clusters::{find, find_mut};
use super::refusals::{in_use, not_found, not_now};
use super::world::{Cluster, Item};
use super::{Asked, Outcome, merge, now};
use crate::aws::refusal::Answered;

/// What a list tells of each.
const SUMMARY: [&str; 6] = [
    "associationArn",
    "associationId",
    "clusterName",
    "namespace",
    "ownerArn",
    "serviceAccount",
];

/// CreatePodIdentityAssociation.
pub(super) fn create(asked: Asked<'_>) -> Outcome {
    let name = asked.text("clusterName").to_owned();
    let cluster = find(&asked, &name)?;
    let request = Value::Object(asked.parameters.clone());
    let mut known = cluster.associations.values();
    let twin = known.find(|item| {
        item.document["namespace"] == request["namespace"]
            && item.document["serviceAccount"] == request["serviceAccount"]
    });
    if let Some(item) = twin {
        let same = request["clientRequestToken"].is_string() && item.request == request;
        return match same {
            true => Ok(json!({"association": item.document})),
            false => Err(in_use(
                "Association already exists: it has the same namespace and service account",
            )),
        };
    }
    let (id, mut item) = made(&asked, &name, &request);
    item.request = request;
    let answer = json!({"association": item.document});
    find_mut(&mut *asked.world, &name)?.associations.insert(id, item);
    Ok(answer)
}

/// DescribePodIdentityAssociation.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("clusterName"))?;
    let id = asked.text("associationId");
    let item = cluster.associations.get(id).ok_or_else(|| missing(id))?;
    Ok(json!({"association": item.document}))
}

/// ListPodIdentityAssociations.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("clusterName"))?;
    let matches = |item: &&Item| {
        let filters = ["namespace", "serviceAccount"].iter();
        let mut given = filters.filter_map(|name| Some((name, asked.parameters.get(*name)?)));
        given.all(|(name, value)| item.document[*name] == *value)
    };
    let found = cluster.associations.values().filter(matches);
    let told = found.map(|item| {
        let members = SUMMARY.iter().map(|name| (*name, &item.document[*name]));
        members
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    });
    asked.page("associations", told.map(Value::Object).collect())
}

/// UpdatePodIdentityAssociation.
pub(super) fn update(asked: Asked<'_>) -> Outcome {
    let mut change = json!({"modifiedAt": now()});
    for member in ["disableSessionTags", "policy", "roleArn", "targetRoleArn"] {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut change, &json!({member: value}));
        }
    }
    let (cluster, id) = own(asked)?;
    let item = cluster.associations.get_mut(&id).ok_or_else(|| missing(&id))?;
    merge(&mut item.document, &change);
    Ok(json!({"association": item.document}))
}

/// DeletePodIdentityAssociation.
pub(super) fn delete(asked: Asked<'_>) -> Outcome {
    let (cluster, id) = own(asked)?;
    let item = cluster.associations.remove(&id).ok_or_else(|| missing(&id))?;
    Ok(json!({"association": item.document}))
}

/// An association and its id.
pub(super) fn made(asked: &Asked<'_>, cluster: &str, wanted: &Value) -> (String, Item) {
    let id = format!("a-{}", &uuid::Uuid::new_v4().simple().to_string()[..17]);
    let mut document = json!({
        "clusterName": cluster, "associationId": id, "createdAt": now(), "modifiedAt": now(),
        "associationArn": asked.arn(&format!("podidentityassociation/{cluster}/{id}")),
        "tags": {}, "disableSessionTags": false,
    });
    merge(&mut document, wanted);
    merge(&mut document, &json!({"clientRequestToken": null}));
    (id, Item::new(document, Value::Null))
}

/// The cluster and the id, if the association is not an add-on's.
fn own<'a>(asked: Asked<'a>) -> Result<(&'a mut Cluster, String), Answered> {
    let id = asked.text("associationId").to_owned();
    let name = asked.text("clusterName").to_owned();
    let cluster = find_mut(asked.world, &name)?;
    let item = cluster.associations.get(&id).ok_or_else(|| missing(&id))?;
    if item.document["ownerArn"].is_string() {
        return Err(not_now("The pod identity association is owned by an addon"));
    }
    Ok((cluster, id))
}

fn missing(id: &str) -> Answered {
    not_found(&format!("No association found with id {id}"))
}
