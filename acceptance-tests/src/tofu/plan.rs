//! A plan, as `show -json` tells it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Diagnostic, Outcome};

/// A successful plan.
#[derive(Debug)]
pub struct Plan {
    /// What the command said.
    pub outcome: Outcome,
    /// The whole document.
    pub json: Value,
    changes: BTreeMap<String, Change>,
    drift: BTreeMap<String, Change>,
    output_changes: BTreeMap<String, Change>,
}

/// What is planned for one object, or what happened to it outside.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    /// `no-op`, `create`, `read`, `update`, `delete`; a replacement is two of them.
    pub actions: Vec<String>,
    /// The values before.
    pub before: Value,
    /// The values after, without the unknown ones.
    pub after: Value,
    /// `true` where a value is known only after apply.
    pub after_unknown: Value,
    /// The attributes that cause a replacement.
    pub replace_paths: Vec<Value>,
}

impl Plan {
    pub(super) fn parse(outcome: Outcome, json: Value) -> Result<Self, serde_json::Error> {
        let changes = by_address(&json, "resource_changes")?;
        let drift = by_address(&json, "resource_drift")?;
        let output_changes = json
            .get("output_changes")
            .cloned()
            .map(serde_json::from_value)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            outcome,
            json,
            changes,
            drift,
            output_changes,
        })
    }

    /// Whether the command found nothing to do: no resource and no output changes.
    pub fn is_empty(&self) -> bool {
        // With -detailed-exitcode, 2 means that there are changes.
        self.outcome.code == Some(0)
    }

    /// What is planned for a resource; none if the plan does not mention it.
    pub fn change(&self, address: &str) -> Option<&Change> {
        self.changes.get(address)
    }

    /// The actions for a resource, such as `["delete", "create"]`; none if the plan does not mention it.
    pub fn actions(&self, address: &str) -> Vec<&str> {
        self.change(address)
            .map(|change| change.actions.iter().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// All resources for which something is to be done.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.changes
            .iter()
            .map(|(address, change)| (address.as_str(), change))
            .filter(|(_, it)| it.actions != ["no-op"])
    }

    /// What was changed outside, by resource.
    pub fn drift(&self) -> &BTreeMap<String, Change> {
        &self.drift
    }

    /// The outputs that change.
    pub fn output_changes(&self) -> impl Iterator<Item = (&str, &Change)> {
        self.output_changes
            .iter()
            .map(|(name, change)| (name.as_str(), change))
            .filter(|(_, it)| it.actions != ["no-op"])
    }

    /// The warnings that came with the plan.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.outcome.diagnostics
    }
}

fn by_address(json: &Value, list: &str) -> Result<BTreeMap<String, Change>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Entry {
        address: String,
        change: Change,
    }
    let entries: Vec<Entry> = json
        .get(list)
        .cloned()
        .map(serde_json::from_value)
        .transpose()?
        .unwrap_or_default();
    Ok(entries.into_iter().map(|entry| (entry.address, entry.change)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plan_is_read_by_address() {
        let change = json!({
            "actions": ["delete", "create"],
            "before": {"name": "a"},
            "after": {"name": "b"},
            "after_unknown": {"id": true},
            "replace_paths": [["name"]],
        });
        let json = json!({
            "resource_changes": [
                {"address": "cht_x.y", "type": "cht_x", "change": change},
                {"address": "cht_x.z", "change": {"actions": ["no-op"]}},
            ],
            "resource_drift": [{"address": "cht_x.y", "change": {"actions": ["update"]}}],
            "output_changes": {"url": {"actions": ["create"], "after_unknown": true}},
        });
        let outcome = Outcome::new("tofu plan".to_owned(), Some(2), String::new(), String::new());
        let plan = Plan::parse(outcome, json).unwrap();
        assert_eq!(plan.actions("cht_x.y"), ["delete", "create"]);
        assert_eq!(plan.change("cht_x.y").unwrap().replace_paths, [json!(["name"])]);
        assert_eq!(
            plan.changes().map(|(address, _)| address).collect::<Vec<_>>(),
            ["cht_x.y"]
        );
        assert_eq!(plan.drift()["cht_x.y"].actions, ["update"]);
        assert_eq!(plan.output_changes().next().unwrap().1.after_unknown, json!(true));
        assert!(!plan.is_empty());
        assert!(plan.actions("cht_x.none").is_empty());
    }
}
