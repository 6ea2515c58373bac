//! Rules about several attributes, types with a meaning, limits of operations, and plans that are shaped or deferred.

use std::collections::BTreeMap;

use acceptance_tests::everything::remote::Remote;
use acceptance_tests::tofu::Severity;
use serde_json::{Value as Json, json};

use super::{configure, errors, expect_nothing_to_do, settle, stored, workspaces};

const IT: &str = "everything_gauge.it";

/// What no gauge can be without.
const LEAST: &str = "liters = 1\n  offset = 0\n";

fn gauge(name: &str, body: &str) -> String {
    format!("resource \"everything_gauge\" \"{name}\" {{\n  name = \"{name}\"\n  key = 7\n  {body}\n}}\n")
}

fn it(body: &str) -> String {
    gauge("it", &format!("{LEAST}{body}"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_rule_is_told_of_the_resource_that_breaks_it() {
    let broken = BTreeMap::from([
        ("none_of_one", ("offset = 0", "`kilograms`")),
        (
            "two_of_one",
            ("offset = 0\n  liters = 1\n  kilograms = 1", "`kilograms`"),
        ),
        ("two_at_most_one", ("north = \"1Gi\"\n  south = \"1Gi\"", "`south`")),
        ("none_of_some", ("liters = 1", "`share`")),
        ("half_of_both", ("low = 1", "`high`")),
        ("conflict", ("text = \"a\"\n  old_text = \"b\"", "`old_text`")),
        ("lonely", ("port = 80", "`host`")),
        (
            "inside",
            ("sensor {\n    pin = 1\n    wire = \"a\"\n  }", "`sensor[0].wire`"),
        ),
        (
            "outside",
            (
                "label = \"a\"\n  sensor {\n    pin = 1\n    note = \"b\"\n  }",
                "`label`",
            ),
        ),
        ("word", ("sensor {\n    pin = 1\n    kind = \"cold\"\n  }", "heat")),
        ("mark", ("mark = \"a-\"", "words such as")),
        ("author", ("low = 2\n  high = 1", "less than `low`")),
        ("network", ("network = \"10.0.0.0/99\"", "10.0.0.0/16")),
        ("document", ("document = \"{\"", "JSON")),
        ("small_float", ("share = 1e39", "3.4028235e38")),
        ("port", ("host = \"::1\"\n  port = 65536", "65535")),
        ("limit", ("timeouts = { update = \"5000000000000000h\" }", "8760h")),
    ]);
    for workspace in workspaces() {
        let config: String = broken
            .iter()
            .map(|(name, (body, _))| match *name {
                "none_of_one" | "two_of_one" | "none_of_some" => gauge(name, body),
                _ => gauge(name, &format!("{LEAST}{body}")),
            })
            .collect();
        configure(&workspace, &config);
        let mut told = errors(workspace.plan().await);
        told.retain(|diagnostic| diagnostic.severity == Severity::Error);
        let about = |name: &str| {
            let address = format!("everything_gauge.{name}");
            told.iter()
                .filter(move |error| error.address.as_ref() == Some(&address))
        };
        for (name, (_, expected)) in &broken {
            let details: Vec<&str> = about(name).map(|error| error.detail.as_str()).collect();
            assert!(
                matches!(details[..], [one] if one.contains(expected)),
                "{name}: {details:?}"
            );
        }
        assert_eq!(told.len(), broken.len(), "{told:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn advice_is_given_with_the_plan_and_stops_nothing() {
    for workspace in workspaces() {
        configure(&workspace, &it("old_text = \"a\"\n  pin = \"1\"\n  tally = 2"));
        let plan = workspace.plan().await.unwrap();
        for advice in ["Use `text`.", "Use `pin_wo` instead", "Each of them has its price."] {
            let mut warnings = plan.outcome.warnings();
            assert!(warnings.any(|warning| warning.detail.contains(advice)), "{advice}");
        }
        workspace.apply().await.unwrap();
        expect_nothing_to_do(&workspace).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_sensitive_is_hidden_and_what_is_write_only_is_required_and_not_stored() {
    for workspace in workspaces() {
        configure(&workspace, &it("seal = 9"));
        let plan = workspace.plan().await.unwrap();
        let change = &plan.json["resource_changes"][0]["change"];
        assert_eq!(change["after_sensitive"]["seal"], true);
        workspace.apply().await.unwrap();
        let attributes = &stored(&workspace, IT)["attributes"];
        assert_eq!((&attributes["seal"], &attributes["key"]), (&json!(9), &Json::Null));
        let notes = Remote::new(workspace.directory().join(".remote")).notes().unwrap();
        assert_eq!(notes, ["key 7"]);
        configure(&workspace, &it("seal = 9").replace("key = 7", ""));
        let refused = errors(workspace.plan().await);
        assert!(refused[0].detail.contains("\"key\" is required"), "{refused:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn digits_and_spellings_that_make_no_difference_are_no_change() {
    let config = |every: &str, network: &str, document: &str| {
        gauge(
            "it",
            &format!(
                "liters = 1 / 3\n  share = 2 / 3\n  network = \"{network}\"\n  every = \"{every}\"\n  \
                 document = {document}\n  probes = [{{ every = \"90m\" }}, {{ every = \"1s\" }}]"
            ),
        )
    };
    for workspace in workspaces() {
        settle(&workspace, &config("90m", "2001:db8::/32", "\"{}\"")).await;
        configure(&workspace, &config("1h30m", "2001:0db8::/32", "\" { } \""));
        expect_nothing_to_do(&workspace).await;
        let attributes = &stored(&workspace, IT)["attributes"];
        assert_eq!(
            (&attributes["every"], &attributes["revision"]),
            (&json!("90m"), &json!(1))
        );
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn other_limits_of_operations_change_the_state_and_nothing_else() {
    let none = json!({ "create": null, "read": null, "update": null, "delete": null });
    let update = json!({ "create": null, "read": null, "update": "1m", "delete": null });
    for workspace in workspaces() {
        for (body, expected) in [
            ("timeouts = {}", &none),
            ("timeouts = { update = \"1m\" }", &update),
            ("timeouts = { update = null }", &none),
            ("", &Json::Null),
        ] {
            settle(&workspace, &it(body)).await;
            let attributes = &stored(&workspace, IT)["attributes"];
            assert_eq!(
                (&attributes["timeouts"], &attributes["revision"]),
                (expected, &json!(1))
            );
        }
        settle(&workspace, &it("text = \"a\"\n  timeouts = {}")).await;
        assert_eq!(stored(&workspace, IT)["attributes"]["revision"], 2);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_plan_says_what_its_shapers_know() {
    for workspace in workspaces() {
        configure(&workspace, &it("tally = 2\n  peak = 5\n  design = \"a\""));
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.change(IT).unwrap().after["price"], 24);
        settle(&workspace, &it("tally = 2\n  peak = 5\n  design = \"a\"")).await;
        // It was said to be more once, and a design that is not said any more is no other one.
        configure(&workspace, &it("tally = 2\n  peak = 3"));
        expect_nothing_to_do(&workspace).await;

        configure(&workspace, &it("tally = 2\n  calibrated = true"));
        let plan = workspace.plan().await.unwrap();
        let change = plan.change(IT).unwrap();
        assert_eq!(
            (&change.after["peak"], &change.after_unknown["serial"]),
            (&json!(5), &json!(true))
        );
        workspace.apply().await.unwrap();
        configure(&workspace, &it("tally = 2\n  calibrated = true\n  text = \"a\""));
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.change(IT).unwrap().after["serial"], "serial of it");
        workspace.apply().await.unwrap();
        assert_eq!(stored(&workspace, IT)["attributes"]["design"], "standard");

        configure(&workspace, &it("tally = 2\n  calibrated = true\n  design = \"b\""));
        assert_eq!(workspace.plan().await.unwrap().actions(IT), ["delete", "create"]);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_plan_before_the_provider_is_configured_is_that_of_the_schema() {
    let provider = "resource \"terraform_data\" \"later\" {
       input = \"token\"
     }
     provider \"everything\" {
       token = terraform_data.later.output
     }
     ";
    for workspace in workspaces() {
        let config = format!("{provider}{}", it("tally = 3"));
        configure(&workspace, &config);
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.change(IT).unwrap().after_unknown["price"], true);
        workspace.apply().await.unwrap();
        assert_eq!(stored(&workspace, IT)["attributes"]["price"], 36);
        settle(&workspace, &config.replace("tally = 3", "tally = 4")).await;
        assert_eq!(stored(&workspace, IT)["attributes"]["price"], 48);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_an_older_release_stored_gets_defaults_and_the_identity_of_today() {
    for workspace in workspaces() {
        settle(&workspace, &it("")).await;
        let path = workspace.directory().join("terraform.tfstate");
        let mut state: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let instance = &mut state["resources"][0]["instances"][0];
        assert_eq!(
            instance["attributes"].as_object_mut().unwrap().remove("tally"),
            Some(json!(1))
        );
        // Terraform has identities since 1.12.
        let has_identity = instance.get("identity").is_some_and(|identity| !identity.is_null());
        if has_identity {
            assert_eq!(instance["identity"], json!({ "key": "it-id" }));
            instance["identity"] = json!({ "id": "it-id" });
            instance["identity_schema_version"] = json!(0);
        }
        std::fs::write(&path, state.to_string()).unwrap();
        expect_nothing_to_do(&workspace).await;
        settle(&workspace, &it("text = \"a\"")).await;
        let stored = stored(&workspace, IT);
        assert_eq!(
            (&stored["attributes"]["tally"], &stored["attributes"]["revision"]),
            (&json!(1), &json!(2))
        );
        if has_identity {
            assert_eq!(stored["identity"], json!({ "key": "it-id" }));
            assert_eq!(stored["identity_schema_version"], 1);
        }
    }
}
