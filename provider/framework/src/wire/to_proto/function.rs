//! Functions as the protocol describes them.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::function as proto_function;

use crate::function::{FunctionError, Parameter, Signature};
use crate::schema::{Attribute, Kind, Nesting, Presence};

/// A function.
pub(crate) fn function(signature: &Signature) -> proto::Function {
    proto::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(proto_function::Return {
            r#type: signature.output.value_type().to_json().into_bytes().into(),
        }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        deprecation_message: signature.deprecation.clone().unwrap_or_default(),
    }
}

/// Why a function has no result.
pub(crate) fn function_error(error: &FunctionError) -> proto::FunctionError {
    // A position that is too large for the protocol is too large for any list of arguments.
    let position = error
        .argument()
        .and_then(|argument| i64::try_from(argument.position()).ok());
    // The core puts the text into a sentence of its own, and ends it with a dot.
    let text = error.text().strip_suffix('.').unwrap_or(error.text());
    proto::FunctionError {
        text: text.to_owned(),
        function_argument: position,
    }
}

fn parameter(parameter: &Parameter) -> proto_function::Parameter {
    proto_function::Parameter {
        name: parameter.name.clone(),
        r#type: argument_type(&parameter.kind).into_bytes().into(),
        allow_null_value: parameter.allows_null,
        allow_unknown_values: parameter.allows_unknown,
        description: parameter.documentation(),
        description_kind: proto::StringKind::Markdown.into(),
    }
}

/// The JSON form of a type that arguments are converted to: unlike that of a value, it says which attributes of an
/// object the caller may leave out.
fn argument_type(kind: &Kind) -> String {
    match kind {
        Kind::Type(value_type) => value_type.to_json(),
        Kind::Nested(Nesting::Single, attributes) => object_type(attributes),
        Kind::Nested(Nesting::List, attributes) => format!(r#"["list",{}]"#, object_type(attributes)),
        Kind::Nested(Nesting::Set, attributes) => format!(r#"["set",{}]"#, object_type(attributes)),
        Kind::Nested(Nesting::Map, attributes) => format!(r#"["map",{}]"#, object_type(attributes)),
    }
}

fn object_type(attributes: &[Attribute]) -> String {
    let types: BTreeMap<_, _> = attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), argument_type(&attribute.kind)))
        .collect();
    let types: Vec<_> = types
        .iter()
        .map(|(name, of)| format!("{}:{of}", quoted(name)))
        .collect();
    let optional: BTreeSet<_> = attributes
        .iter()
        .filter(|attribute| attribute.presence != Presence::Required)
        .map(|attribute| quoted(&attribute.name))
        .collect();
    let optional: Vec<_> = optional.into_iter().collect();
    if optional.is_empty() {
        format!(r#"["object",{{{}}}]"#, types.join(","))
    } else {
        format!(r#"["object",{{{}}},[{}]]"#, types.join(","), optional.join(","))
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;
    use crate::model::AttributeType;
    use crate::types::Type;

    /// A port.
    #[derive(Model)]
    struct Port {
        /// Its number.
        number: i64,
    }

    /// A host.
    #[derive(Model)]
    struct Host {
        /// Its ports.
        ports: Vec<Port>,
        /// Its name.
        name: Option<String>,
        /// What it is for.
        #[tf(default = "web")]
        kind: String,
    }

    #[test]
    fn the_core_ends_the_sentence_of_an_error() {
        let sent = function_error(&FunctionError::new("It is empty. Give one."));
        assert_eq!(
            (sent.text.as_str(), sent.function_argument),
            ("It is empty. Give one", None)
        );
    }

    #[test]
    fn callers_may_leave_out_what_is_not_required() {
        let json = argument_type(&Host::kind());
        assert_eq!(
            json,
            r#"["object",{"kind":"string","name":"string","ports":["list",["object",{"number":"number"}]]},["kind","name"]]"#
        );
        assert_eq!(Type::from_json(json.as_bytes()).unwrap(), Host::kind().value_type());
        let maps = argument_type(&std::collections::BTreeMap::<String, Port>::kind());
        assert_eq!(maps, r#"["map",["object",{"number":"number"}]]"#);
    }
}
