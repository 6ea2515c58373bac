//! The rules for the signatures of functions.

use std::collections::BTreeSet;

use crate::function::Signature;
use crate::path::Path;
use crate::schema::lint::{Lint, Place, is_snake_case};
use crate::schema::{Attribute, Kind, Schema};
use crate::types::Type;

impl Signature {
    /// What is wrong with the signature, one sentence for each thing; nothing if all is well.
    pub fn lint(&self) -> Vec<String> {
        let mut lint = Lint { problems: Vec::new() };
        lint.description("the function", &self.description);
        lint.description("the function in its first paragraph", &self.summary);
        let mut names = BTreeSet::new();
        for parameter in self.parameters.iter().chain(&self.variadic) {
            let path = Path::new(&parameter.name);
            lint.check(&path, is_snake_case(&parameter.name), "is not in snake case");
            lint.check(&path, names.insert(&parameter.name), "is there twice");
            lint.description(&format!("`{path}`"), &parameter.description);
            lint.function_value(&path, &parameter.kind);
        }
        let result = Path::new("result");
        lint.function_value(&result, &self.output);
        lint.problems
    }
}

impl Schema {
    /// What is wrong with the schema of something that has no configuration of its own in a state: a data source, an
    /// ephemeral resource, a provider.
    pub(crate) fn lint_without_write_only(&self) -> Vec<String> {
        let mut lint = Lint { problems: Vec::new() };
        lint.no_write_only(&Path::root(), &self.attributes);
        lint.problems
    }
}

impl Lint {
    /// What a function takes or results in: all of it has to get there, and to be of a type that is the same in each
    /// call.
    fn function_value(&mut self, path: &Path, kind: &Kind) {
        match kind {
            Kind::Type(of) => self.check(
                path,
                !dynamic_in_collection(of),
                "has a dynamic type inside a collection",
            ),
            Kind::Nested(_, attributes) => {
                self.check(path, !attributes.is_empty(), "has no attributes in it");
                self.attributes(path, attributes, Place::default());
                self.no_write_only(path, attributes);
                for attribute in attributes {
                    let path = path.clone().attribute(&attribute.name);
                    let dynamic = dynamic_in_collection(&attribute.value_type());
                    self.check(&path, !dynamic, "has a dynamic type inside a collection");
                }
            }
        }
    }

    /// Only the configuration of a resource can have what is in no plan and no state.
    pub(super) fn no_write_only(&mut self, object: &Path, attributes: &[Attribute]) {
        for attribute in attributes {
            let path = object.clone().attribute(&attribute.name);
            self.check(
                &path,
                !attribute.write_only,
                "is write-only, which is for resources alone",
            );
            if let Kind::Nested(_, nested) = &attribute.kind {
                self.no_write_only(&path, nested);
            }
        }
    }
}

fn dynamic_in_collection(of: &Type) -> bool {
    match of {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element.holds_dynamic(),
        Type::Object(attributes) => attributes.values().any(dynamic_in_collection),
        Type::Tuple(elements) => elements.iter().any(dynamic_in_collection),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::Parameter;
    use crate::model::{Attr, WriteOnly};
    use crate::schema::Nesting;

    fn signature(parameters: Vec<Parameter>, output: Kind) -> Signature {
        Signature {
            summary: "Joins.".to_owned(),
            description: "Joins.".to_owned(),
            deprecation: None,
            variadic: Some(Parameter::new::<Option<String>>("rest", "All others.")),
            parameters,
            output,
        }
    }

    #[test]
    fn a_signature_that_every_core_accepts_has_no_problems() {
        let parameters = vec![
            Parameter::new::<String>("first", "The first."),
            Parameter::new::<Attr<i64>>("second", "The second."),
        ];
        let found = signature(parameters, Kind::Type(Type::Dynamic)).lint();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn all_that_a_core_would_refuse_is_told() {
        let parameters = vec![
            Parameter::new::<String>("Rest-1", "One"),
            Parameter::new::<String>("rest", "The same name."),
        ];
        let dynamic = Type::List(Box::new(Type::Dynamic));
        let secret = Attribute::new::<WriteOnly<String>>("secret", "It gets nowhere.");
        let items = Attribute {
            kind: Kind::Type(dynamic),
            ..Attribute::new::<String>("items", "Whatever.")
        };
        let mut signature = signature(parameters, Kind::Nested(Nesting::Single, vec![secret, items]));
        signature.description = "Joins\n\nparts.".to_owned();
        signature.summary = "Joins".to_owned();
        assert_eq!(
            signature.lint(),
            [
                "The description of the function in its first paragraph does not end with a dot.",
                "`Rest-1` is not in snake case.",
                "The description of `Rest-1` does not end with a dot.",
                "`rest` is there twice.",
                "`result.secret` is write-only, which is for resources alone.",
                "`result.items` has a dynamic type inside a collection.",
            ]
        );
    }
}
