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
        let [opened, token, ended @ ..] = &take_notes(&workspace)[..] else {
            panic!("nothing was opened in the plan")
        };
        assert_eq!((opened.as_str(), token.as_str()), ("open a", "configure token-1-of-a"));
        assert!(ended.contains(&"close a".to_owned()), "{ended:?}");
        let applied = workspace.apply().await.unwrap();
        let notes = take_notes(&workspace);
        assert_eq!(notes.last().map(String::as_str), Some("close a"), "{notes:?}");
        // The apply plans first, so the pass is opened twice, and it is another one each time.
        let mut tokens: Vec<&str> = notes
            .iter()
            .filter_map(|note| note.strip_prefix("configure "))
            .collect();
        assert_eq!(tokens.len(), 2, "{notes:?}");
        let in_use = tokens.pop().unwrap();
        assert_ne!(tokens, [in_use]);
        assert!(notes.contains(&format!("password {in_use}")), "{notes:?}");
        for what in ["open a", "renew a", "close a"] {
            assert_eq!(
                notes.iter().filter(|note| *note == what).count(),
                2,
                "{what}: {notes:?}"
            );
        }
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

/// What the remote has taken note of since the last time.
fn take_notes(workspace: &Workspace) -> Vec<String> {
    let directory = workspace.directory().join(".remote");
    let notes = Remote::new(&directory).notes().unwrap();
    fs::remove_file(directory.join("notes")).unwrap();
    notes
}
