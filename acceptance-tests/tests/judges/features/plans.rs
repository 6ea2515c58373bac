//! Replacements on demand, tainted objects, and what is known late.

use serde_json::json;

use super::{configure, errors, expect_nothing_to_do, settle, stored, workspaces};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_tainted_object_is_replaced_unless_it_is_untainted_and_a_sound_one_is_replaced_on_demand() {
    let config = |fail: &str| format!("resource \"everything_thing\" \"it\" {{\n  name = \"a\"\n  fail = {fail}\n}}\n");
    for workspace in workspaces() {
        const IT: &str = "everything_thing.it";
        configure(&workspace, &config("\"create\""));
        assert_eq!(errors(workspace.apply().await)[0].summary, "Unable to create thing");
        assert_eq!(stored(&workspace, IT)["status"], "tainted");
        configure(&workspace, &config("null"));
        assert_eq!(workspace.plan().await.unwrap().actions(IT), ["delete", "create"]);
        workspace.run(&["untaint", IT]).await.unwrap();
        assert_eq!(workspace.plan().await.unwrap().actions(IT), ["update"]);
        settle(&workspace, &config("null")).await;
        assert_eq!(stored(&workspace, IT)["attributes"]["revision"], 2);

        let replaced = workspace.plan_with(&["-replace=everything_thing.it"]).await.unwrap();
        assert_eq!(replaced.actions(IT), ["delete", "create"]);
        workspace.run(&["apply", "-json", "plan.bin"]).await.unwrap();
        assert_eq!(stored(&workspace, IT)["attributes"]["revision"], 1);
        expect_nothing_to_do(&workspace).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_look_up_of_what_is_not_there_yet_waits_for_the_apply() {
    for workspace in workspaces() {
        configure(
            &workspace,
            "resource \"everything_thing\" \"it\" {
               name = \"a\"
               text = \"found\"
             }
             data \"everything_lookup\" \"it\" {
               id = everything_thing.it.id
             }
             output \"text\" {
               value = data.everything_lookup.it.text
             }",
        );
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.actions("data.everything_lookup.it"), ["read"]);
        assert_eq!(
            plan.change("data.everything_lookup.it").unwrap().after_unknown["text"],
            true
        );
        workspace.apply().await.unwrap();
        assert_eq!(workspace.output("text").await.unwrap(), "found");
        expect_nothing_to_do(&workspace).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn dynamic_blocks_are_as_many_as_there_are_values_even_if_those_are_known_late() {
    let config = |sizes: &str| {
        format!(
            "resource \"terraform_data\" \"later\" {{
               input = {sizes}
             }}
             resource \"everything_rack\" \"it\" {{
               name = \"a\"
               dynamic \"network\" {{
                 for_each = length(terraform_data.later.output) > 1 ? [\"10.0.0.1\"] : []
                 content {{
                   address = network.value
                   route {{ to = \"b\" }}
                 }}
               }}
               dynamic \"disk\" {{
                 for_each = terraform_data.later.output
                 content {{
                   size  = disk.value
                   label = disk.key == 0 ? \"first\" : \"other\"
                   mount {{ path = \"/${{disk.key}}\" }}
                 }}
               }}
               dynamic \"rule\" {{
                 for_each = toset([\"x\", \"y\"])
                 content {{ key = rule.value }}
               }}
             }}"
        )
    };
    for workspace in workspaces() {
        const IT: &str = "everything_rack.it";
        configure(&workspace, &config("[1, 2]"));
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.change(IT).unwrap().after_unknown["disk"], true);
        assert_eq!(plan.change(IT).unwrap().after["rule"].as_array().map(Vec::len), Some(2));
        settle(&workspace, &config("[1, 2]")).await;
        let attributes = stored(&workspace, IT)["attributes"].clone();
        assert_eq!(
            attributes["disk"]["value"][1]["mount"],
            json!([{ "path": "/1", "mode": "usual" }])
        );
        assert_eq!(attributes["network"]["route"], json!([{ "to": "b", "cost": 1 }]));
        settle(&workspace, &config("[3]")).await;
        let attributes = stored(&workspace, IT)["attributes"].clone();
        assert_eq!(
            (&attributes["network"], &attributes["disk"]["value"][1]),
            (&json!(null), &json!(null))
        );
        // How many are too many is known late as well.
        configure(&workspace, &config("[1, 2, 3, 4]"));
        let refused = errors(workspace.apply().await);
        assert!(refused[0].detail.contains('3'), "{refused:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn values_of_any_type_keep_their_types_in_blocks_and_get_a_common_one_in_lists() {
    for workspace in workspaces() {
        configure(
            &workspace,
            "resource \"everything_case\" \"it\" {
               name       = \"a\"
               any_list   = [\"a\", true]
               any_listed = [{ any = \"a\" }, { any = 1 }]
               listed_any_block { any = \"a\" }
               listed_any_block { any = 1 }
               listed_any_block { any = { b = [] } }
             }",
        );
        let plan = workspace.plan().await.unwrap();
        let after = &plan.change("everything_case.it").unwrap().after;
        assert_eq!(after["any_list"], json!(["a", "true"]));
        let values = |name: &str| -> Vec<_> {
            let elements = after[name].as_array().unwrap().iter();
            elements.map(|element| element["any"].clone()).collect()
        };
        assert_eq!(values("any_listed"), [json!("a"), json!("1")]);
        assert_eq!(values("listed_any_block"), [json!("a"), json!(1), json!({ "b": [] })]);
        configure(
            &workspace,
            "resource \"everything_case\" \"it\" {
               name       = \"a\"
               any_listed = [{ any = \"a\" }, { any = { b = 1 } }]
             }",
        );
        assert_eq!(
            errors(workspace.plan().await)[0].summary,
            "Incorrect attribute value type"
        );
    }
}
