//! Attribute paths: where in a configuration a value stands.

use std::fmt;

use crate::value::Value;

mod expression;

pub(crate) use expression::Pattern;

pub use expression::PathExpression;

/// The way from the root of a resource to one of its values, such as `couchdb.storage_size` or `servers["a"].host`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    steps: Vec<Step>,
}

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// To an attribute of an object.
    Attribute(String),
    /// To an element of a map.
    Key(String),
    /// To an element of a list or tuple.
    Index(usize),
    /// To an element of a set; paths on the wire end before it.
    Element(Value),
}

impl Path {
    /// The root itself.
    pub fn root() -> Self {
        Path::default()
    }

    /// The path of a root attribute.
    pub fn new(attribute: impl Into<String>) -> Self {
        Path::root().attribute(attribute)
    }

    /// This path with a step to an attribute.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// This path with a step to an element of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// This path with a step to an element of a list.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// This path with one more step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether `prefix` is this path or leads to it.
    pub fn starts_with(&self, prefix: &Path) -> bool {
        self.steps.starts_with(&prefix.steps)
    }

    /// The path of the object that the object at this path is nested in, over whatever collection it is an element of.
    #[must_use]
    pub(crate) fn parent_object(mut self) -> Self {
        let attribute = self.steps.iter().rposition(|step| matches!(step, Step::Attribute(_)));
        self.steps.truncate(attribute.unwrap_or(0));
        self
    }

    /// The path of the set that this path steps into first, or the whole path: the core cannot address set elements.
    #[must_use]
    pub fn truncated_at_set(mut self) -> Self {
        if let Some(end) = self.steps.iter().position(|step| matches!(step, Step::Element(_))) {
            self.steps.truncate(end);
        }
        self
    }

    /// The value at this path, if the way to it exists.
    pub fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(root, |value, step| match (step, value) {
            (Step::Attribute(name), Value::Object(attributes)) => attributes.get(name),
            (Step::Key(key), Value::Map(elements)) => elements.get(key),
            (Step::Index(index), Value::List(elements)) => elements.get(*index),
            (Step::Element(element), Value::Set(elements)) => elements.iter().find(|candidate| *candidate == element),
            _ => None,
        })
    }

    /// The value at this path, or null where the way to it ends before.
    pub fn get_or_null<'v>(&self, root: &'v Value) -> &'v Value {
        const NULL: &Value = &Value::Null;
        self.get(root).unwrap_or(NULL)
    }

    /// Puts a value at this path and tells whether the way to it exists; elements of sets cannot be replaced.
    pub fn set(&self, root: &mut Value, replacement: Value) -> bool {
        let mut target = root;
        for step in &self.steps {
            let next = match (step, target) {
                (Step::Attribute(name), Value::Object(attributes)) => attributes.get_mut(name),
                (Step::Key(key), Value::Map(elements)) => elements.get_mut(key),
                (Step::Index(index), Value::List(elements)) => elements.get_mut(*index),
                _ => None,
            };
            match next {
                Some(value) => target = value,
                None => return false,
            }
        }
        *target = replacement;
        true
    }
}

impl From<&str> for Path {
    fn from(attribute: &str) -> Self {
        Path::new(attribute)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Element(_) => write!(f, "[...]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_an_expression() {
        let path = Path::new("servers").key("a").attribute("addresses").index(1);
        assert_eq!(path.to_string(), r#"servers["a"].addresses[1]"#);
    }

    #[test]
    fn a_path_ends_before_the_first_set() {
        let path = Path::new("taints").step(Step::Element("x".into())).attribute("key");
        assert_eq!(path.truncated_at_set(), Path::new("taints"));
    }

    #[test]
    fn a_value_is_found_and_replaced_at_its_path() {
        let mut root = Value::object([("list", Value::List(vec!["a".into(), "b".into()]))]);
        let path = Path::new("list").index(1);
        assert_eq!(path.get(&root), Some(&"b".into()));
        assert!(path.set(&mut root, "c".into()));
        assert_eq!(path.get(&root), Some(&"c".into()));
        assert!(!Path::new("list").index(2).set(&mut root, "d".into()));
    }
}
