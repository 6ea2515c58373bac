//! Which parts of the settings a configuration means: the ends of its branches, where an empty object is an end as
//! well.

use serde_json::{Map, Value};

/// The settings of a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tree(Map<String, Value>);

impl Tree {
    pub(super) fn new(settings: Map<String, Value>) -> Self {
        Tree(settings)
    }

    pub(super) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// What is live of the parts that this means, and nothing else.
    pub(super) fn found_in(&self, live: &Map<String, Value>) -> Tree {
        Tree(found(&self.0, live))
    }

    /// Whether every part that this means is one that the other means.
    pub(super) fn is_within(&self, other: &Tree) -> bool {
        let mut rest = self.0.clone();
        remove(&mut rest, &self.0, &other.0);
        rest == self.0
    }

    /// Removes the parts that this means and `kept` does not, and objects that become empty by it.
    pub(super) fn remove_from(&self, settings: &mut Map<String, Value>, kept: &Tree) {
        remove(settings, &self.0, &kept.0);
    }

    /// The first part that another tree has not with the same value, with dots between the levels.
    pub(super) fn first_difference(&self, other: &Tree) -> Option<String> {
        first_difference(&self.0, &other.0)
    }

    /// The parts of the settings with these keys, which have dots between the levels.
    ///
    /// # Errors
    /// Fails with the first key that is not there.
    pub(super) fn picked(settings: &Map<String, Value>, keys: &[&str]) -> Result<Tree, String> {
        let mut picked = Map::new();
        for key in keys {
            let levels: Vec<&str> = key.split('.').collect();
            if pick(&mut picked, settings, &levels).is_none() {
                return Err((*key).to_owned());
            }
        }
        Ok(Tree(picked))
    }
}

/// Whether two objects hold the same, in whatever order.
pub(super) fn same_objects(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let is_in_other = |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| same(value, other));
    one.len() == other.len() && one.iter().all(is_in_other)
}

fn found(wanted: &Map<String, Value>, live: &Map<String, Value>) -> Map<String, Value> {
    let of_both = wanted.iter().filter_map(|(key, wanted)| {
        let live = live.get(key)?;
        let part = match (wanted, live) {
            (Value::Object(wanted), Value::Object(live)) => Value::Object(found(wanted, live)),
            _ => live.clone(),
        };
        Some((key.clone(), part))
    });
    of_both.collect()
}

fn remove(settings: &mut Map<String, Value>, unwanted: &Map<String, Value>, kept: &Map<String, Value>) {
    let nothing = Map::new();
    for (key, unwanted) in unwanted {
        let kept = kept.get(key);
        match (settings.get_mut(key), unwanted, kept) {
            (None, ..) => {}
            // It goes on as an object, whose own parts decide.
            (Some(Value::Object(inner)), Value::Object(unwanted), kept) if !unwanted.is_empty() => {
                let kept_object = kept.and_then(Value::as_object);
                remove(inner, unwanted, kept_object.unwrap_or(&nothing));
                if inner.is_empty() && kept.is_none() {
                    settings.remove(key);
                }
            }
            // An object cannot be merged into anything else, so that has to make room.
            (Some(live), _, Some(Value::Object(_))) if !live.is_object() => {
                settings.remove(key);
            }
            (Some(_), _, Some(_)) => {}
            // An object that was only to be there may hold what others have put into it since.
            (Some(Value::Object(inner)), ..) if !inner.is_empty() => {}
            (Some(_), _, None) => {
                settings.remove(key);
            }
        }
    }
}

fn first_difference(wanted: &Map<String, Value>, other: &Map<String, Value>) -> Option<String> {
    wanted.iter().find_map(|(key, wanted)| {
        let other = other.get(key);
        match (wanted, other) {
            (Value::Object(wanted), Some(Value::Object(other))) => {
                first_difference(wanted, other).map(|inner| format!("{key}.{inner}"))
            }
            (wanted, Some(other)) if same(wanted, other) => None,
            _ => Some(key.clone()),
        }
    })
}

/// Whether two values are the same to JavaScript, which has one kind of number.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => same_objects(one, other),
        _ => one == other,
    }
}

