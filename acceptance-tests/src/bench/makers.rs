//! Who makes the instances: `cht_instance`, or a peer that makes the same objects from a chart.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use acceptance_tests::cluster::Cluster;
use acceptance_tests::tofu::Workspace;

/// The objects of an instance, as the provider's own tests have them.
const OBJECTS: &str = include_str!("../../../provider/src/cht/instance/objects/golden/minimal.json");

/// The namespace and the release in [`OBJECTS`].
const NAMESPACE: &str = "cht-kisumu";
const RELEASE: &str = "5.3.1";

/// What stands for them in the chart.
const NAMESPACE_OF_RELEASE: &str = "{{ .Release.Namespace }}";
const RELEASE_OF_VALUES: &str = "{{ .Values.release }}";

/// A provider, and how instances are written for it.
pub(super) enum Maker {
    /// Ours.
    Cht(PathBuf),
    /// `hashicorp/helm`. It learns of the cluster from the environment, as its versions differ in how that is
    /// configured.
    Helm(PathBuf),
}

impl Maker {
    /// For the heads of tables.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cht(_) => "cht",
            Self::Helm(_) => "helm",
        }
    }

    pub(super) fn source(&self) -> &'static str {
        match self {
            Self::Cht(_) => acceptance_tests::tofu::SOURCE,
            Self::Helm(_) => "hashicorp/helm",
        }
    }

    pub(super) fn binary(&self) -> &PathBuf {
        match self {
            Self::Cht(binary) | Self::Helm(binary) => binary,
        }
    }

    /// Puts into the workspace what all configurations there need.
    pub(super) fn prepare(&self, workspace: &mut Workspace, cluster: &Cluster, token: &str) -> Result<()> {
        match self {
            Self::Cht(_) => workspace.write(
                "provider.tf",
                &format!(
                    "provider \"cht\" {{\n  kubernetes = {{\n    host = {:?}\n    cluster_ca_certificate = {:?}\n    token = {token:?}\n  }}\n}}\n",
                    cluster.host(),
                    cluster.ca_pem(),
                ),
            ),
            Self::Helm(_) => {
                for (name, value) in [
                    ("KUBE_HOST", cluster.host().as_str()),
                    ("KUBE_CLUSTER_CA_CERT_DATA", cluster.ca_pem()),
                    ("KUBE_TOKEN", token),
                ] {
                    workspace.set_environment(name, value);
                }
                // Nothing of the user's own Helm takes part.
                for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
                    let directory = workspace.directory().join(".helm").display().to_string();
                    workspace.set_environment(name, &directory);
                }
                write_chart(workspace)
            }
        }
    }

    /// A configuration with so many instances of a release.
    pub(super) fn configuration(&self, n_instances: usize, release: &str) -> String {
        match self {
            Self::Cht(_) => format!(
                r#"resource "cht_instance" "bench" {{
  count               = {n_instances}
  namespace           = "bench-${{count.index}}"
  cht_version         = "{release}"
  host                = "bench-${{count.index}}.health.example"
  deletion_protection = false
  retain_volumes      = false
  couchdb             = {{ storage_size = "1Gi" }}
}}
"#
            ),
            Self::Helm(_) => format!(
                r#"resource "helm_release" "bench" {{
  count            = {n_instances}
  name             = "cht"
  namespace        = "bench-helm-${{count.index}}"
  create_namespace = true
  chart            = "${{path.module}}/chart"
  values           = [jsonencode({{ release = "{release}" }})]
  wait             = true
}}
"#
            ),
        }
    }
}

/// The objects of an instance as a chart; its namespace is Helm's to make, and neither side makes an ingress.
fn write_chart(workspace: &Workspace) -> Result<()> {
    fs::create_dir_all(workspace.directory().join("chart/templates"))?;
    let about = json!({ "apiVersion": "v2", "name": "cht", "version": "1.0.0" });
    workspace.write("chart/Chart.yaml", &about.to_string())?;
    let phases: Vec<Value> = serde_json::from_str(OBJECTS).context("read the objects of an instance")?;
    let chosen = phases
        .iter()
        .filter(|phase| !matches!(phase["phase"].as_str(), Some("namespace" | "ingress")));
    let objects = chosen.filter_map(|phase| phase["objects"].as_array()).flatten();
    for (index, object) in objects.enumerate() {
        let manifest = object
            .to_string()
            .replace(NAMESPACE, NAMESPACE_OF_RELEASE)
            .replace(&format!(":{RELEASE}"), &format!(":{RELEASE_OF_VALUES}"));
        // JSON is YAML, which is what a template has to give.
        workspace.write(&format!("chart/templates/{index}.yaml"), &manifest)?;
    }
    Ok(())
}
