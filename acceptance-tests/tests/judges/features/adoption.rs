//! Objects that were there before: imported, moved from another type, or stored by an older release.

use std::fs;

use acceptance_tests::everything::remote::{Object, Remote};
use acceptance_tests::tofu::{Cli, Workspace};
use serde_json::{Value as Json, json};

use super::{configure, errors, expect_nothing_to_do, settle, stored, workspaces};
use crate::run::workspace;

const RACK: &str = "everything_rack.it";

/// A rack that nobody has in a state.
fn leave_rack(workspace: &Workspace) {
    let object = Object {
        text: Some("found".to_owned()),
        zone: Some("north".to_owned()),
        disks: vec!["1".to_owned(), "2.5".to_owned()],
        revision: 3,
    };
    let remote = Remote::new(workspace.directory().join(".remote"));
    remote.put("r-id", &object).unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_imported_object_gets_a_configuration_that_changes_nothing() {
    for workspace in workspaces() {
        leave_rack(&workspace);
        let import = format!("import {{\n  to = {RACK}\n  id = \"r-id\"\n}}\n");
        configure(&workspace, &import);
        let plan = workspace
            .plan_with(&["-generate-config-out=generated.tf"])
            .await
            .unwrap();
        assert_eq!(plan.actions(RACK), ["no-op"]);
        let generated = fs::read_to_string(workspace.directory().join("generated.tf")).unwrap();
        assert_eq!(generated.matches("disk {").count(), 2, "{generated}");
        workspace.apply().await.unwrap();
        expect_nothing_to_do(&workspace).await;
        let attributes = &stored(&workspace, RACK)["attributes"];
        assert_eq!(attributes["place"], "north");
        assert_eq!(attributes["disk"]["value"][1]["serial"], "serial-2.5");
        configure(
            &workspace,
            &import.replace("r-id", "s-id").replace(RACK, "everything_rack.other"),
        );
        let refused = errors(workspace.plan_with(&["-generate-config-out=other.tf"]).await);
        assert_eq!(
            (refused[0].summary.as_str(), refused[0].detail.as_str()),
            ("No such rack", "The id is `<name>-id`.")
        );
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_object_is_imported_by_its_identity_where_the_core_knows_them() {
    for (is_terraform, workspace) in every_workspace() {
        leave_rack(&workspace);
        configure(
            &workspace,
            "import {
               to       = everything_rack.it
               identity = { id = \"r-id\" }
             }
             resource \"everything_rack\" \"it\" {
               name  = \"r\"
               text  = \"found\"
               place = \"NORTH\"
               disk { size = 1 }
               disk { size = 2.5 }
             }",
        );
        match workspace.plan().await {
            Ok(plan) => {
                assert_eq!(plan.actions(RACK), ["no-op"]);
                workspace.apply().await.unwrap();
                expect_nothing_to_do(&workspace).await;
                assert_eq!(
                    stored(&workspace, RACK)["identity"],
                    json!({ "id": "r-id", "remote": "files" })
                );
            }
            // Terraform has identities since 1.12.
            Err(error) => {
                let refused = errors::<()>(Err(error));
                let told = refused
                    .iter()
                    .any(|error| error.detail.contains("\"identity\" is not expected here"));
                assert!(is_terraform && told, "{refused:?}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_object_moves_to_another_type_and_nothing_is_made_or_removed() {
    // The oldest names the provider that it came from in another way.
    let oldest = workspace(Cli::old_tofu().unwrap());
    for workspace in workspaces().into_iter().chain([oldest]) {
        settle(
            &workspace,
            "resource \"everything_relic\" \"old\" {
               name = \"r\"
               text = \"old\"
               part { name = \"p\" }
             }",
        )
        .await;
        let file = workspace.directory().join(".remote/r-id.json");
        let before = fs::read(&file).unwrap();
        let moved = "moved {
               from = everything_relic.old
               to   = everything_rack.it
             }
             resource \"everything_rack\" \"it\" {
               name = \"r\"
               text = \"old\"
             }";
        configure(&workspace, moved);
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.actions(RACK), ["no-op"]);
        assert_eq!(plan.changes().count(), 0);
        workspace.apply().await.unwrap();
        expect_nothing_to_do(&workspace).await;
        assert_eq!(fs::read(file).unwrap(), before);
        assert_eq!(stored(&workspace, RACK)["attributes"]["id"], "r-id");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_state_of_a_version_that_no_move_understands_is_kept_and_the_way_out_is_told() {
    for cli in Cli::all().unwrap() {
        let state = older(&cli, 0, json!({ "label": "r" }));
        let workspace = workspace(cli);
        workspace.write("terraform.tfstate", &state).unwrap();
        configure(
            &workspace,
            "moved {
               from = everything_relic.it
               to   = everything_rack.it
             }
             resource \"everything_rack\" \"it\" {
               name = \"r\"
             }",
        );
        let refused = errors(workspace.plan().await);
        assert_eq!(refused[0].summary, "Unable to move resource");
        for part in [
            "`removed` block",
            "everything_relic of medic/everything of versions 1 to 2",
        ] {
            assert!(refused[0].detail.contains(part), "{}", refused[0].detail);
        }
        assert_eq!(stored(&workspace, "everything_relic.it")["schema_version"], 0);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn states_of_every_older_version_are_upgraded_and_planned_without_a_change() {
    let histories = [
        (
            0,
            json!({ "label": "r", "lines": ["one", "two"], "long_gone": true }),
            "",
        ),
        (
            1,
            json!({ "name": "r", "text": "one\ntwo", "parts": ["p"] }),
            "part { name = \"p\" }",
        ),
    ];
    for cli in Cli::all().unwrap() {
        for (version, attributes, blocks) in &histories {
            let state = older(&cli, *version, attributes.clone());
            let workspace = workspace(cli.clone());
            let object = Object {
                text: Some("one\ntwo".to_owned()),
                ..Object::default()
            };
            Remote::new(workspace.directory().join(".remote"))
                .put("r-id", &object)
                .unwrap();
            workspace.write("terraform.tfstate", &state).unwrap();
            let config = format!(
                "resource \"everything_relic\" \"it\" {{\n  name = \"r\"\n  text = \"one\\ntwo\"\n  {blocks}\n}}\n"
            );
            configure(&workspace, &config);
            expect_nothing_to_do(&workspace).await;
            settle(&workspace, &config.replace("two", "three")).await;
            let upgraded = stored(&workspace, "everything_relic.it");
            assert_eq!(upgraded["schema_version"], 2);
            assert_eq!(upgraded["attributes"]["text"], "one\nthree");
        }
    }
}

/// A state with a relic of an older version.
fn older(cli: &Cli, version: i64, attributes: Json) -> String {
    let address = cli.provider_address("medic/everything");
    let resource = json!({
        "mode": "managed", "type": "everything_relic", "name": "it", "provider": format!("provider[\"{address}\"]"),
        "instances": [{ "schema_version": version, "attributes": attributes }],
    });
    let state = json!({
        "version": 4, "terraform_version": "1.11.0", "serial": 1, "outputs": {},
        "lineage": "9b7f5b0e-4a0e-4c39-8c2d-1f0d3b5a7c11", "resources": [resource],
    });
    state.to_string()
}

/// A workspace for each core, and whether that is Terraform.
fn every_workspace() -> impl Iterator<Item = (bool, Workspace)> {
    let clis = Cli::all().unwrap().into_iter();
    clis.map(|cli| (cli.path().ends_with("terraform"), workspace(cli)))
}
