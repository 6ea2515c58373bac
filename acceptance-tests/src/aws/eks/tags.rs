//! Tags of whatever has an ARN.

use serde_json::json;

use super::refusals::no_resource;
use super::surroundings::{self, texts};
use super::world::{Item, World};
use super::{Asked, Outcome, merge};
use crate::aws::refusal::Answered;

/// TagResource.
pub(super) fn add(asked: Asked<'_>) -> Outcome {
    let change = json!({"tags": asked.value("tags")});
    merge(&mut find(asked.world, asked.text("resourceArn"))?.document, &change);
    Ok(json!({}))
}

/// UntagResource.
pub(super) fn remove(asked: Asked<'_>) -> Outcome {
    let keys = texts(&surroundings::list(asked.value("tagKeys")));
    let item = find(asked.world, asked.text("resourceArn"))?;
    for key in keys {
        merge(&mut item.document, &json!({"tags": {key: null}}));
    }
    Ok(json!({}))
}

/// ListTagsForResource.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let arn = asked.text("resourceArn");
    let mut items = asked.world.clusters.values().flat_map(|cluster| {
        let parts = [&cluster.node_groups, &cluster.addons, &cluster.associations];
        let entries = cluster.access_entries.values().map(|entry| &entry.item);
        let parts = parts.into_iter().flat_map(|items| items.values());
        [&cluster.item].into_iter().chain(parts).chain(entries)
    });
    let item = items.find(|item| has(item, arn)).ok_or_else(|| no_resource(arn))?;
    Ok(json!({"tags": item.document["tags"]}))
}

fn find<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Item, Answered> {
    let mut items = world.clusters.values_mut().flat_map(|cluster| {
        let parts = [&mut cluster.node_groups, &mut cluster.addons, &mut cluster.associations];
        let entries = cluster.access_entries.values_mut().map(|entry| &mut entry.item);
        let parts = parts.into_iter().flat_map(|items| items.values_mut());
        [&mut cluster.item].into_iter().chain(parts).chain(entries)
    });
    items.find(|item| has(item, arn)).ok_or_else(|| no_resource(arn))
}

fn has(item: &Item, arn: &str) -> bool {
    let names = ["arn", "nodegroupArn", "addonArn", "accessEntryArn", "associationArn"];
    names.iter().any(|name| item.document[*name] == arn)
}
