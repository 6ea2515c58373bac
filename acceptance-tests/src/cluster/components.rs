//! The control plane's processes: their command lines, and where each writes its log.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::credentials::{self, Credentials};
use super::{ClusterOptions, REFUSING_NAMESPACE, audit};
use crate::lifeline::Lifeline;
use crate::ports;
use crate::tools::{self, build};

/// The node's behavior.
const STAGES: &str = include_str!("stages.yaml");

/// A port on which nothing listens, as only root could.
const CLOSED_PORT: u16 = 1;

/// The loopback ports of one cluster. They are chosen before the start because the API server keeps its own through a
/// restart.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) api_server: u16,
    etcd_client: u16,
    etcd_peer: u16,
    kubelet: u16,
}

impl Ports {
    pub(super) fn pick() -> Result<Self> {
        let [api_server, etcd_client, etcd_peer, kubelet] = ports::pick()?;
        Ok(Self {
            api_server,
            etcd_client,
            etcd_peer,
            kubelet,
        })
    }
}

/// A running process and the log it writes.
#[derive(Debug)]
pub(super) struct Component {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Component {
    /// Starts a program in a process group of its own that ends with the lifeline.
    fn start(lifeline: &Lifeline, name: &'static str, program: &Path, arguments: &[String]) -> Result<Self> {
        let log = lifeline.directory().join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log)?;
        let child = Command::new(program)
            .args(arguments)
            .current_dir(lifeline.directory())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        lifeline.adopt(child.id())?;
        Ok(Self { name, child, log })
    }

    /// Fails if the process has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status})", self.name),
        }
    }

    /// The end of the log, for messages.
    pub(super) fn log_tail(&self) -> String {
        format!("The end of {}'s log:\n{}", self.name, build::tail(&self.log, 20))
    }

    /// Kills the process and waits for its end.
    pub(super) fn stop(mut self, lifeline: &Lifeline) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        lifeline.release(self.child.id())?;
        Ok(())
    }

    /// Ends the process, if the lifeline has not already, and takes note of its end.
    pub(super) fn reap(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The API server's store, without waiting for the disk.
pub(super) fn etcd(lifeline: &Lifeline, ports: &Ports) -> Result<Component> {
    let client = format!("http://127.0.0.1:{}", ports.etcd_client);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    let arguments = [
        "--unsafe-no-fsync".to_owned(),
        "--data-dir=etcd".to_owned(),
        "--name=lab".to_owned(),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=lab={peer}"),
    ];
    Component::start(lifeline, "etcd", &tools::etcd()?, &arguments)
}

/// The API server: RBAC, no anonymous requests.
pub(super) fn api_server(
    lifeline: &Lifeline,
    ports: &Ports,
    credentials: &Credentials,
    options: ClusterOptions,
) -> Result<Component> {
    let mut arguments = vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd_client),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        format!("--tls-cert-file={}", credentials.certificate_file.display()),
        format!("--tls-private-key-file={}", credentials.key_file.display()),
        "--anonymous-auth=false".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        // As in all distributions: drivers of volumes mount on behalf of others.
        "--allow-privileged=true".to_owned(),
        format!("--token-auth-file={}", credentials.token_file.display()),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!(
            "--service-account-key-file={}",
            credentials.service_account_public_key_file.display()
        ),
        format!(
            "--service-account-signing-key-file={}",
            credentials.service_account_key_file.display()
        ),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!("--kubelet-certificate-authority={}", credentials.ca_file.display()),
    ];
    if options.audits_accounts {
        arguments.extend(audit::arguments(lifeline)?);
    }
    if let Some(address) = options.token_webhook {
        let file = lifeline.directory().join("token-webhook");
        std::fs::write(&file, credentials::token_webhook(address))?;
        arguments.push(format!("--authentication-token-webhook-config-file={}", file.display()));
        arguments.push("--authentication-token-webhook-version=v1".to_owned());
        // The API server itself remembers whom a token belongs to for ten seconds, and no longer.
        arguments.push("--authentication-token-webhook-cache-ttl=0s".to_owned());
    }
    Component::start(
        lifeline,
        "kube-apiserver",
        &tools::kubernetes("kube-apiserver")?,
        &arguments,
    )
}

/// The default controllers.
pub(super) fn controller_manager(
    lifeline: &Lifeline,
    kubeconfig: &Path,
    credentials: &Credentials,
) -> Result<Component> {
    let arguments = [
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
        // By default the controllers may send 20 requests a second: enough for a real cluster, but here many tests at
        // once, and every measurement, would wait for nothing else.
        "--kube-api-qps=500".to_owned(),
        "--kube-api-burst=1000".to_owned(),
        "--concurrent-namespace-syncs=20".to_owned(),
        // The node's kwok has no lease to renew, and refreshes the conditions now and then.
        "--node-monitor-grace-period=24h".to_owned(),
        format!(
            "--service-account-private-key-file={}",
            credentials.service_account_key_file.display()
        ),
        format!("--root-ca-file={}", credentials.ca_file.display()),
    ];
    Component::start(
        lifeline,
        "kube-controller-manager",
        &tools::kubernetes("kube-controller-manager")?,
        &arguments,
    )
}

/// The scheduler.
pub(super) fn scheduler(lifeline: &Lifeline, kubeconfig: &Path) -> Result<Component> {
    let arguments = [
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".to_owned(),
        "--secure-port=0".to_owned(),
    ];
    Component::start(
        lifeline,
        "kube-scheduler",
        &tools::kubernetes("kube-scheduler")?,
        &arguments,
    )
}

/// The file with what each container wrote before it ended, if there is one.
pub(super) fn last_words(lifeline: &Lifeline) -> PathBuf {
    lifeline.directory().join("last-words.log")
}

/// The node: kwok plays its kubelet, whose port-forward leads to `relay` whatever pod and port is asked for,
/// but in the namespace where all ports are closed.
pub(super) fn kwok(
    lifeline: &Lifeline,
    ports: &Ports,
    kubeconfig: &Path,
    credentials: &Credentials,
    relay: SocketAddr,
) -> Result<Component> {
    let port_forward = |name: &str, selector: Value, port: u16| {
        json!({
            "kind": "ClusterPortForward",
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "metadata": {"name": name},
            "spec": {"selector": selector, "forwards": [{"target": {"address": relay.ip(), "port": port}}]},
        })
    };
    // The first that is meant counts.
    let refusing = json!({"matchNamespaces": [REFUSING_NAMESPACE]});
    let refused = port_forward("refused", refusing, CLOSED_PORT);
    let relayed = port_forward("relay", Value::Null, relay.port());
    let logs = json!({
        "kind": "ClusterLogs",
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "metadata": {"name": "last-words"},
        "spec": {"logs": [{"previousLogsFile": last_words(lifeline)}]},
    });
    let config = lifeline.directory().join("kwok.yaml");
    std::fs::write(
        &config,
        format!("{STAGES}---\n{refused}\n---\n{relayed}\n---\n{logs}\n"),
    )?;
    let arguments = [
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--config={}", config.display()),
        "--manage-all-nodes=true".to_owned(),
        // With leases, kwok that is started anew waits for the end of the one that it had before.
        "--node-lease-duration-seconds=0".to_owned(),
        "--node-ip=127.0.0.1".to_owned(),
        format!("--node-port={}", ports.kubelet),
        format!("--server-address=127.0.0.1:{}", ports.kubelet),
        format!("--tls-cert-file={}", credentials.certificate_file.display()),
        format!("--tls-private-key-file={}", credentials.key_file.display()),
    ];
    Component::start(lifeline, "kwok", &tools::kwok()?, &arguments)
}
