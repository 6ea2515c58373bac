//! The example of the framework, a provider of notes, with the cores: what its documentation says is tried here.

use std::fs;
use std::path::PathBuf;

use acceptance_tests::tofu::{Cli, Workspace};
use serde_json::json;

const NOTE: &str = "notes_note.it";

/// The program, which is built by `cargo xtask test`, or by the command in the message.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let target = own.ancestors().nth(2).unwrap();
    let program = target.join("examples/notes");
    assert!(
        program.is_file(),
        "{} is not there: cargo build --package tf-framework --example notes",
        program.display()
    );
    program
}

fn configure(workspace: &Workspace, title: &str, text: &str) {
    let directory = workspace.directory().join("folder");
    let config = json!({
        "provider": { "notes": { "directory": directory } },
        "resource": { "notes_note": { "it": { "title": title, "text": text } } },
        "data": { "notes_titles": { "all": { "depends_on": [NOTE] } } },
        "output": { "titles": { "value": "${data.notes_titles.all.titles}" } },
    });
    workspace.write("main.tf.json", &config.to_string()).unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_note_is_written_changed_mended_imported_and_removed() {
    for cli in Cli::all().unwrap() {
        let workspace = Workspace::with_provider(cli, "example/notes", &program()).unwrap();
        let folder = workspace.directory().join("folder");
        fs::create_dir(&folder).unwrap();
        let file = folder.join("to-do.txt");
        configure(&workspace, "to-do", "Rest.");
        workspace.apply().await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "Rest.");
        assert_eq!(workspace.output("titles").await.unwrap(), json!(["to-do"]));
        assert!(workspace.plan().await.unwrap().is_empty());

        configure(&workspace, "to-do", "Work.");
        assert_eq!(workspace.plan().await.unwrap().actions(NOTE), ["update"]);
        workspace.apply().await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "Work.");

        fs::write(&file, "Run!").unwrap();
        let plan = workspace.plan().await.unwrap();
        assert_eq!(plan.drift()[NOTE].after["text"], "Run!");
        workspace.apply().await.unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "Work.");

        workspace.state_rm(NOTE).await.unwrap();
        let refused = workspace.apply().await.unwrap_err();
        assert_eq!(refused.diagnostics()[0].summary, "Note already exists");
        workspace.import(NOTE, "to-do").await.unwrap();
        assert!(workspace.plan().await.unwrap().is_empty());

        configure(&workspace, "done", "Work.");
        assert_eq!(workspace.plan().await.unwrap().actions(NOTE), ["delete", "create"]);
        workspace.apply().await.unwrap();
        assert!(!file.exists());
        workspace.destroy().await.unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_title_that_is_none_is_refused_where_it_is_written() {
    for cli in Cli::all().unwrap() {
        let workspace = Workspace::with_provider(cli, "example/notes", &program()).unwrap();
        configure(&workspace, "../elsewhere", "Rest.");
        let refused = workspace.validate().await.unwrap_err();
        let [error] = refused.diagnostics() else {
            panic!("{refused}")
        };
        assert!(error.detail.contains("letters, digits, `-` and `_` only"), "{error:?}");
        assert!(
            error.snippet.as_ref().unwrap().code.contains("../elsewhere"),
            "{error:?}"
        );
    }
}
