//! Functions, called in configurations.

use serde_json::json;

use super::{blamed, configure, errors, settle, workspaces};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn functions_take_and_result_in_values_of_every_kind() {
    for workspace in workspaces() {
        settle(
            &workspace,
            r#"
            resource "terraform_data" "later" { input = "x" }
            output "all" {
              value = {
                joined    = provider::everything::join("-", "a", "b", terraform_data.later.output)
                nothing   = provider::everything::join("-")
                described = provider::everything::describe({ label = "x", sizes = [1, "2.5"] }, null)
                tuple     = provider::everything::type_of([1, "x"])
                late      = provider::everything::type_of(terraform_data.later.output)
              }
            }
            "#,
        )
        .await;
        let all = workspace.output("all").await.unwrap();
        let expected = json!({
            "joined": "a-b-x",
            "nothing": "",
            "described": { "title": "x with 2 sizes", "sizes": [1, 2.5], "color": null },
            "tuple": r#"["tuple",["number","string"]]"#,
            "late": "\"string\"",
        });
        assert_eq!(all, expected);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_error_of_a_function_points_at_the_argument_that_is_to_blame() {
    for workspace in workspaces() {
        configure(
            &workspace,
            r#"
            output "refused" {
              value = provider::everything::join(
                "-",
                "a",
                "b c",
                "d",
              )
            }
            output "invalid" {
              value = provider::everything::describe(
                { label = "much too long", sizes = [] },
                null,
              )
            }
            "#,
        );
        let errors = errors(workspace.plan().await);
        let mut told: Vec<_> = errors
            .iter()
            .map(|error| (error.summary.as_str(), blamed(error), error.detail.as_str()))
            .collect();
        told.sort_unstable();
        // Of an object, the core marks where it begins.
        let expected = [
            (
                "Invalid function argument",
                "b c",
                "Invalid value for \"words\" parameter: A word has no spaces.",
            ),
            (
                "Invalid function argument",
                "{",
                "Invalid value for \"package\" parameter: `package.label` must be of length 1 to 8.",
            ),
        ];
        assert_eq!(told, expected);
    }
}
