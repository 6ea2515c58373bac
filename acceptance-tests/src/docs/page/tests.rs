//! Pages of schemas.

use serde_json::json;

use super::*;

fn page() -> Page {
    Page {
        title: "cht_thing Resource - cht".to_owned(),
        heading: "cht_thing (Resource)".to_owned(),
        example: Some("resource \"cht_thing\" \"one\" {}\n".to_owned()),
        cases: vec![Case {
            title: "With a colour".to_owned(),
            text: "colour = \"red\"\n".to_owned(),
        }],
        import: Some(Import {
            by_identity: "import {\n  identity = {}\n}\n".to_owned(),
            by_id: "import {\n  id = 1\n}\n".to_owned(),
            command: "tofu import cht_thing.one one\n".to_owned(),
        }),
        guides: Vec::new(),
    }
}

fn render(attributes: Value) -> String {
    let block = json!({"description": "Manages a thing,\nof some kind.\n\nMore.", "attributes": attributes});
    page().render(&serde_json::from_value(json!({"block": block})).unwrap())
}

#[test]
fn a_page_has_front_matter_example_schema_and_import_in_this_order() {
    let page = render(json!({"name": {"type": "string", "description": "Its name.", "required": true}}));
    assert_eq!(
        page,
        r##"---
page_title: "cht_thing Resource - cht"
subcategory: ""
description: |-
  Manages a thing, of some kind.
---

# cht_thing (Resource)

Manages a thing,
of some kind.

More.

## Example Usage

```terraform
resource "cht_thing" "one" {}
```

### With a colour

```terraform
colour = "red"
```

## Schema

### Required

- `name` (String) Its name.

## Import

An `import` block names the object by its identity, with OpenTofu or Terraform 1.12 and later:

```terraform
import {
  identity = {}
}
```

It can name it by its id as well:

```terraform
import {
  id = 1
}
```

So does the command:

```shell
tofu import cht_thing.one one
```
"##
    );
}

#[test]
fn attributes_stand_in_the_group_of_who_decides_them() {
    let page = render(json!({
        "a": {"type": "bool", "optional": true, "computed": true},
        "b": {"type": ["list", "string"], "computed": true},
        "c": {"type": ["map", ["set", "number"]], "required": true},
        "d": {"type": "string", "optional": true, "sensitive": true, "write_only": true},
    }));
    let schema = &page[page.find("### Required").unwrap()..page.find("## Import").unwrap()];
    let expected = format!(
        "### Required\n\n- `c` (Map of Set of Number)\n\n### Optional\n\n\
         > **NOTE**: [Write-only arguments]({WRITE_ONLY}) need OpenTofu 1.11 or Terraform 1.11.\n\n- `a` (Boolean)\n\
         - `d` (String, Sensitive, [Write-only]({WRITE_ONLY}))\n\n### Read-Only\n\n- `b` (List of String)\n\n"
    );
    assert_eq!(schema, expected);
}

#[test]
fn blocks_stand_among_the_attributes_with_their_limits() {
    let inner = json!({"attributes": {"size": {"type": "number", "required": true}}});
    let part = json!({"nesting_mode": "single", "block": inner});
    let disk = json!({
        "attributes": {"size": {"type": "number", "required": true}},
        "block_types": {"part": part},
        "description": "Its disks.",
    });
    let schema = json!({"block": {
        "description": "Manages a thing.",
        "attributes": {"name": {"type": "string", "optional": true}},
        "block_types": {"disk": {"nesting_mode": "list", "block": disk, "min_items": 1, "max_items": 3}},
    }});
    let page = page().render(&serde_json::from_value(schema).unwrap());
    let schema = &page[page.find("### Required").unwrap()..page.find("## Import").unwrap()];
    let expected = "### Required\n\n\
        - `disk` (Block List, Min: 1, Max: 3) Its disks. (see [below for nested schema](#nestedblock--disk))\n\n\
        ### Optional\n\n- `name` (String)\n\n\
        <a id=\"nestedblock--disk\"></a>\n### Nested Schema for `disk`\n\n\
        Required:\n\n- `size` (Number)\n\n\
        Optional:\n\n\
        - `part` (Block, Optional) (see [below for nested schema](#nestedblock--disk--part))\n\n\
        <a id=\"nestedblock--disk--part\"></a>\n### Nested Schema for `disk.part`\n\n\
        Required:\n\n- `size` (Number)\n\n";
    assert_eq!(schema, expected);
}

#[test]
fn nested_schemas_are_linked_at_every_depth() {
    let leaf = json!({"type": "string", "optional": true});
    let inner = json!({"optional": true, "nested_type": {"nesting_mode": "list", "attributes": {"leaf": leaf}}});
    let outer = json!({"required": true, "nested_type": {"nesting_mode": "single", "attributes": {"inner": inner}}});
    let page = render(json!({"outer": outer}));
    for (link, anchor, title) in [
        (
            "- `outer` (Attributes) (see [below for nested schema](#nestedatt--outer))",
            "nestedatt--outer",
            "outer",
        ),
        (
            "- `inner` (Attributes List) (see [below for nested schema](#nestedatt--outer--inner))",
            "nestedatt--outer--inner",
            "outer.inner",
        ),
    ] {
        assert!(page.contains(link), "{page}");
        let section = format!("<a id=\"{anchor}\"></a>\n### Nested Schema for `{title}`\n\nOptional:\n");
        assert!(page.contains(&section), "{section}\n{page}");
    }
}
