//! One page of the reference documentation, in the form that `tfplugindocs` writes and the registries show.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use super::import::Import;

/// Where it is explained what write-only arguments are.
const WRITE_ONLY: &str = "https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments";

/// What a page has beside the schema.
pub(super) struct Page {
    /// Its title in the registry.
    pub(super) title: String,
    /// Its first heading.
    pub(super) heading: String,
    /// A configuration.
    pub(super) example: Option<String>,
    /// Further configurations, each for a case of its own.
    pub(super) cases: Vec<Case>,
    /// How to import.
    pub(super) import: Option<Import>,
    /// Where to read on.
    pub(super) guides: Vec<Guide>,
}

/// A configuration for a case of its own.
pub(super) struct Case {
    pub(super) title: String,
    pub(super) text: String,
}

/// A guide, from the folder of the page.
pub(super) struct Guide {
    pub(super) title: String,
    pub(super) file: String,
}

/// A schema, as far as it is documented.
#[derive(Deserialize)]
pub(super) struct Schema {
    block: Block,
}

#[derive(Deserialize)]
#[serde(from = "WrittenBlock")]
struct Block {
    attributes: Attributes,
    description: String,
    deprecated: bool,
}

/// A block as the core writes it: nested blocks stand beside the attributes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenBlock {
    attributes: Attributes,
    block_types: BTreeMap<String, BlockType>,
    description: String,
    deprecated: bool,
}

#[derive(Deserialize)]
struct BlockType {
    block: Block,
    nesting_mode: String,
    #[serde(default)]
    min_items: u64,
    #[serde(default)]
    max_items: u64,
}

