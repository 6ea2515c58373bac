//! Takes over objects that another tool made, such as Helm: somebody has decided that, and this carries it out.
//!
//! The marks alone would not do. With server-side apply a field goes when nobody owns it any more, and a tool that made
//! an object by plain writes owns for good what it wrote: the parameters of another strategy would stay beside ours, or
//! a second source of a volume. So the
//! [ownership](https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership) of the tool's
//! fields passes to us, which changes nothing yet; our next apply then removes what it does not send.
//! [`removals`](super::drift::removals()) says before what that is.
//!
//! Volumes and claims are the exception. Most of what they say can never be changed, so they only get the marks, and
//! what is applied to them is [`as_it_is`].

use serde_json::{Map, Value, json};
use tracing::debug;

use super::answer::managed_fields;
use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::Kind;
use super::object::Object;
use super::ownership::{MANAGED_BY_LABEL, MANAGER, OWNER_LABEL, OwnerId};
use super::read::{Found, LiveObject};
use super::request::Patch;

/// How often an object that changed meanwhile is looked at anew.
const TRIES: usize = 4;

impl Cluster {
    /// Makes these objects the owner's, whoever they belong to. Nothing restarts by it. Objects that are the owner's
    /// already, or that are gone by now, count as done.
    ///
    /// # Errors
    /// An object cannot be patched; the others are taken over all the same.
    pub async fn take_over(&self, owner: &OwnerId, found: &Found) -> Result<(), Error> {
        let foreign = found.objects().filter(|live| !owner.owns(live));
        let taken = in_parallel(foreign.map(|live| self.take_over_one(owner, live.clone())).collect()).await;
        let errors = taken.into_iter().filter_map(Result::err).collect();
        Error::from_many(errors).map_or(Ok(()), Err)
    }

    async fn take_over_one(&self, owner: &OwnerId, mut live: LiveObject) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let query = format!("fieldManager={MANAGER}");
            match self
                .patch(live.key(), Patch::Json, &query, &transfer(owner, &live))
                .await
            {
                Ok(_) => {
                    debug!(object = %live.key(), "took over Kubernetes object");
                    return Ok(());
                }
                Err(error) if error.is_not_found() => return Ok(()),
                // It is another version by now than the one that was seen.
                Err(Error::Rejected { .. } | Error::Conflict { .. }) if tries < TRIES => {
                    let Some(again) = self.get(live.key()).await? else {
                        return Ok(());
                    };
                    live = LiveObject::from_json(again)?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// What is applied to a volume or a claim that somebody else made: what can never be changed of it is as it is there.
/// Any other object stays what it was.
#[must_use]
pub fn as_it_is(object: Object, live: &LiveObject) -> Object {
    let changeable: &[&str] = match live.key().kind.kind {
        "PersistentVolumeClaim" => &["resources"],
        "PersistentVolume" => &["persistentVolumeReclaimPolicy"],
        _ => return object,
    };
    object.with_spec(|spec| {
        let live = live.json().get("spec").and_then(Value::as_object);
        let live = live.cloned().unwrap_or_default();
        spec.retain(|name, value| {
            changeable.contains(&name.as_str()) || live.get(name).is_some_and(|live| restrict(value, live))
        });
    })
}

/// Whether an object is left as it is but for the marks.
pub(super) fn is_kept(kind: Kind) -> bool {
    matches!(kind.kind, "PersistentVolume" | "PersistentVolumeClaim")
}

/// The fields of an object that tools own: those managers that say what the object is. A controller only notes
/// something in the metadata or the status. Our own applies do not count.
pub(super) fn fields_of_tools(live: &Value) -> Option<Value> {
    managed_fields(live)
        .iter_mut()
        .filter(|entry| is_of_tool(entry))
        .filter_map(|entry| entry.get_mut("fieldsV1").map(Value::take))
        .reduce(union)
}

/// The patch that marks an object and passes the fields of tools to us. It only fits the version that was seen.
fn transfer(owner: &OwnerId, live: &LiveObject) -> Value {
    let mut labels = live.json().pointer("/metadata/labels").cloned().unwrap_or_default();
    if !labels.is_object() {
        labels = json!({});
    }
    labels[MANAGED_BY_LABEL] = json!(MANAGER);
    labels[OWNER_LABEL] = json!(owner.as_str());
    let version = live.json().pointer("/metadata/resourceVersion");
    let mut steps = vec![
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": version}),
        json!({"op": "add", "path": "/metadata/labels", "value": labels}),
    ];
    if !is_kept(live.key().kind)
        && let Some(entries) = transferred(live.json())
    {
        steps.push(json!({"op": "replace", "path": "/metadata/managedFields", "value": entries}));
    }
    Value::Array(steps)
}

/// The entries of `metadata.managedFields` after the transfer; none if no tool owns anything.
fn transferred(live: &Value) -> Option<Vec<Value>> {
    let of_tools = fields_of_tools(live)?;
    let (taken, mut kept): (Vec<Value>, Vec<Value>) = managed_fields(live)
        .into_iter()
        .partition(|entry| is_of_tool(entry) || is_of_our_applies(entry));
    let ours = taken.iter().find(|entry| is_of_our_applies(entry));
    let fields = match ours.and_then(|entry| entry.get("fieldsV1")) {
        Some(ours) => union(ours.clone(), of_tools),
        None => of_tools,
    };
    let latest = taken.iter().max_by_key(|entry| text(entry, "time"))?;
    kept.push(json!({
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": latest.get("apiVersion"),
        "time": latest.get("time"),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }));
    Some(kept)
}

fn is_of_tool(entry: &Value) -> bool {
    let fields = entry.get("fieldsV1").and_then(Value::as_object);
    let says_what_it_is = |name: &String| !matches!(name.as_str(), "f:metadata" | "f:status");
    text(entry, "manager") != MANAGER
        && text(entry, "subresource").is_empty()
        && fields.is_some_and(|fields| fields.keys().any(says_what_it_is))
}

fn is_of_our_applies(entry: &Value) -> bool {
    text(entry, "manager") == MANAGER && text(entry, "operation") == "Apply" && text(entry, "subresource").is_empty()
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields of both trees.
fn union(one: Value, other: Value) -> Value {
    let (Value::Object(mut one), Value::Object(other)) = (one, other) else {
        return json!({});
    };
    for (name, below) in other {
        let both = match one.remove(&name) {
            Some(there) => union(there, below),
            None => below,
        };
        one.insert(name, both);
    }
    Value::Object(one)
}

/// Brings a value to the live one, of which it keeps only what both have; answers whether there is anything left.
fn restrict(value: &mut Value, live: &Value) -> bool {
    match (value, live) {
        (Value::Object(fields), Value::Object(live)) => {
            let keep = |name: &String, value: &mut Value| live.get(name).is_some_and(|live| restrict(value, live));
            Map::retain(fields, keep);
            !fields.is_empty()
        }
        (value, live) => {
            value.clone_from(live);
            true
        }
    }
}

#[cfg(test)]
mod tests;
