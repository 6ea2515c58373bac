//! The page of a function: how it is called, with what, and what it results in.

use serde::Deserialize;
use serde_json::Value;

use super::page::{one_line, type_name};

/// A function, as `providers schema -json` describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Function {
    summary: String,
    description: String,
    deprecation_message: String,
    parameters: Vec<Parameter>,
    variadic_parameter: Option<Parameter>,
    return_type: Value,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "type")]
    value_type: Value,
    #[serde(default)]
    description: String,
    #[serde(default)]
    is_nullable: bool,
}

impl Function {
    /// The page's Markdown.
    pub(super) fn render(&self, name: &str, example: &str) -> String {
        let mut text = format!(
            "---\npage_title: \"{name} function - cht\"\nsubcategory: \"\"\ndescription: |-\n  {}\n---\n\n\
             # function: {name}\n\n{}\n",
            one_line(&self.summary),
            self.description.trim()
        );
        if !self.deprecation_message.is_empty() {
            text.push_str(&format!(
                "\n~> **Deprecated** {}\n",
                one_line(&self.deprecation_message)
            ));
        }
        text.push_str(&format!(
            "\n## Example Usage\n\n```terraform\n{}\n```\n",
            example.trim_end()
        ));
        text.push_str(&format!("\n## Signature\n\n```text\n{}\n```\n", self.signature(name)));
        text.push_str("\n## Arguments\n\n");
        for parameter in &self.parameters {
            text.push_str(&parameter.item(""));
        }
        if let Some(variadic) = &self.variadic_parameter {
            text.push_str(&variadic.item("Variadic, "));
        }
        if self.parameters.is_empty() && self.variadic_parameter.is_none() {
            text.push_str("There are none.\n");
        }
        text.push_str(&format!("\n## Return Type\n\n{}\n", type_name(&self.return_type)));
        let attributes = attributes(&self.return_type, "");
        if !attributes.is_empty() {
            text.push_str(&format!("\nIts attributes:\n\n{attributes}"));
        }
        text
    }

    fn signature(&self, name: &str) -> String {
        let positional = self.parameters.iter().map(|one| one.in_signature(""));
        let variadic = self.variadic_parameter.iter().map(|one| one.in_signature("..."));
        let parameters: Vec<_> = positional.chain(variadic).collect();
        format!("{name}({}) {}", parameters.join(", "), friendly(&self.return_type))
    }
}

impl Parameter {
    fn in_signature(&self, suffix: &str) -> String {
        format!("{} {}{suffix}", self.name, friendly(&self.value_type))
    }

    /// The parameter in a numbered list; further lines of its description stay in the item.
    fn item(&self, kind: &str) -> String {
        let nullable = if self.is_nullable { ", Nullable" } else { "" };
        let description = self
            .description
            .trim()
            .replace('\n', "\n   ")
            .replace("\n   \n", "\n\n");
        let (name, holds) = (&self.name, type_name(&self.value_type));
        format!("1. `{name}` ({kind}{holds}{nullable}) {description}\n")
    }
}

/// The attributes of an object, or of the objects in a collection, as a nested list.
fn attributes(value_type: &Value, indent: &str) -> String {
    let Some([kind, inner, ..]) = value_type.as_array().map(Vec::as_slice) else {
        return String::new();
    };
    match (kind.as_str(), inner) {
        (Some("object"), Value::Object(attributes)) => {
            let item = |(name, holds): (&String, &Value)| {
                let nested = self::attributes(holds, &format!("{indent}  "));
                format!("{indent}- `{name}` ({})\n{nested}", type_name(holds))
            };
            attributes.iter().map(item).collect()
        }
        _ => attributes(inner, indent),
    }
}

/// A type in the words of the command line, which are those of the registries in lower case but for one.
fn friendly(value_type: &Value) -> String {
    type_name(value_type).to_lowercase().replace("boolean", "bool")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_has_the_sections_that_the_registries_show() {
        let function: Function = serde_json::from_value(json!({
            "summary": "Joins\nthings.",
            "description": "Joins\nthings.\n\nAll of them.",
            "deprecation_message": "Use `join`.",
            "parameters": [
                { "name": "first", "type": ["object", { "a": "bool" }], "description": "One.\n\n- `a`: Is it?" },
                { "name": "flags", "type": ["list", "bool"], "description": "Flags.", "is_nullable": true },
            ],
            "variadic_parameter": { "name": "rest", "type": "string", "description": "All others." },
            "return_type": ["map", "number"],
        }))
        .unwrap();
        assert_eq!(
            function.render("glue", "output \"it\" {}\n"),
            r##"---
page_title: "glue function - cht"
subcategory: ""
description: |-
  Joins things.
---

# function: glue

Joins
things.

All of them.

~> **Deprecated** Use `join`.

## Example Usage

```terraform
output "it" {}
```

## Signature

```text
glue(first object, flags list of bool, rest string...) map of number
```

## Arguments

1. `first` (Object) One.

   - `a`: Is it?
1. `flags` (List of Boolean, Nullable) Flags.
1. `rest` (Variadic, String) All others.

## Return Type

Map of Number
"##
        );
    }

    #[test]
    fn a_result_is_described_to_its_innermost_attribute() {
        let function: Function = serde_json::from_value(json!({
            "return_type": ["object", { "b": ["list", ["object", { "c": "bool" }]], "a": "string" }],
        }))
        .unwrap();
        let page = function.render("it", "");
        let expected = "Object\n\nIts attributes:\n\n- `a` (String)\n- `b` (List of Object)\n  - `c` (Boolean)\n";
        assert!(page.ends_with(expected), "{page}");
    }

    #[test]
    fn a_function_without_parameters_says_so() {
        let page = Function::default().render("pi", "");
        assert!(
            page.contains("pi() dynamic") && page.contains("There are none."),
            "{page}"
        );
    }
}
