//! Ephemeral resources and write-only arguments.

use std::fs;

use acceptance_tests::everything::remote::Remote;
use acceptance_tests::tofu::Workspace;

use super::{configure, expect_nothing_to_do, stored, workspaces};

/// The provisioner holds the pass open until it has been renewed; it gives up after ten seconds.
const CONFIG: &str = r#"
ephemeral "everything_pass" "it" {
  name  = "a"
  short = true
  gate { by = "north" }
  gate { by = 2 }
}
provider "everything" {
  alias = "guarded"
  token = ephemeral.everything_pass.it.token
}
resource "everything_rack" "it" {
  provider = everything.guarded
  name     = "r"
  password = ephemeral.everything_pass.it.token
  provisioner "local-exec" {
    command = "for i in $(seq 100); do grep -q renew .remote/notes && exit; sleep 0.1; done; exit 1"
  }
}
"#;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_ephemeral_value_reaches_providers_and_write_only_arguments_and_is_stored_nowhere() {
    for workspace in workspaces() {
        configure(&workspace, CONFIG);
        let plan = workspace.plan().await.unwrap();
        assert_lives(&take_notes(&workspace), &["configure token-1-of-a"]);
        // Every pass is another one: it has the number of this note and its own.
        remote(&workspace).note("planned").unwrap();
        let applied = workspace.run(&["apply", "-json", "plan.bin"]).await.unwrap();
        let notes = take_notes(&workspace);
        assert_lives(&notes[1..], &["configure token-2-of-a", "password token-2-of-a"]);
        assert!(notes.contains(&"renew a".to_owned()), "{notes:?}");
        assert_eq!(
            stored(&workspace, "everything_rack.it")["attributes"]["password"],
            serde_json::Value::Null
        );
        let state = fs::read_to_string(workspace.directory().join("terraform.tfstate")).unwrap();
        for (place, text) in [
            ("the state", state),
            ("the plan", plan.json.to_string()),
            ("the output of the plan", plan.outcome.text()),
            ("the output of the apply", applied.text()),
        ] {
            assert!(!text.contains("token-"), "{place}: {text}");
        }
        expect_nothing_to_do(&workspace).await;
    }
}

/// One pass was opened, used for this, and closed at the end.
#[track_caller]
fn assert_lives(notes: &[String], uses: &[&str]) {
    // It is renewed at the same time as it is used.
    let notes: Vec<&str> = notes
        .iter()
        .map(String::as_str)
        .filter(|note| *note != "renew a")
        .collect();
    assert_eq!(notes, [&["open a"], uses, &["close a"]].concat());
}

fn remote(workspace: &Workspace) -> Remote {
    Remote::new(workspace.directory().join(".remote"))
}

/// What the remote has taken note of since the last time.
fn take_notes(workspace: &Workspace) -> Vec<String> {
    let notes = remote(workspace).notes().unwrap();
    fs::remove_file(workspace.directory().join(".remote/notes")).unwrap();
    notes
}
