//! Values beside the types of their schema.

use crate::lifecycle::check::{Defects, dynamic, name};
use crate::lifecycle::objects;
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind};
use crate::types::Type;
use crate::value::Value;

/// Checks that a root value has the shape that its schema gives it.
pub(super) fn check(defects: &mut Defects<'_>, value: &Value) {
    let expected = defects.schema.value_type();
    if value.is_unknown() {
        defects.push(&Path::root(), "The object as a whole is unknown.");
    } else {
        check_type(defects, &Path::root(), &expected, value);
        let schema = defects.schema;
        check_attributes(defects, &Path::root(), &schema.attributes, value);
    }
}

/// Checks that no write-only attribute has a value.
pub(super) fn check_write_only(defects: &mut Defects<'_>, value: &Value) {
    let schema = defects.schema;
    check_object(defects, &Path::root(), &schema.attributes, value);
}

/// Checks that nothing is unknown.
pub(super) fn check_known(defects: &mut Defects<'_>, value: &Value) {
    report_unknown(defects, Path::root(), value);
}

fn check_type(defects: &mut Defects<'_>, path: &Path, expected: &Type, value: &Value) {
    match parts(expected, value) {
        Some(parts) => {
            for (step, expected, part) in parts {
                let path = step.map_or_else(|| path.clone(), |step| path.clone().step(step));
                check_type(defects, &path, expected, part);
            }
        }
        None => {
            let text = match (expected, value) {
                (Type::Object(types), Value::Object(attributes)) => {
                    let missing = types.keys().filter(|name| !attributes.contains_key(*name));
                    let extra = attributes.keys().filter(|name| !types.contains_key(*name));
                    format!(
                        "In {}, attributes are missing ({:?}) or not in the schema ({:?}).",
                        name(path),
                        missing.collect::<Vec<_>>(),
                        extra.collect::<Vec<_>>()
                    )
                }
                _ => format!("The value of {} is not of the type in the schema.", name(path)),
            };
            defects.push(path, text);
        }
    }
}

/// Checks what the type of a value does not say: that blocks that are not there are empty, not null, and that the
/// elements of other lists and maps are all of one type.
fn check_attributes(defects: &mut Defects<'_>, path: &Path, attributes: &[Attribute], object: &Value) {
    for attribute in attributes {
        let path = path.clone().attribute(&attribute.name);
        let Some(value) = object.attribute(&attribute.name) else {
            continue;
        };
        if value.is_null() && !attribute.is_nullable() {
            let text = format!(
                "The blocks {} are null, but where there are none they are empty.",
                name(&path)
            );
            defects.push(&path, text);
        }
        match &attribute.kind {
            Kind::Nested(_, nested) if attribute.block.is_some() => {
                for (path, object) in objects(&path, value) {
                    check_attributes(defects, &path, nested, object);
                }
            }
            _ if dynamic::is_uniform(&attribute.value_type(), value) => {}
            _ => defects.push(&path, format!("Elements of {} are of different types.", name(&path))),
        }
    }
}

/// The parts of a value, each with the step to it and its type; none if the value itself is not of the type.
fn parts<'v>(expected: &'v Type, value: &'v Value) -> Option<Vec<(Option<Step>, &'v Type, &'v Value)>> {
    let parts = match (expected, value) {
        (_, Value::Null | Value::Unknown(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_)) => Vec::new(),
        (Type::Dynamic, Value::Dynamic(typed)) => vec![(None, &typed.0, &typed.1)],
        (Type::List(of), Value::List(elements)) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| (Some(Step::Index(index)), &**of, element))
            .collect(),
        (Type::Set(of), Value::Set(elements)) => elements
            .iter()
            .map(|element| (Some(Step::Element(element.clone())), &**of, element))
            .collect(),
        (Type::Map(of), Value::Map(elements)) => elements
            .iter()
            .map(|(key, element)| (Some(Step::Key(key.clone())), &**of, element))
            .collect(),
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => types
            .iter()
            .zip(elements)
            .enumerate()
            .map(|(index, (of, element))| (Some(Step::Index(index)), of, element))
            .collect(),
        (Type::Object(types), Value::Object(attributes)) if types.keys().eq(attributes.keys()) => types
            .iter()
            .zip(attributes.values())
            .map(|((name, of), attribute)| (Some(Step::Attribute(name.clone())), of, attribute))
            .collect(),
        _ => return None,
    };
    Some(parts)
}

fn check_object(defects: &mut Defects<'_>, path: &Path, attributes: &[Attribute], object: &Value) {
    for attribute in attributes {
        let path = path.clone().attribute(&attribute.name);
        let value = object.attribute_or_null(&attribute.name);
        if attribute.write_only && !value.is_null() {
            defects.push(&path, format!("The write-only attribute {} has a value.", name(&path)));
        }
        if let Kind::Nested(_, nested) = &attribute.kind {
            for (path, object) in objects(&path, value) {
                check_object(defects, &path, nested, object);
            }
        }
    }
}

fn report_unknown(defects: &mut Defects<'_>, path: Path, value: &Value) {
    match value {
        Value::Unknown(_) => {
            let text = format!("After the plan was applied, {} is still unknown.", name(&path));
            defects.push(&path, text);
        }
        Value::List(elements) => {
            for (index, element) in elements.iter().enumerate() {
                report_unknown(defects, path.clone().index(index), element);
            }
        }
        Value::Set(elements) => {
            for element in elements {
                report_unknown(defects, path.clone().step(Step::Element(element.clone())), element);
            }
        }
        Value::Map(elements) => {
            for (key, element) in elements {
                report_unknown(defects, path.clone().key(key), element);
            }
        }
        Value::Object(attributes) => {
            for (name, attribute) in attributes {
                report_unknown(defects, path.clone().attribute(name), attribute);
            }
        }
        Value::Dynamic(typed) => report_unknown(defects, path, &typed.1),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
