//! Every file in `examples/` is executed: environments are applied, the rest is planned or validated.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::environment::Script;
use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::examples_inside;
use crate::support::{Scene, done, kubernetes, lab};

/// Examples that are only validated, each with the reason.
const VALIDATED: [(&str, &str); 11] = [
    (
        "adoption",
        "it imports what a chart made, as the tests of adoption do with this configuration",
    ),
    (
        "environments/eks-existing-vpc",
        "it takes a network of the reader's; the environment eks has one of its own, and is applied",
    ),
    ("functions/kubeconfig", "it takes the token of the reader's cluster"),
    (
        "data-sources/cht_k3s_snapshots",
        "it names a server of the reader; the tests on hosts look at it with one of theirs",
    ),
    (
        "data-sources/cht_ssh_host",
        "it names a host of the reader and the agent with the key to it",
    ),
    ("provider", "it configures the provider and has nothing to apply"),
    (
        "resources/cht_k3s_agent",
        "it names hosts of the reader; the environments apply such agents on hosts",
    ),
    (
        "resources/cht_k3s_cluster",
        "it names hosts of the reader; the environments apply such clusters on hosts",
    ),
    (
        "resources/cht_storage_class",
        "it takes the cluster of the reader's provider block; the tests of the resource apply such classes",
    ),
    (
        "resources/cht_vsphere_cloud_provider",
        "it takes the cluster and the vCenter of the reader; the tests of the resource have both",
    ),
    (
        "resources/cht_vsphere_csi_driver",
        "it takes the cluster and the vCenter of the reader; the tests of the resource have both",
    ),
];

/// Examples that are planned in the lab's cluster and not applied: they are for clouds, controllers and volumes of the
/// reader.
const PLANNED: &str = "resources/cht_instance";

/// What the names of types begin with that are in a vCenter or an account of the reader's: their own tests have both.
const ELSEWHERE: [&str; 8] = [
    "cht_acm_",
    "cht_aws_",
    "cht_dns_",
    "cht_ebs_",
    "cht_eks_",
    "cht_snapshot_",
    "cht_vpc",
    "cht_vsphere_",
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The folders with configurations, relative to `examples/`.
fn folders(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            folders(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            found.push(below.strip_prefix(examples()).expect("it is below").to_owned());
        }
    }
}

fn copy(scene: &Scene, folder: &Path) {
    let mut declared = false;
    for entry in fs::read_dir(examples().join(folder)).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_file() && !is_import(&path) {
            let text = fs::read_to_string(&path).expect("the file can be read");
            declared |= text.contains("required_providers");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            scene.workspace.write(&name, &text).expect("the file is written");
        }
    }
    if declared {
        scene.workspace.write("versions.tf", "").expect("the file is written");
    }
}

/// Whether a file is there to import what the others configure.
fn is_import(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("import-")
}

/// Validates each way to import beside the configuration: an object can be imported in one way only.
async fn validate_imports(scene: &Scene, folder: &Path) {
    let entries = fs::read_dir(examples().join(folder)).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    for path in paths.filter(|path| is_import(path)) {
        let text = fs::read_to_string(&path).expect("the file can be read");
        scene.workspace.write("import.tf", &text).expect("the file is written");
        done("validate", scene.workspace.validate().await);
    }
}

/// The first variables that the demonstration of an environment uses, and the way to the lab's cluster.
async fn set_variables(scene: &Scene, folder: &Path) {
    let script = Script::read(&examples().join(folder)).expect("an environment has variables");
    let cluster = &lab().await.cluster;
    let mut variables = script.first;
    variables.insert("kubernetes_host".to_owned(), json!(cluster.host()));
    variables.insert("kubernetes_ca".to_owned(), json!(cluster.ca_pem()));
    variables.insert("kubernetes_token".to_owned(), json!(cluster.admin_token()));
    scene
        .workspace
        .write("test.auto.tfvars.json", &Value::from(variables).to_string())
        .expect("the file is written");
}

/// Puts each instance of a folder into the lab's cluster, with what its reader would have.
async fn set_in_lab(scene: &Scene, names: &[String]) {
    let cluster = kubernetes().await;
    let blocks = names
        .iter()
        .map(|name| format!("resource \"cht_instance\" \"{name}\" {{\n  kubernetes = {cluster}\n}}\n"));
    let overrides: String = blocks.collect();
    let own = Certificate::lasting("siaya.health.example");
    let variables = json!({
        "restored": {
            "admin_password": "restored-password",
            "secret": "0123456789abcdef0123456789abcdef",
            "uuid": "0123456789abcdef0123456789abcdef",
        },
        "siaya_certificate": own.certificate,
        "siaya_private_key": own.key,
    });
    let workspace = &scene.workspace;
    workspace.write("override.tf", &overrides).expect("the file is written");
    workspace
        .write("test.auto.tfvars.json", &variables.to_string())
        .expect("the file is written");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_example_of_an_instance_can_be_planned() {
    let scene = Scene::new("cht-planned").await;
    copy(&scene, Path::new(PLANNED));
    let mut names = Vec::new();
    for entry in fs::read_dir(examples().join(PLANNED)).expect("the folder can be read") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("the file can be read");
        let blocks = text
            .lines()
            .filter_map(|line| line.strip_prefix("resource \"cht_instance\" \""));
        names.extend(blocks.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    assert!(names.len() >= 8, "{names:?}");
    set_in_lab(&scene, &names).await;
    let plan = scene.plan().await;
    for name in names {
        assert_eq!(plan.actions(&format!("cht_instance.{name}")), ["create"], "{name}");
    }
    validate_imports(&scene, Path::new(PLANNED)).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_example_works() {
    let mut found = Vec::new();
    folders(&examples(), &mut found);
    found.sort();
    found.dedup();
    assert!(found.len() >= 3, "{found:?}");
    let first = Scene::new("cht-quickstart").await;
    for folder in found.iter().filter(|folder| *folder != Path::new(PLANNED)) {
        let scene = first.elsewhere().await;
        copy(&scene, folder);
        // What lives in an instance is applied by a test of its own.
        let inside = examples_inside::FOLDERS.iter().any(|one| Path::new(one) == *folder);
        // What needs hosts has a program of its own.
        let script = examples().join(folder).join("demo.tfvars.json");
        let on_hosts = script.exists()
            && !Script::read(&examples().join(folder))
                .expect("a script")
                .is_for_cluster();
        // What is in a vCenter or an account of the reader's.
        let is_elsewhere = folder.iter().any(|part| {
            let part = part.to_string_lossy();
            ELSEWHERE.iter().any(|prefix| part.starts_with(prefix))
        });
        if inside || on_hosts || is_elsewhere || VALIDATED.iter().any(|(validated, _)| Path::new(validated) == *folder)
        {
            done("validate", scene.workspace.validate().await);
            validate_imports(&scene, folder).await;
            continue;
        }
        if folder.starts_with("environments") {
            set_variables(&scene, folder).await;
        }
        scene.apply().await;
        scene.is_settled().await;
        scene.destroy().await;
    }
}
