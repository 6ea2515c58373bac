//! The example in a cloud, as tests of it use it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::aws::{Call, available};
use acceptance_tests::cloud::Cloud;
use acceptance_tests::environment::Script;
use acceptance_tests::tofu::{Steps, provider_binary};
use serde_json::{Map, Value};

/// The example, and the cloud that it is made in.
pub(super) struct Site {
    pub(super) steps: Steps,
    pub(super) script: Script,
    pub(super) cloud: Cloud,
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/environments/eks")
}

impl Site {
    /// None where AWS cannot be played.
    pub(super) async fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let script = Script::read(&folder()).expect("the script can be read");
        let (cloud, script) = Cloud::of(script).await.expect("the cloud starts");
        let provider = provider_binary().expect("the provider was built");
        let workspace = cloud.workspace(&folder(), &provider).expect("a workspace");
        let site = Site {
            steps: Steps::of(workspace),
            script,
            cloud,
        };
        site.set(&site.script.first);
        Some(site)
    }

    pub(super) fn set(&self, variables: &Map<String, Value>) {
        let text = Value::from(variables.clone()).to_string();
        let written = self.steps.workspace.write("test.auto.tfvars.json", &text);
        written.expect("the variables are written");
    }

    /// The calls of AWS that the provider has made.
    pub(super) fn calls(&self) -> Vec<Call> {
        let user = self.cloud.account.user_arn();
        let mut calls = self.cloud.account.calls();
        calls.retain(|call| call.principal == user);
        calls
    }

    /// Checks that everything is there, and nothing twice: boto3 counts.
    pub(super) async fn is_whole(&self) {
        let found = self.cloud.account.left().await.expect("AWS answers");
        let counts = found.iter().map(|(kind, names)| (kind.as_str(), names.len()));
        is_golden("account.json", &counts.collect());
    }
}

/// Compares numbers by name with a golden file; `UPDATE_GOLDEN=1` writes it anew.
pub(super) fn is_golden(name: &str, counts: &BTreeMap<&str, usize>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/environment_eks/golden");
    let text = serde_json::to_string_pretty(counts).expect("numbers") + "\n";
    let path = folder.join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).expect("the file is written");
        return;
    }
    let golden = fs::read_to_string(&path).expect("the file is there");
    assert_eq!(text, golden, "{name} differs; UPDATE_GOLDEN=1 writes it anew");
}
