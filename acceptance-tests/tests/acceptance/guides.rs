//! What the guides show: every configuration in them is valid.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Instance, Scene, done, lab};

/// The guides, by file.
fn guides() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides");
    let entries = fs::read_dir(folder).expect("the guides can be listed");
    let mut guides: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    guides.sort();
    guides
}

/// The configurations in a guide, in its order.
pub(crate) fn configurations(guide: &Path) -> Vec<String> {
    let text = fs::read_to_string(guide).expect("the guide can be read");
    let blocks = text.split("```terraform\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// A configuration with the variables that it uses and another one of the guide declares.
pub(crate) fn with_variables(configuration: &str) -> String {
    let names: BTreeSet<&str> = configuration
        .split("var.")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
        .collect();
    let missing = names
        .into_iter()
        .filter(|name| !configuration.contains(&format!("variable \"{name}\"")))
        .map(|name| format!("variable \"{name}\" {{}}\n"));
    configuration.to_owned() + &missing.collect::<String>()
}

/// A whole configuration, whether the guide shows one or only arguments of an instance.
fn whole(shown: &str) -> String {
    let blocks = ["resource ", "provider ", "output ", "terraform ", "import ", "data "];
    let is_whole = shown
        .lines()
        .any(|line| blocks.iter().any(|block| line.starts_with(block)) && line.ends_with('{'));
    if is_whole {
        // Another block of the same guide has the instance.
        let has_instance = shown.contains("resource \"cht_instance\"") || !shown.contains("cht_instance.kisumu");
        let instance = Instance::new("cht-kisumu").hcl("").replace("\"test\"", "\"kisumu\"");
        return if has_instance {
            shown.to_owned()
        } else {
            shown.to_owned() + &instance
        };
    }
    let couchdb = if shown.contains("couchdb = {") {
        ""
    } else {
        "couchdb = { storage_size = \"1Gi\" }"
    };
    format!(
        "resource \"cht_instance\" \"test\" {{\n  namespace = \"cht-shown\"\n  cht_version = \"5.3.1\"\n  host = \
         \"shown.health.example\"\n  {couchdb}\n{shown}\n}}\n"
    )
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_configuration_in_a_guide_is_valid() {
    let scene = Scene::new("cht-shown").await;
    let mut checked = 0;
    for guide in guides() {
        for shown in configurations(&guide) {
            let scene = scene.elsewhere().await;
            if shown.contains("required_providers") {
                scene.workspace.write("versions.tf", "").expect("the file is written");
            }
            // What the guides read from files of their readers.
            for (name, text) in [
                ("values.yaml", include_str!("../../../examples/adoption/values.yaml")),
                ("ca.pem", lab().await.cluster.ca_pem()),
            ] {
                scene.workspace.write(name, text).expect("the file is written");
            }
            scene.write(&with_variables(&whole(&shown)));
            let command = format!("validate of {}:\n{shown}\n", guide.display());
            done(&command, scene.workspace.validate().await);
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} were found");
}
