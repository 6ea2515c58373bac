//! The examples of what lives in an instance, applied to one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::application::Application;

/// The folders, relative to `examples/`.
pub(crate) const FOLDERS: [&str; 5] = [
    "data-sources/cht_instance",
    "data-sources/cht_monitoring",
    "resources/cht_credential",
    "resources/cht_settings",
    "resources/cht_user",
];

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_example_inside_of_an_instance_works() {
    // The namespace that the examples have.
    let application = Application::new("cht-kisumu").await;
    for folder in FOLDERS {
        let reader = application.without_state("").await;
        let workspace = &reader.scene.workspace;
        for path in configurations(folder) {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            workspace.write(&name, &text).expect("the file is written");
        }
        let variables = json!({
            "sync_password": "Str0ng-Passw0rd",
            "first_password": "Str0ng-Passw0rd",
            "area": "place-1",
            "person": "person-1",
            "oidc_client_secret": "s3cret",
        });
        workspace
            .write("test.auto.tfvars.json", &variables.to_string())
            .expect("the file is written");
        reader.scene.apply().await;
        assert!(reader.scene.plan().await.is_empty(), "{folder} is not settled");
        reader.scene.destroy().await;
    }
    application.scene.destroy().await;
}

/// The files of an example, without those that import what the others configure.
fn configurations(folder: &str) -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let entries = fs::read_dir(examples.join(folder)).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".tf") && !name.starts_with("import-")
    };
    paths.filter(is_one).collect()
}