fn pick(picked: &mut Map<String, Value>, settings: &Map<String, Value>, levels: &[&str]) -> Option<()> {
    let (first, rest) = levels.split_first()?;
    let value = settings.get(*first)?;
    if rest.is_empty() {
        picked.insert((*first).to_owned(), value.clone());
        return Some(());
    }
    let inner = picked.entry(*first).or_insert_with(|| Value::Object(Map::new()));
    pick(inner.as_object_mut()?, value.as_object()?, rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(json: Value) -> Tree {
        Tree(json.as_object().unwrap().clone())
    }

    fn after_removal(settings: Value, unwanted: Value, kept: Value) -> Value {
        let mut settings = settings.as_object().unwrap().clone();
        tree(unwanted).remove_from(&mut settings, &tree(kept));
        Value::Object(settings)
    }

    #[test]
    fn only_configured_parts_are_found() {
        let live = json!({"a": 1, "sms": {"service": "x", "other": true}, "list": [1, 2], "text": "t"});
        let wanted = tree(json!({"a": 2, "sms": {"service": "y"}, "list": [], "text": {"b": 1}, "none": 1}));
        let found = wanted.found_in(live.as_object().unwrap());
        assert_eq!(
            found,
            tree(json!({"a": 1, "sms": {"service": "x"}, "list": [1, 2], "text": "t"}))
        );
    }

    #[test]
    fn only_what_is_not_wanted_any_more_is_removed() {
        let settings = json!({"a": 1, "sms": {"service": "x", "other": true}, "mine": {"b": {"c": 1}}, "theirs": {}});
        let table = [
            (json!({"a": 1}), json!({}), json!(["mine", "sms", "theirs"])),
            (json!({"a": 1}), json!({"a": 2}), json!(["a", "mine", "sms", "theirs"])),
            (
                json!({"mine": {"b": {"c": 1}}}),
                json!({}),
                json!(["a", "sms", "theirs"]),
            ),
            (
                json!({"none": {"b": 1}}),
                json!({}),
                json!(["a", "mine", "sms", "theirs"]),
            ),
            (
                json!({"a": 1}),
                json!({"a": {"b": 1}}),
                json!(["mine", "sms", "theirs"]),
            ),
            (json!({"mine": {}}), json!({}), json!(["a", "mine", "sms", "theirs"])),
        ];
        for (unwanted, kept, expected) in table {
            let left = after_removal(settings.clone(), unwanted.clone(), kept);
            let keys: Vec<&String> = left.as_object().unwrap().keys().collect();
            assert_eq!(json!(keys), expected, "{unwanted}");
        }
        let left = after_removal(settings, json!({"sms": {"service": "x"}}), json!({}));
        assert_eq!(left["sms"], json!({"other": true}), "what is not ours stays");
    }

    #[test]
    fn a_part_that_changes_its_value_only_is_within_what_is_wanted() {
        let before = tree(json!({"a": 1, "b": {"c": 1}}));
        assert!(before.is_within(&tree(json!({"a": 2, "b": {"c": [1], "d": 1}}))));
        assert!(!before.is_within(&tree(json!({"a": 2}))));
        assert!(!before.is_within(&tree(json!({"a": 2, "b": {}}))));
        assert!(
            !before.is_within(&tree(json!({"a": {"x": 1}, "b": {"c": 1}}))),
            "it has to make room"
        );
    }

    #[test]
    fn the_first_difference_is_named_with_all_levels() {
        let wanted = tree(json!({"a": 1, "b": {"c": 2, "d": [1, {"e": 1}]}}));
        assert_eq!(wanted.first_difference(&wanted), None);
        let same = tree(json!({"a": 1.0, "b": {"c": 2, "d": [1.0, {"e": 1}]}}));
        assert_eq!(wanted.first_difference(&same), None);
        let other = tree(json!({"a": 1, "b": {"c": 2, "d": [1, {"e": 2}]}}));
        assert_eq!(wanted.first_difference(&other), Some("b.d".to_owned()));
    }

    #[test]
    fn keys_are_picked_by_their_levels() {
        let live = json!({"a": 1, "sms": {"service": "x", "other": true}});
        let live = live.as_object().unwrap();
        let picked = Tree::picked(live, &["a", "sms.service"]);
        assert_eq!(picked, Ok(tree(json!({"a": 1, "sms": {"service": "x"}}))));
        assert_eq!(Tree::picked(live, &["a.b"]), Err("a.b".to_owned()));
        assert_eq!(Tree::picked(live, &["sms.none"]), Err("sms.none".to_owned()));
    }
}
