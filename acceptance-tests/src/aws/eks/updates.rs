//! What is known of changes of clusters, node groups and add-ons, and how they begin.

use serde_json::{Map, Value, json};

use super::clusters::{find, find_mut};
use super::control::Work;
use super::refusals::not_found;
use super::world::{Cluster, Part, Update};
use super::{Asked, Outcome, merge, now};

/// What is to be changed.
pub(super) struct Wanted {
    pub(super) cluster: String,
    pub(super) of: Option<Part>,
    pub(super) kind: &'static str,
    pub(super) work: Work,
    /// What becomes of the document if it succeeds.
    pub(super) change: Value,
    /// What the update tells of itself.
    pub(super) told: Vec<(&'static str, Value)>,
}

/// DescribeUpdate.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("name"))?;
    let (id, of) = (asked.text("updateId"), part(asked));
    let mut updates = cluster.updates.iter();
    match updates.find(|update| update.document["id"] == id && update.of == of) {
        Some(update) => Ok(json!({"update": update.document})),
        None => Err(not_found(&format!("No update found for ID: {id}"))),
    }
}

/// ListUpdates, the last first.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("name"))?;
    let of = part(asked);
    let updates = cluster.updates.iter().rev().filter(|update| update.of == of);
    asked.page(
        "updateIds",
        updates.map(|update| update.document["id"].clone()).collect(),
    )
}

/// Begins a change, or its failure if one is planned.
pub(super) fn begin(asked: Asked<'_>, wanted: Wanted) -> Outcome {
    let mut request = Value::Object(asked.parameters.clone());
    let failure = asked.world.failure(wanted.work);
    let cluster = find_mut(&mut *asked.world, &wanted.cluster)?;
    let item = match &wanted.of {
        None => Some(&mut cluster.item),
        Some(Part::NodeGroup(name)) => cluster.node_groups.get_mut(name),
        Some(Part::Addon(name)) => cluster.addons.get_mut(name),
    };
    let Some(item) = item else {
        return Err(not_found("It is gone"));
    };
    let becomes = match &failure {
        None => {
            let mut becomes = wanted.change;
            merge(&mut becomes, &json!({"status": "ACTIVE", "health": {"issues": []}}));
            becomes
        }
        Some(issue) => {
            merge(&mut request, &json!({"errors": issue.errors()}));
            match &wanted.of {
                Some(Part::Addon(_)) => json!({"status": "UPDATE_FAILED", "health": issue.health()}),
                _ => json!({"status": "ACTIVE"}),
            }
        }
    };
    item.begin(wanted.work, "UPDATING", Some(becomes));
    let told = wanted.told.iter().map(|(name, value)| match value {
        Value::String(text) => json!({"type": name, "value": text}),
        value => json!({"type": name, "value": value.to_string()}),
    });
    let document = json!({
        "id": uuid::Uuid::new_v4().to_string(), "status": "InProgress", "type": wanted.kind,
        "params": told.collect::<Vec<_>>(), "createdAt": now(), "errors": [],
    });
    let answer = json!({"update": document});
    cluster.updates.push(Update {
        document,
        request,
        of: wanted.of,
    });
    Ok(answer)
}

/// The answer to a request that was made before, with the same token.
pub(super) fn repeated(cluster: &Cluster, parameters: &Map<String, Value>) -> Option<Value> {
    parameters.get("clientRequestToken")?;
    let same = |update: &&Update| {
        let mut request = update.request.clone();
        merge(&mut request, &json!({"errors": null}));
        request.as_object() == Some(parameters)
    };
    let update = cluster.updates.iter().find(same)?;
    Some(json!({"update": update.document}))
}

fn part(asked: &Asked<'_>) -> Option<Part> {
    let given = |name: &str| asked.parameters.contains_key(name).then(|| asked.text(name).to_owned());
    let group = given("nodegroupName").map(Part::NodeGroup);
    group.or_else(|| given("addonName").map(Part::Addon))
}
