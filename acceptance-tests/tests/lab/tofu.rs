//! The command line, with resources that need no provider: every command line of this machine has to behave so.

use std::path::Path;
use std::time::Duration;

use acceptance_tests::cluster::wait;
use acceptance_tests::tofu::{Cli, Error, Workspace};

const DATA: &str = r#"
resource "terraform_data" "it" {
  input = "one"
}
output "it" {
  value = terraform_data.it.output
}
"#;

/// Workspaces that do not use the provider; any file may stand in its place.
fn workspaces() -> Vec<Workspace> {
    let clis = Cli::all().unwrap();
    clis.into_iter()
        .map(|cli| {
            let workspace = Workspace::new(cli, Path::new("/bin/true")).unwrap();
            workspace.write("versions.tf", "").unwrap();
            workspace
        })
        .collect()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn plan_apply_and_destroy_tell_what_they_do() {
    for workspace in workspaces() {
        workspace.write("main.tf", DATA).unwrap();
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.actions("terraform_data.it"), ["create"]);
        assert_eq!(plan.change("terraform_data.it").unwrap().after_unknown["id"], true);
        assert_eq!(plan.output_changes().count(), 1);
        let applied = workspace.apply().await.unwrap();
        assert_eq!(applied.messages("apply_complete").len(), 1);
        assert_eq!(workspace.output("it").await.unwrap(), "one");
        assert!(workspace.plan().await.unwrap().is_empty());
        assert!(workspace.plan_refresh_only().await.unwrap().is_empty());

        workspace.write("main.tf", &DATA.replace("one", "two")).unwrap();
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.actions("terraform_data.it"), ["update"]);
        workspace.state_rm("terraform_data.it").await.unwrap();
        workspace.import("terraform_data.it", "imported").await.unwrap();
        let state = workspace.show().await.unwrap();
        assert_eq!(
            state["values"]["root_module"]["resources"][0]["values"]["id"],
            "imported"
        );
        workspace.destroy().await.unwrap();
        assert!(workspace.show().await.unwrap().get("values").is_none());
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn failed_commands_say_why() {
    for workspace in workspaces() {
        workspace
            .write("main.tf", "resource \"terraform_data\" \"it\" {\n  inputs = 1\n}\n")
            .unwrap();
        let error = workspace.validate().await.unwrap_err();
        assert_eq!(error.diagnostics()[0].summary, "Unsupported argument");
        assert_eq!(error.diagnostics()[0].snippet.as_ref().unwrap().code, "  inputs = 1");
        let error = workspace.plan().await.unwrap_err();
        assert_eq!(error.diagnostics()[0].summary, "Unsupported argument");
        let error = workspace.import("terraform_data.other", "id").await.unwrap_err();
        assert!(!error.diagnostics().is_empty(), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn command_that_takes_too_long_is_killed() {
    for mut workspace in workspaces() {
        let slow = "resource \"terraform_data\" \"it\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 600\"\n  }\n}\n";
        workspace.write("main.tf", slow).unwrap();
        workspace.set_limit(Duration::from_secs(3));
        let error = workspace.apply().await.unwrap_err();
        assert!(matches!(&error, Error::TimedOut { limit: 3, .. }), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn apply_can_be_interrupted_and_killed() {
    for workspace in workspaces() {
        let slow = "resource \"terraform_data\" \"it\" {\n  provisioner \"local-exec\" {\n    command = \"touch started; sleep 600\"\n  }\n}\n";
        workspace.write("main.tf", slow).unwrap();
        let started = workspace.directory().join("started");
        for killed in [false, true] {
            let apply = workspace.start_apply().unwrap();
            let look = async || started.exists().then_some(()).ok_or_else(|| "no file".to_owned());
            wait::until("the apply to be under way", Duration::from_secs(30), look)
                .await
                .unwrap();
            if killed {
                apply.kill()
            } else {
                apply.interrupt()
            }
            let outcome = apply.wait().await.unwrap();
            assert_eq!(outcome.code, (!killed).then_some(1), "{}", outcome.text());
            std::fs::remove_file(&started).unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn trace_is_written_on_demand() {
    for mut workspace in workspaces() {
        workspace.write("main.tf", DATA).unwrap();
        workspace.enable_trace();
        workspace.plan().await.unwrap();
        assert!(workspace.trace().unwrap().contains("[TRACE]"));
    }
}
