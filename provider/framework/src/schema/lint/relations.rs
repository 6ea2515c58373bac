//! Relations name attributes that exist.

use crate::path::{Path, PathExpression, Pattern, Step};
use crate::schema::lint::Lint;
use crate::schema::{Attribute, Kind, Nesting};
use crate::types::Type;

/// The attributes of an object, and how it is called where it is nested.
type Level<'a> = (&'a str, &'a [Attribute]);

/// What a path expression has come to.
enum Place<'a> {
    Object(&'a [Attribute]),
    /// A list, set or map of objects.
    Objects(&'a [Attribute]),
    Value(&'a Type),
}

/// Checks the relations of attributes, which are nested in those of the outer levels, and of those nested in them.
pub(super) fn check<'a>(outer: &mut Vec<Level<'a>>, attributes: &'a [Attribute], lint: &mut Lint) {
    for attribute in attributes {
        for relation in &attribute.relations {
            for expression in relation.paths() {
                if !leads_somewhere(expression, outer, attributes) {
                    let names = outer.iter().map(|(name, _)| *name).chain([attribute.name.as_str()]);
                    let path = names.fold(Path::root(), Path::attribute);
                    lint.problem(&path, &format!("is related to `{expression}`, which is no attribute"));
                }
            }
        }
        if let Kind::Nested(_, nested) = &attribute.kind {
            outer.push((&attribute.name, attributes));
            check(outer, nested, lint);
            outer.pop();
        }
    }
}

fn leads_somewhere(expression: &PathExpression, outer: &[Level<'_>], attributes: &[Attribute]) -> bool {
    let start = match expression.levels() {
        Some(0) => Some(attributes),
        Some(levels) => outer.iter().rev().nth(levels - 1).map(|(_, attributes)| *attributes),
        None => Some(outer.first().map_or(attributes, |(_, attributes)| attributes)),
    };
    let end = expression
        .patterns()
        .iter()
        .try_fold(Place::Object(start.unwrap_or_default()), next);
    !expression.patterns().is_empty() && end.is_some()
}

fn next<'a>(place: Place<'a>, pattern: &Pattern) -> Option<Place<'a>> {
    match (place, pattern) {
        (Place::Object(attributes), Pattern::Step(Step::Attribute(name))) => {
            let attribute = attributes.iter().find(|attribute| attribute.name == *name)?;
            Some(match &attribute.kind {
                Kind::Nested(Nesting::Single, nested) => Place::Object(nested),
                Kind::Nested(_, nested) => Place::Objects(nested),
                Kind::Type(of) => Place::Value(of),
            })
        }
        (Place::Object(_), _) | (_, Pattern::Step(Step::Attribute(_))) => None,
        (Place::Objects(attributes), _) => Some(Place::Object(attributes)),
        (Place::Value(Type::List(element) | Type::Set(element) | Type::Map(element)), _) => Some(Place::Value(element)),
        (Place::Value(_), _) => None,
    }
}
