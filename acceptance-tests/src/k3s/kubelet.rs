//! What the kubelet does to the pods of this node, played by kwok: they are ready at once, end when they are deleted,
//! and port-forwards to them lead to this machine. A host without kwok has nodes without pods.
//!
//! kwok leaves the Node alone: it holds no lease, and its one stage for Nodes is for none. `node.rs` keeps it.

use std::fs;
use std::future;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time;

use super::certificates;
use super::process::Process;
use super::{host, log};

/// Where the kubelet is reached by API servers.
const PORT: u16 = 10250;

/// Where this machine takes what is forwarded to pods of any host, at its address in the hosts' network.
pub const PORT_FORWARDS: u16 = 7007;

/// What becomes of pods, and of a node that is not this one.
const STAGES: &str = include_str!("../cluster/stages.yaml");

/// The control plane says of pods that they are not ready when their node is silent; a kubelet that is back says that
/// they are.
const READY_AGAIN: &str = r#"kind: Stage
apiVersion: kwok.x-k8s.io/v1alpha1
metadata: {name: pod-ready-again}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.phase, operator: In, values: [Running]}
    - {key: '.status.conditions[]? | select(.type == "Ready") | .status', operator: In, values: ["False"]}
    - {key: '.spec.containers[] | .env[]? | select(.name == "LAB_FAULT") | .value', operator: NotIn, values: [crash]}
  next:
    statusTemplate: |
      {{ $now := Now | Quote }}
      conditions:
      {{ range list "ContainersReady" "Ready" }}
      - {type: {{ . }}, status: "True", lastTransitionTime: {{ $now }}}
      {{ end }}
"#;

/// What a stage for Nodes says.
const FOR_NODES: &str = "kind: Node}";

/// Without a stage for Nodes, kwok knows no nodes, and passes over their pods.
const FOR_NO_NODE: &str = "kind: Stage
apiVersion: kwok.x-k8s.io/v1alpha1
metadata: {name: none}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
    - {key: .metadata.name, operator: DoesNotExist}
  next: {}
";

/// Before it is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// The part of a node that looks after pods.
#[derive(Debug, Default)]
pub(super) struct Kubelet {
    /// kwok, where the host has it.
    program: Option<PathBuf>,
    arguments: Vec<String>,
    restart: Notify,
}

impl Kubelet {
    /// Writes what it is told: whose pods, where they are listed, and where forwarded connections go.
    pub(super) fn prepare(data: &Path, node: &str, address: &str, kubeconfig: &Path) -> Result<Self> {
        let Some(program) = host::tool("kwok") else {
            return Ok(Self::default());
        };
        let directory = data.join("agent/etc/kubelet");
        fs::create_dir_all(&directory)?;
        let file = |name: &str| directory.join(name);
        // API servers do not ask who signed it.
        let authority = certificates::authority("kubelet")?;
        let pair = certificates::serving(&authority, node, &[address.to_owned()])?;
        host::write_private(&file("serving.key"), pair.key.as_bytes())?;
        host::write_private(&file("serving.crt"), pair.certificate.as_bytes())?;
        host::write_private(&file("kwok.yaml"), kwok_config(address)?.as_bytes())?;
        let path = |name: &str| file(name).display().to_string();
        Ok(Self {
            program: Some(program),
            arguments: vec![
                format!("--kubeconfig={}", kubeconfig.display()),
                format!("--config={}", path("kwok.yaml")),
                format!("--manage-single-node={node}"),
                "--manage-all-nodes=false".to_owned(),
                "--node-lease-duration-seconds=0".to_owned(),
                format!("--node-ip={address}"),
                format!("--node-port={PORT}"),
                format!("--server-address={address}:{PORT}"),
                format!("--tls-cert-file={}", path("serving.crt")),
                format!("--tls-private-key-file={}", path("serving.key")),
            ],
            restart: Notify::new(),
        })
    }

    /// Another server is asked from now on: the kubeconfig has changed.
    pub(super) fn server_changed(&self) {
        self.restart.notify_one();
    }

    /// Runs it, for ever.
    pub(super) async fn run(&self) {
        let Some(program) = &self.program else {
            return future::pending().await;
        };
        loop {
            match Process::start(program, &self.arguments) {
                Ok(mut process) => tokio::select! {
                    ended = process.ended() => log::error(&format!("kubelet exited: {ended:?}")),
                    () = self.restart.notified() => process.stop().await,
                },
                Err(error) => log::error(&format!("{error:#}")),
            }
            time::sleep(PAUSE).await;
        }
    }
}

/// The stages for pods, and one end of all port-forwards.
fn kwok_config(address: &str) -> Result<String> {
    let address: Ipv4Addr = address
        .parse()
        .with_context(|| format!("{address} is no IPv4 address"))?;
    let [a, b, c, _] = address.octets();
    let port_forward = json!({
        "kind": "ClusterPortForward",
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "metadata": {"name": "this-machine"},
        "spec": {"forwards": [{"target": {"address": Ipv4Addr::new(a, b, c, 1), "port": PORT_FORWARDS}}]},
    });
    let for_pods = STAGES.split("---\n").filter(|stage| !stage.contains(FOR_NODES));
    let stages: Vec<&str> = [FOR_NO_NODE, READY_AGAIN].into_iter().chain(for_pods).collect();
    Ok(format!("{}---\n{port_forward}\n", stages.join("---\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kwok_is_told_of_pods_and_nothing_of_nodes() {
        let config = kwok_config("198.18.3.11").unwrap();
        assert!(
            config.contains("name: pod-ready") && !config.contains("node-"),
            "{config}"
        );
        assert!(config.contains(r#""address":"198.18.3.1""#), "{config}");
    }
}
