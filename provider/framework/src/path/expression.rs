//! Path expressions: which values a rule is about, seen from the object that it is declared in.

use std::fmt;

use crate::path::{Path, Step};
use crate::value::Value;

/// The way to one or more values, from an object on, such as `host`, `super.region` or `servers[*].host`.
///
/// It starts at the object that an attribute is in, so that it means the same wherever a model is nested.
#[derive(Clone, Debug, PartialEq)]
pub struct PathExpression {
    start: Start,
    steps: Vec<Pattern>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    /// So many objects further out.
    Outwards(usize),
    Root,
}

/// A step that may lead to several values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pattern {
    Step(Step),
    EveryElement,
}

impl PathExpression {
    /// An attribute of the object itself.
    pub fn new(attribute: impl Into<String>) -> Self {
        PathExpression::here().attribute(attribute)
    }

    /// The object itself.
    pub fn here() -> Self {
        PathExpression {
            start: Start::Outwards(0),
            steps: Vec::new(),
        }
    }

    /// The object that the object is nested in, be it in a list, a set or a map of its own or not.
    pub fn parent() -> Self {
        PathExpression::ancestor(1)
    }

    /// The object that is so many levels further out.
    pub fn ancestor(levels: usize) -> Self {
        PathExpression {
            start: Start::Outwards(levels),
            ..PathExpression::here()
        }
    }

    /// The resource as a whole, wherever in it the object is.
    pub fn root() -> Self {
        PathExpression {
            start: Start::Root,
            ..PathExpression::here()
        }
    }

    /// From there to an attribute.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// From there to each element of a list, set or map.
    #[must_use]
    pub fn every_element(mut self) -> Self {
        self.steps.push(Pattern::EveryElement);
        self
    }

    /// From there one step further.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(Pattern::Step(step));
        self
    }

    /// How many objects further out it starts; none if it starts at the root.
    pub(crate) fn levels(&self) -> Option<usize> {
        match self.start {
            Start::Outwards(levels) => Some(levels),
            Start::Root => None,
        }
    }

    pub(crate) fn patterns(&self) -> &[Pattern] {
        &self.steps
    }

    /// The values that it leads to from the object at a path, with their own paths.
    ///
    /// Where the way ends before, the value is null, or unknown if what it ends at is. A collection without elements
    /// has none to lead to.
    pub(crate) fn resolve<'v>(&self, root: &'v Value, object: &Path) -> Vec<(Path, &'v Value)> {
        let start = match self.start {
            Start::Outwards(levels) => (0..levels).fold(object.clone(), |path, _| path.parent_object()),
            Start::Root => Path::root(),
        };
        let first = start.get_or_null(root);
        self.steps.iter().fold(vec![(start, first)], |found, pattern| {
            found
                .into_iter()
                .flat_map(|(path, value)| next(path, value, pattern))
                .collect()
        })
    }
}

fn next<'v>(path: Path, value: &'v Value, pattern: &Pattern) -> Vec<(Path, &'v Value)> {
    match (pattern, value) {
        (Pattern::Step(step), Value::Unknown(_)) => vec![(path.step(step.clone()), value)],
        (Pattern::Step(step), _) => {
            let next = Path::root().step(step.clone()).get_or_null(value);
            vec![(path.step(step.clone()), next)]
        }
        (Pattern::EveryElement, Value::Unknown(_)) => vec![(path, value)],
        (Pattern::EveryElement, _) => value.elements_at(&path),
    }
}

impl From<&str> for PathExpression {
    fn from(attribute: &str) -> Self {
        PathExpression::new(attribute)
    }
}

impl From<Path> for PathExpression {
    fn from(path: Path) -> Self {
        path.steps()
            .iter()
            .cloned()
            .fold(PathExpression::here(), PathExpression::step)
    }
}

impl fmt::Display for PathExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        for _ in 0..self.levels().unwrap_or(0) {
            f.write_str(if is_first { "super" } else { ".super" })?;
            is_first = false;
        }
        for pattern in &self.steps {
            match pattern {
                Pattern::Step(step @ Step::Attribute(_)) => {
                    write!(
                        f,
                        "{}{}",
                        if is_first { "" } else { "." },
                        Path::root().step(step.clone())
                    )?;
                }
                Pattern::Step(step) => write!(f, "{}", Path::root().step(step.clone()))?,
                Pattern::EveryElement => f.write_str("[*]")?,
            }
            is_first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Value {
        let server = |host: Value| Value::object([("host", host)]);
        Value::object([
            ("region", "eu".into()),
            ("servers", Value::List(vec![server("a".into()), server(Value::UNKNOWN)])),
            ("gone", Value::Null),
            ("later", Value::UNKNOWN),
            ("tags", Value::set(["x".into()])),
        ])
    }

    #[track_caller]
    fn check(expression: &PathExpression, object: &Path, expected: &[(&str, Value)]) {
        let root = root();
        let found: Vec<(String, Value)> = expression
            .resolve(&root, object)
            .into_iter()
            .map(|(path, value)| (path.to_string(), value.clone()))
            .collect();
        let expected: Vec<(String, Value)> = expected
            .iter()
            .map(|(path, value)| ((*path).to_owned(), value.clone()))
            .collect();
        assert_eq!(found, expected, "{expression}");
    }

    #[test]
    fn an_expression_leads_to_all_that_it_matches() {
        let here = Path::root();
        let server = Path::new("servers").index(0);
        let hosts = PathExpression::new("servers").every_element().attribute("host");
        check(&"region".into(), &here, &[("region", "eu".into())]);
        check(
            &hosts,
            &here,
            &[("servers[0].host", "a".into()), ("servers[1].host", Value::UNKNOWN)],
        );
        check(&"host".into(), &server, &[("servers[0].host", "a".into())]);
        check(
            &PathExpression::parent().attribute("region"),
            &server,
            &[("region", "eu".into())],
        );
        check(
            &PathExpression::root().attribute("region"),
            &server,
            &[("region", "eu".into())],
        );
        check(
            &PathExpression::from(Path::new("servers").index(1).attribute("host")),
            &here,
            &[("servers[1].host", Value::UNKNOWN)],
        );
        check(
            &PathExpression::new("tags").every_element(),
            &here,
            &[("tags[...]", "x".into())],
        );
    }

    #[test]
    fn where_a_way_ends_it_is_null_or_unknown() {
        let here = Path::root();
        let inside = |attribute: &str| PathExpression::new(attribute).attribute("x");
        let elements = |attribute: &str| PathExpression::new(attribute).every_element().attribute("x");
        check(&inside("gone"), &here, &[("gone.x", Value::Null)]);
        check(&inside("later"), &here, &[("later.x", Value::UNKNOWN)]);
        check(&elements("gone"), &here, &[]);
        check(&elements("later"), &here, &[("later.x", Value::UNKNOWN)]);
        check(&inside("absent"), &here, &[("absent.x", Value::Null)]);
    }

    #[test]
    fn an_expression_reads_like_a_path() {
        let hosts = PathExpression::new("servers").every_element().attribute("host");
        assert_eq!(hosts.to_string(), "servers[*].host");
        assert_eq!(PathExpression::ancestor(2).attribute("a").to_string(), "super.super.a");
        assert_eq!(
            PathExpression::new("a").step(Step::Key("k".to_owned())).to_string(),
            r#"a["k"]"#
        );
    }
}
