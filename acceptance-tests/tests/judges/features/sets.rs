//! Sets of objects in the cores: what hashicorp/terraform-plugin-framework is known to get wrong with them. Each test
//! is named after the issue there; what is planned is beside the plan engine, in its `set_issue.rs`.

use acceptance_tests::tofu::Workspace;
use serde_json::{Value as Json, json};

use super::{configure, settle, stored, workspaces};

const SHELF: &str = "everything_shelf.it";

/// A shelf with these elements, as the set of a nested attribute and as blocks.
fn shelf(attribute: &str, block: &str, elements: &[&str]) -> String {
    let objects: Vec<String> = elements.iter().map(|body| format!("{{\n{body}\n}}")).collect();
    let blocks: String = elements
        .iter()
        .map(|body| format!("{block} {{\n{body}\n}}\n"))
        .collect();
    let objects = objects.join(", ");
    format!("resource \"everything_shelf\" \"it\" {{\n{attribute} = [{objects}]\n{blocks}}}\n")
}

/// Both sets have to have these elements, in whatever order.
#[track_caller]
fn assert_stored(workspace: &Workspace, sets: [&str; 2], expected: &[Json]) {
    let attributes = &stored(workspace, SHELF)["attributes"];
    let sorted = |elements: &[Json]| {
        let mut texts: Vec<String> = elements.iter().map(Json::to_string).collect();
        texts.sort();
        texts
    };
    for set in sets {
        let elements = attributes[set].as_array().expect("it is a set");
        assert_eq!(sorted(elements), sorted(expected), "{set}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn issue_783_defaults_in_a_set_replace_nothing_and_no_element_vanishes() {
    let fruits = ["fruits", "fruit"];
    for workspace in workspaces() {
        let three = ["fruit = \"apple\"", "fruit = \"banana\"", "fruit = \"kumquat\""];
        settle(&workspace, &shelf("fruits", "fruit", &three)).await;
        let expected = ["apple", "banana", "kumquat"].map(|fruit| json!({ "fruit": fruit, "other": "other" }));
        assert_stored(&workspace, fruits, &expected);
        settle(&workspace, &shelf("fruits", "fruit", &["fruit = \"apple\"", ""])).await;
        let expected = ["apple", "orange"].map(|fruit| json!({ "fruit": fruit, "other": "other" }));
        assert_stored(&workspace, fruits, &expected);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn issue_867_two_defaults_in_the_elements_of_a_set_do_not_flip_flop() {
    let config = |last: &str| {
        let elements = ["name = \"a\"\none = true", "name = \"b\"\ntwo = true", last];
        shelf("switches", "switch", &elements)
    };
    let switch = |name: &str, one: bool, two: bool| json!({ "name": name, "one": one, "two": two });
    for workspace in workspaces() {
        settle(&workspace, &config("name = \"c\"")).await;
        let [a, b] = [switch("a", true, false), switch("b", false, true)];
        let switches = ["switches", "switch"];
        assert_stored(&workspace, switches, &[a.clone(), b.clone(), switch("c", false, false)]);
        settle(&workspace, &config("name = \"c\"\ntwo = true")).await;
        assert_stored(&workspace, switches, &[a, b, switch("c", false, true)]);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn issue_1036_something_sensitive_beside_a_default_in_a_set_keeps_what_is_configured() {
    let config = |default_row: &str| {
        let elements = [
            "name = \"a\"\nsecrets = [{ value = \"hunter1\" }]",
            &format!("name = \"b\"\ndefault_row = {default_row}\nsecrets = [{{ value = \"hunter2\" }}]"),
            "name = \"c\"",
        ];
        shelf("rows", "row", &elements)
    };
    let row = |name: &str, default_row: bool, secrets: Json| json!({ "name": name, "default_row": default_row, "secrets": secrets });
    for workspace in workspaces() {
        for default_row in [true, false] {
            settle(&workspace, &config(&default_row.to_string())).await;
            let expected = [
                row("a", false, json!([{ "value": "hunter1" }])),
                row("b", default_row, json!([{ "value": "hunter2" }])),
                row("c", false, json!([])),
            ];
            assert_stored(&workspace, ["rows", "row"], &expected);
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn issue_898_a_computed_attribute_beside_a_set_that_the_provider_filled_is_not_always_unknown() {
    for workspace in workspaces() {
        settle(&workspace, "resource \"everything_shelf\" \"it\" {}").await;
        let before = stored(&workspace, SHELF)["attributes"].clone();
        let filled = json!([{ "name": "example" }]);
        assert_eq!([&before["parts"], &before["listed_parts"]], [&filled, &filled]);
        // A change of something else leaves them alone.
        configure(
            &workspace,
            "resource \"everything_shelf\" \"it\" {\n  text = \"new\"\n}",
        );
        let plan = workspace.plan().await.unwrap();
        let change = plan.change(SHELF).unwrap();
        assert_eq!(
            [&change.after["parts"], &change.after["listed_parts"]],
            [&filled, &filled]
        );
        assert_eq!(change.after_unknown["readonly"], true);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn issue_302_elements_with_null_nested_attributes_are_planned_as_they_are() {
    let config = |path: &str| {
        let elements = [
            "name = \"one\"\na = { path = \"/a\" }",
            &format!("name = \"two\"\nb = {{ path = \"{path}\" }}"),
            "name = \"none\"",
        ];
        shelf("mounts", "mount", &elements)
    };
    for workspace in workspaces() {
        for path in ["/b", "/c"] {
            settle(&workspace, &config(path)).await;
            let expected = [
                json!({ "name": "one", "a": { "path": "/a", "optional": true }, "b": null }),
                json!({ "name": "two", "a": null, "b": { "path": path, "optional": null } }),
                json!({ "name": "none", "a": null, "b": null }),
            ];
            assert_stored(&workspace, ["mounts", "mount"], &expected);
        }
    }
}
