//! Holds a configuration against the relations between its attributes.

use crate::diagnostics::Diagnostic;
use crate::path::{Path, PathExpression};
use crate::schema::{Attribute, Relation};
use crate::value::Value;

/// The configuration that relations are about.
#[derive(Clone, Copy)]
pub(super) struct Related<'a> {
    pub(super) root: &'a Value,
    /// Where in it the object is whose attributes have the relations.
    pub(super) object: &'a Path,
    /// Whether the core knows write-only attributes.
    pub(super) write_only_allowed: bool,
}

/// An attribute, and whether it is given: none if that is not known yet.
struct Member<'a> {
    path: Path,
    value: &'a Value,
    given: Option<bool>,
}

impl<'a> Related<'a> {
    /// What is wrong between an attribute and others.
    pub(super) fn problems(&self, attribute: &Attribute) -> Vec<Diagnostic> {
        let relations = attribute.relations.iter();
        relations
            .flat_map(|relation| self.check(&attribute.name, relation))
            .collect()
    }

    fn check(&self, name: &str, relation: &Relation) -> Vec<Diagnostic> {
        let members = self.members(relation.paths());
        let own = self.members(&[PathExpression::new(name)]);
        let own_given = own.iter().any(|own| own.given == Some(true));
        match relation {
            Relation::ConflictsWith(_) if own_given => conflicts(&own, &members),
            Relation::Requires(_) if own_given => missing(&own, &members),
            Relation::AtMostOneOf(_) => too_many(&members),
            Relation::AtLeastOneOf(_) => self.none(&members, "at least one"),
            Relation::ExactlyOneOf(_) => [too_many(&members), self.none(&members, "one")].concat(),
            Relation::RequiredTogether(_) => missing(&members, &members),
            Relation::PreferWriteOnly(_) if own_given && self.write_only_allowed => advice(&own, &members),
            Relation::Compare(comparison) => compared(&own, &members, |value, others| comparison.check(value, others)),
            Relation::ConflictsWith(_) | Relation::Requires(_) | Relation::PreferWriteOnly(_) => Vec::new(),
        }
    }

    fn members(&self, paths: &[PathExpression]) -> Vec<Member<'a>> {
        let found = paths.iter().flat_map(|path| path.resolve(self.root, self.object));
        found
            .map(|(path, value)| Member {
                path,
                value,
                given: is_given(value),
            })
            .collect()
    }

    fn none(&self, members: &[Member<'_>], how_many: &str) -> Vec<Diagnostic> {
        if members.iter().any(|member| member.given != Some(false)) {
            return Vec::new();
        }
        let detail = format!("Give {how_many} of {}.", list(members));
        let diagnostic = Diagnostic::error("Missing attribute", detail);
        // The resource as a whole is no attribute that could be blamed.
        vec![if self.object.is_root() {
            diagnostic
        } else {
            diagnostic.at(self.object.clone())
        }]
    }
}

fn is_given(value: &Value) -> Option<bool> {
    match value {
        Value::Null => Some(false),
        Value::Unknown(refinements) => refinements.not_null.then_some(true),
        Value::Dynamic(typed) => is_given(&typed.1),
        _ => Some(true),
    }
}

fn given<'m, 'a>(members: &'m [Member<'a>]) -> impl Iterator<Item = &'m Member<'a>> {
    members.iter().filter(|member| member.given == Some(true))
}

fn conflicts(own: &[Member<'_>], others: &[Member<'_>]) -> Vec<Diagnostic> {
    let conflict = |own: &Member<'_>, other: &Member<'_>| {
        let detail = format!("Give either `{}` or `{}`, not both.", other.path, own.path);
        Diagnostic::error("Conflicting attributes", detail).at(own.path.clone())
    };
    own.iter()
        .flat_map(|own| given(others).map(move |other| conflict(own, other)))
        .collect()
}

