//! The rules that identities follow, beside what the types of their fields ensure.

use std::collections::BTreeSet;

use crate::identity::IdentitySchema;
use crate::schema::is_snake_case;
use crate::types::Type;

impl IdentitySchema {
    /// What is wrong with the schema, one sentence for each thing; nothing if all is well.
    pub fn lint(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut names = BTreeSet::new();
        for attribute in &self.attributes {
            let name = &attribute.name;
            let mut check = |fine: bool, otherwise: &str| {
                if !fine {
                    problems.push(format!("`{name}` of the identity {otherwise}."));
                }
            };
            check(is_snake_case(name), "is not in snake case");
            check(names.insert(name), "is there twice");
            check(
                attribute.description.trim_end().ends_with('.'),
                "has a description that does not end with a dot",
            );
            check(
                holds_primitives(&attribute.value_type),
                "is neither a text, a number nor a truth value, nor a list of such",
            );
        }
        if !self.attributes.iter().any(|attribute| attribute.required_for_import) {
            problems.push("No attribute of the identity is required for an import.".to_owned());
        }
        problems
    }
}

fn holds_primitives(of: &Type) -> bool {
    match of {
        Type::List(element) => is_primitive(element),
        other => is_primitive(other),
    }
}

fn is_primitive(of: &Type) -> bool {
    matches!(of, Type::String | Type::Number | Type::Bool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdentityAttribute;

    #[test]
    fn what_no_core_would_understand_is_named() {
        let attribute = |name: &str, value_type: Type| IdentityAttribute {
            name: name.to_owned(),
            value_type,
            description: "Its place".to_owned(),
            required_for_import: false,
        };
        let schema = IdentitySchema {
            version: 0,
            attributes: vec![
                attribute("placeOf", Type::Set(Box::new(Type::String))),
                attribute("place", Type::List(Box::new(Type::Dynamic))),
                attribute("place", Type::Number),
            ],
        };
        let problems = schema.lint().join("\n");
        for (problem, times) in [
            ("`placeOf` of the identity is not in snake case.", 1),
            ("`place` of the identity is there twice.", 1),
            ("does not end with a dot", 3),
            ("is neither a text", 2),
            ("No attribute of the identity is required for an import.", 1),
        ] {
            assert_eq!(problems.matches(problem).count(), times, "{problem}\n{problems}");
        }
    }
}