type Attributes = BTreeMap<String, Attribute>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attribute {
    #[serde(rename = "type")]
    value_type: Value,
    nested_type: Option<Nested>,
    description: String,
    required: bool,
    optional: bool,
    sensitive: bool,
    write_only: bool,
    deprecated: bool,
    /// The least and the greatest number, if it is written as blocks.
    #[serde(skip)]
    blocks: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct Nested {
    attributes: Attributes,
    nesting_mode: String,
}

impl From<WrittenBlock> for Block {
    fn from(written: WrittenBlock) -> Self {
        let blocks = written.block_types.into_iter();
        let blocks = blocks.map(|(name, block)| (name, Attribute::from(block)));
        Block {
            attributes: written.attributes.into_iter().chain(blocks).collect(),
            description: written.description,
            deprecated: written.deprecated,
        }
    }
}

/// Blocks are nested attributes in another syntax.
impl From<BlockType> for Attribute {
    fn from(block_type: BlockType) -> Self {
        let Block {
            attributes,
            description,
            deprecated,
        } = block_type.block;
        Attribute {
            description,
            deprecated,
            required: block_type.min_items > 0,
            optional: block_type.min_items == 0,
            blocks: Some((block_type.min_items, block_type.max_items)),
            nested_type: Some(Nested {
                attributes,
                nesting_mode: block_type.nesting_mode,
            }),
            ..Attribute::default()
        }
    }
}

impl Page {
    /// The page's Markdown.
    pub(super) fn render(&self, schema: &Schema) -> String {
        let description = schema.block.description.trim();
        let summary = description.split("\n\n").next().unwrap_or_default();
        // The index, which lists the guides, is in no subcategory: the registries refuse one there.
        let subcategory = if self.guides.is_empty() {
            "subcategory: \"\"\n"
        } else {
            ""
        };
        let mut text = format!(
            "---\npage_title: \"{}\"\n{subcategory}description: |-\n  {}\n---\n\n# {}\n\n{description}\n",
            self.title,
            one_line(summary),
            self.heading
        );
        if !self.guides.is_empty() {
            text.push_str("\n## Guides\n\n");
            for guide in &self.guides {
                text.push_str(&format!("- [{}]({})\n", guide.title, guide.file));
            }
        }
        if let Some(example) = &self.example {
            text.push_str(&format!(
                "\n## Example Usage\n\n```terraform\n{}\n```\n",
                example.trim_end()
            ));
        }
        for Case { title, text: example } in &self.cases {
            let _ = write!(text, "\n### {title}\n\n```terraform\n{}\n```\n", example.trim_end());
        }
        text.push_str("\n## Schema\n");
        write_groups(&mut text, &schema.block.attributes, "", |group| format!("### {group}"));
        write_nested(&mut text, &schema.block.attributes, &[]);
        if let Some(import) = &self.import {
            text.push_str(&import.render());
        }
        text
    }
}

/// Writes attributes in three groups, by who decides their values.
fn write_groups(text: &mut String, attributes: &Attributes, prefix: &str, heading: fn(&str) -> String) {
    for group in ["Required", "Optional", "Read-Only"] {
        let members: Vec<_> = attributes.iter().filter(|(_, one)| one.group() == group).collect();
        if !members.is_empty() {
            let _ = write!(text, "\n{}\n\n", heading(group));
        }
        if members.iter().any(|(_, one)| one.write_only) {
            let _ = write!(
                text,
                "> **NOTE**: [Write-only arguments]({WRITE_ONLY}) need OpenTofu 1.11 or Terraform 1.11.\n\n"
            );
        }
        for (name, attribute) in members {
            let _ = write!(text, "- `{name}` ({})", attribute.kind());
            for part in [
                one_line(&attribute.description),
                attribute.link(&format!("{prefix}{name}")),
            ] {
                if !part.is_empty() {
                    let _ = write!(text, " {part}");
                }
            }
            text.push('\n');
        }
    }
}

/// Writes a section for each nested schema, each followed by those inside it.
fn write_nested(text: &mut String, attributes: &Attributes, parents: &[&str]) {
    for (name, attribute) in attributes {
        if let Some(nested) = &attribute.nested_type {
            let path = [parents, &[name.as_str()]].concat();
            let anchor = path.join("--");
            let _ = write!(
                text,
                "\n<a id=\"{}--{anchor}\"></a>\n### Nested Schema for `{}`\n",
                attribute.anchor(),
                path.join(".")
            );
            write_groups(text, &nested.attributes, &format!("{anchor}--"), |group| {
                format!("{group}:")
            });
            write_nested(text, &nested.attributes, &path);
        }
    }
}

impl Attribute {
    fn group(&self) -> &'static str {
        match (self.required, self.optional) {
            (true, _) => "Required",
            (false, true) => "Optional",
            (false, false) => "Read-Only",
        }
    }

    /// What the attribute holds, and what is special about it.
    fn kind(&self) -> String {
        let syntax = if self.blocks.is_some() { "Block" } else { "Attributes" };
        let holds = match self.nested_type.as_ref().map(|nested| nested.nesting_mode.as_str()) {
            Some("list") => format!("{syntax} List"),
            Some("set") => format!("{syntax} Set"),
            Some("map") => format!("{syntax} Map"),
            Some(_) if self.blocks.is_some_and(|(least, _)| least == 0) => format!("{syntax}, Optional"),
            Some(_) => syntax.to_owned(),
            None => type_name(&self.value_type),
        };
        let mut kind = vec![holds];
        kind.extend(self.limits());
        if self.sensitive {
            kind.push("Sensitive".to_owned());
        }
        if self.write_only {
            kind.push(format!("[Write-only]({WRITE_ONLY})"));
        }
        if self.deprecated {
            kind.push("Deprecated".to_owned());
        }
        kind.join(", ")
    }

    /// The least and the greatest number of blocks, where there can be several.
    fn limits(&self) -> Vec<String> {
        let is_single = |nested: &Nested| matches!(nested.nesting_mode.as_str(), "single" | "group");
        let several = self
            .blocks
            .filter(|_| !self.nested_type.as_ref().is_some_and(is_single));
        let (least, most) = several.unwrap_or_default();
        let limits = [("Min", least), ("Max", most)].into_iter();
        let limits = limits.filter(|(_, items)| *items > 0);
        limits.map(|(limit, items)| format!("{limit}: {items}")).collect()
    }

    fn anchor(&self) -> &'static str {
        if self.blocks.is_some() {
            "nestedblock"
        } else {
            "nestedatt"
        }
    }

    fn link(&self, anchor: &str) -> String {
        match self.nested_type {
            Some(_) => format!("(see [below for nested schema](#{}--{anchor}))", self.anchor()),
            None => String::new(),
        }
    }
}

/// A type in the words of the registries, from its JSON form.
pub(super) fn type_name(value_type: &Value) -> String {
    match value_type {
        Value::String(name) => match name.as_str() {
            "bool" => "Boolean".to_owned(),
            "number" => "Number".to_owned(),
            "string" => "String".to_owned(),
            _ => "Dynamic".to_owned(),
        },
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(collection), element] if collection != "object" && collection != "tuple" => {
                let mut letters = collection.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                let collection: String = first.into_iter().chain(letters).collect();
                format!("{collection} of {}", type_name(element))
            }
            [Value::String(name), ..] if name == "tuple" => "Tuple".to_owned(),
            _ => "Object".to_owned(),
        },
        _ => "Dynamic".to_owned(),
    }
}

/// A text without its line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