fn too_many(members: &[Member<'_>]) -> Vec<Diagnostic> {
    let Some(second) = given(members).nth(1) else {
        return Vec::new();
    };
    let detail = format!("Give only one of {}.", list(members));
    vec![Diagnostic::error("Conflicting attributes", detail).at(second.path.clone())]
}

/// What is known not to be given, although something is that needs it.
fn missing(needing: &[Member<'_>], needed: &[Member<'_>]) -> Vec<Diagnostic> {
    let Some(needing) = given(needing).next() else {
        return Vec::new();
    };
    let absent = needed.iter().filter(|member| member.given == Some(false));
    absent
        .map(|absent| {
            let detail = format!("`{}` needs `{}`.", needing.path, absent.path);
            Diagnostic::error("Missing attribute", detail).at(absent.path.clone())
        })
        .collect()
}

fn advice(own: &[Member<'_>], write_only: &[Member<'_>]) -> Vec<Diagnostic> {
    let advice = |own: &Member<'_>, write_only: &Member<'_>| {
        let detail = format!(
            "The value of `{}` is stored in the state. Use `{}` instead, whose value is not.",
            own.path, write_only.path
        );
        Diagnostic::warning("Write-only attribute available", detail).at(own.path.clone())
    };
    let unused = write_only.iter().filter(|member| member.given == Some(false));
    own.iter()
        .zip(unused)
        .map(|(own, unused)| advice(own, unused))
        .collect()
}

fn compared(
    own: &[Member<'_>],
    others: &[Member<'_>],
    check: impl Fn(&Value, &[&Value]) -> Result<(), String>,
) -> Vec<Diagnostic> {
    if !own.iter().chain(others).all(|member| member.value.is_wholly_known()) {
        return Vec::new();
    }
    let others: Vec<&Value> = given(others).map(|other| other.value).collect();
    given(own)
        .filter_map(|own| {
            let problem = check(own.value, &others).err()?;
            Some(Diagnostic::error("Invalid value", problem).at(own.path.clone()))
        })
        .collect()
}

fn list(members: &[Member<'_>]) -> String {
    let names: Vec<String> = members.iter().map(|member| format!("`{}`", member.path)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object, schema};
    use crate::lifecycle::validate::validate_config;
    use crate::schema::{Nesting, Presence};
    use crate::value::Refinements;

    fn paths(names: &[&str]) -> Vec<PathExpression> {
        names.iter().map(|name| (*name).into()).collect()
    }

    fn ordered(value: &Value, others: &[&Value]) -> Result<(), String> {
        let fine = others.iter().all(|other| value.as_str() <= other.as_str());
        if fine {
            Ok(())
        } else {
            Err("It comes later.".to_owned())
        }
    }

    #[test]
    fn trap_05_relations_hold_for_what_is_known_and_are_silent_about_the_rest() {
        let certain = Value::Unknown(Refinements {
            not_null: true,
            ..Refinements::default()
        });
        let value = |word: &str| match word {
            "-" => Value::Null,
            "?" => Value::UNKNOWN,
            "!" => certain.clone(),
            word => word.into(),
        };
        let all = || paths(&["a", "b", "c"]);
        // The values of a, b and c, and the attributes that are blamed.
        for (relation, values, expected) in [
            (Relation::ConflictsWith(paths(&["b", "c"])), ["x", "x", "-"], &["a"][..]),
            (Relation::ConflictsWith(paths(&["b", "c"])), ["x", "-", "-"], &[]),
            (Relation::ConflictsWith(paths(&["b", "c"])), ["-", "x", "x"], &[]),
            (Relation::ConflictsWith(paths(&["b", "c"])), ["x", "?", "?"], &[]),
            (Relation::ConflictsWith(paths(&["b", "c"])), ["?", "x", "x"], &[]),
            (Relation::ConflictsWith(paths(&["b", "c"])), ["!", "!", "-"], &["a"]),
            (Relation::Requires(paths(&["b", "c"])), ["x", "-", "-"], &["b", "c"]),
            (Relation::Requires(paths(&["b", "c"])), ["x", "x", "?"], &[]),
            (Relation::Requires(paths(&["b", "c"])), ["?", "-", "-"], &[]),
            (Relation::Requires(paths(&["b", "c"])), ["-", "-", "-"], &[]),
            (Relation::AtMostOneOf(all()), ["x", "?", "x"], &["c"]),
            (Relation::AtMostOneOf(all()), ["x", "?", "-"], &[]),
            (Relation::AtMostOneOf(all()), ["-", "-", "-"], &[]),
            (Relation::AtLeastOneOf(all()), ["-", "-", "-"], &[""]),
            (Relation::AtLeastOneOf(all()), ["-", "?", "-"], &[]),
            (Relation::AtLeastOneOf(all()), ["-", "x", "x"], &[]),
            (Relation::ExactlyOneOf(all()), ["-", "-", "-"], &[""]),
            (Relation::ExactlyOneOf(all()), ["?", "-", "-"], &[]),
            (Relation::ExactlyOneOf(all()), ["?", "x", "-"], &[]),
            (Relation::ExactlyOneOf(all()), ["?", "x", "x"], &["c"]),
            (Relation::ExactlyOneOf(all()), ["-", "x", "-"], &[]),
            (Relation::RequiredTogether(all()), ["-", "-", "-"], &[]),
            (Relation::RequiredTogether(all()), ["x", "x", "x"], &[]),
            (Relation::RequiredTogether(all()), ["-", "x", "?"], &["a"]),
            (Relation::RequiredTogether(all()), ["-", "?", "?"], &[]),
            (Relation::PreferWriteOnly("b".into()), ["x", "-", "-"], &["a"]),
            (Relation::PreferWriteOnly("b".into()), ["x", "?", "-"], &[]),
            (Relation::PreferWriteOnly("b".into()), ["?", "-", "-"], &[]),
            (Relation::PreferWriteOnly("b".into()), ["x", "x", "-"], &[]),
            (Relation::compare(["b", "c"], ordered), ["b", "a", "-"], &["a"]),
            (Relation::compare(["b", "c"], ordered), ["b", "c", "-"], &[]),
            (Relation::compare(["b", "c"], ordered), ["b", "a", "?"], &[]),
            (Relation::compare(["b", "c"], ordered), ["?", "a", "-"], &[]),
            (Relation::compare(["b", "c"], ordered), ["-", "a", "-"], &[]),
        ] {
            let described = format!("{relation:?} {values:?}");
            let schema = schema(vec![
                attribute::<Option<String>>("a").relation(relation),
                attribute::<Option<String>>("b"),
                attribute::<Option<String>>("c"),
            ]);
            assert!(schema.lint().is_empty());
            let [a, b, c] = values.map(value);
            let config = object(&schema, [("a", a), ("b", b), ("c", c)]);
            let diagnostics = validate_config(&schema, &config, true);
            let blamed: Vec<String> = diagnostics
                .iter()
                .map(|diagnostic| diagnostic.path.as_ref().map(Path::to_string).unwrap_or_default())
                .collect();
            assert_eq!(blamed, expected, "{described}");
        }
    }

    #[test]
    fn relations_reach_out_of_and_into_nested_attributes() {
        for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
            let host = attribute::<Option<String>>("host").relation(Relation::ConflictsWith(vec![
                PathExpression::parent().attribute("region"),
            ]));
            let element = Value::object([("host", "h".into())]);
            let (servers, hosts, at) = match nesting {
                Nesting::Single => (element, PathExpression::new("servers"), "servers"),
                Nesting::List => (Value::List(vec![element]), every("servers"), "servers[0]"),
                Nesting::Set => (Value::set([element]), every("servers"), "servers[...]"),
                Nesting::Map => (
                    Value::Map([("k".to_owned(), element)].into()),
                    every("servers"),
                    r#"servers["k"]"#,
                ),
            };
            let limit = Relation::AtMostOneOf(vec!["zone".into(), hosts.attribute("host")]);
            let schema = schema(vec![
                attribute::<Option<String>>("region"),
                attribute::<Option<String>>("zone").relation(limit),
                nested("servers", nesting, Presence::Optional, vec![host]),
            ]);
            assert!(schema.lint().is_empty(), "{:?}", schema.lint());
            let config = |outer: &str| object(&schema, [(outer, "x".into()), ("servers", servers.clone())]);
            for outer in ["region", "zone"] {
                let text = validate_config(&schema, &config(outer), true).to_string();
                assert!(text.contains(&format!("`{at}.host`")) && text.contains(outer), "{text}");
            }
        }
    }

    fn every(name: &str) -> PathExpression {
        PathExpression::new(name).every_element()
    }

    #[test]
    fn a_write_only_attribute_is_advised_where_the_core_knows_it() {
        let schema = schema(vec![
            attribute::<Option<String>>("a").relation(Relation::PreferWriteOnly("b".into())),
            attribute::<Option<String>>("b"),
        ]);
        let config = object(&schema, [("a", "x".into())]);
        let advice = validate_config(&schema, &config, true);
        assert!(!advice.has_errors() && !advice.is_empty());
        assert!(validate_config(&schema, &config, false).is_empty());
    }

    #[test]
    fn a_relation_to_nothing_is_a_mistake_of_the_schema() {
        for wrong in [
            "x".into(),
            PathExpression::parent().attribute("a"),
            every("a"),
            PathExpression::here(),
        ] {
            let schema = schema(vec![
                attribute::<Option<String>>("a").relation(Relation::Requires(vec![wrong])),
            ]);
            assert_eq!(schema.lint().len(), 1, "{:?}", schema.lint());
        }
    }
}
