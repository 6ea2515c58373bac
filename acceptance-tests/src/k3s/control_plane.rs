//! The API server of this host, and the controllers and the scheduler where the host has them. In k3s they are parts of
//! its process.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config as ClientConfig};
use serde_json::json;
use tokio::time;

use super::certificates::{self, Pair};
use super::config::Config;
use super::process::Process;
use super::{bootstrap, host, log};

/// Where the API server listens, for this host alone.
pub(super) const PORT: u16 = 6444;

/// Before what has ended is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// The service addresses of a cluster that is told nothing else.
pub(super) const SERVICE_CIDR: &str = "10.43.0.0/16";

/// Everything that the processes are started with.
#[derive(Clone, Debug)]
pub(super) struct ControlPlane {
    server: PathBuf,
    /// The address on which the API server listens for this host.
    local: String,
    datastore: String,
    service_cidr: String,
    extra: Vec<(&'static str, Vec<String>)>,
}

impl ControlPlane {
    /// Makes the certificates of this host from the cluster's authorities.
    pub(super) fn prepare(config: &Config, server: &Path, names: &[String], datastore: String) -> Result<Self> {
        let authority = bootstrap::authority(server, "server-ca")?;
        let proxies = bootstrap::authority(server, "request-header-ca")?;
        let mut names = names.to_vec();
        names.extend(
            [
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "localhost",
                "127.0.0.1",
                "10.43.0.1",
            ]
            .map(str::to_owned),
        );
        write_pair(
            server,
            "serving-kube-apiserver",
            &certificates::serving(&authority, "kube-apiserver", &names)?,
        )?;
        let admin = admin(server)?;
        write_pair(
            server,
            "client-auth-proxy",
            &certificates::client(&proxies, "system:auth-proxy", None)?,
        )?;
        let service_key = rcgen::KeyPair::from_pem(&fs::read_to_string(server.join("tls/service.key"))?)?;
        host::write_with_mode(
            &server.join("tls/service.pub"),
            service_key.public_key_pem().as_bytes(),
            0o644,
        )?;
        let local = local_address(config);
        let url = format!("https://{local}:{PORT}");
        let kubeconfig = kubeconfig(&url, &authority.certificate, &admin)?;
        host::write_private(&server.join("cred/admin.kubeconfig"), kubeconfig.as_bytes())?;
        let extra = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
            .map(|name| (name, config.list(&format!("{name}-arg"))));
        Ok(Self {
            server: server.to_owned(),
            local,
            datastore,
            service_cidr: config.text("service-cidr").unwrap_or(SERVICE_CIDR.to_owned()),
            extra: extra.into(),
        })
    }

    /// Runs all of them, for ever.
    pub(super) async fn run(&self) {
        tokio::join!(
            self.keep("kube-apiserver", self.api_server_arguments()),
            self.keep("kube-controller-manager", self.controller_manager_arguments()),
            self.keep("kube-scheduler", self.follower_arguments()),
        );
    }

    /// A client with all rights.
    pub(super) async fn client(&self) -> Result<Client> {
        client_of(&self.server.join("cred/admin.kubeconfig")).await
    }

    /// Where the API server is, for what stands in front of it.
    pub(super) fn address(&self) -> String {
        format!("{}:{PORT}", self.local)
    }

    /// Starts one of them again whenever it ends.
    async fn keep(&self, name: &str, mut arguments: Vec<String>) {
        let Some(program) = host::tool(name) else {
            log::info(&format!("{name} is not on this host"));
            return;
        };
        let extra = self.extra.iter().find(|(other, _)| *other == name);
        arguments.extend(
            extra
                .into_iter()
                .flat_map(|(_, given)| given)
                .map(|given| format!("--{given}")),
        );
        loop {
            log::info(&format!("Running {name}"));
            match Process::start(&program, &arguments) {
                Ok(mut process) => {
                    let ended = process.ended().await;
                    log::error(&format!("{name} exited: {ended:?}"));
                }
                Err(error) => log::error(&format!("{error:#}")),
            }
            time::sleep(PAUSE).await;
        }
    }

    fn api_server_arguments(&self) -> Vec<String> {
        let file = |name: &str| self.server.join("tls").join(name).display().to_string();
        vec![
            format!("--etcd-servers={}", self.datastore),
            format!("--bind-address={}", self.local),
            format!("--secure-port={PORT}"),
            "--endpoint-reconciler-type=none".to_owned(),
            "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname".to_owned(),
            format!("--tls-cert-file={}", file("serving-kube-apiserver.crt")),
            format!("--tls-private-key-file={}", file("serving-kube-apiserver.key")),
            format!("--client-ca-file={}", file("client-ca.crt")),
            format!("--requestheader-client-ca-file={}", file("request-header-ca.crt")),
            "--requestheader-allowed-names=system:auth-proxy".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--anonymous-auth=false".to_owned(),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            format!("--service-account-key-file={}", file("service.pub")),
            format!("--service-account-signing-key-file={}", file("service.key")),
            format!("--service-cluster-ip-range={}", self.service_cidr),
        ]
    }

    fn controller_manager_arguments(&self) -> Vec<String> {
        let mut arguments = self.follower_arguments();
        let file = |name: &str| self.server.join("tls").join(name).display().to_string();
        arguments.push(format!("--service-account-private-key-file={}", file("service.key")));
        arguments.push(format!("--root-ca-file={}", file("server-ca.crt")));
        arguments
    }

    fn follower_arguments(&self) -> Vec<String> {
        let kubeconfig = self.server.join("cred/admin.kubeconfig");
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        vec![
            kubeconfig,
            "--leader-elect=true".to_owned(),
            "--secure-port=0".to_owned(),
        ]
    }
}

/// The administrator's certificate: the one that there is, or another where that ends soon or is another cluster's.
pub(super) fn admin(server: &Path) -> Result<Pair> {
    let clients = bootstrap::authority(server, "client-ca")?;
    if let Ok(pair) = bootstrap::authority(server, "client-admin")
        && certificates::is_good(&pair.certificate, &clients).unwrap_or_default()
    {
        return Ok(pair);
    }
    let pair = certificates::client(&clients, "system:admin", Some("system:masters"))?;
    write_pair(server, "client-admin", &pair)?;
    Ok(pair)
}

/// The address by which this host reaches its own servers.
pub(super) fn local_address(config: &Config) -> String {
    let bound = config.text("bind-address").filter(|address| address != "0.0.0.0");
    bound.unwrap_or("127.0.0.1".to_owned())
}

/// A client by a kubeconfig.
pub(super) async fn client_of(kubeconfig: &Path) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let mut config = ClientConfig::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    config.read_timeout = Some(Duration::from_secs(10));
    Ok(Client::try_from(config)?)
}

/// A kubeconfig as k3s writes it, in JSON, which is YAML too.
pub(super) fn kubeconfig(url: &str, ca_pem: &str, client: &Pair) -> Result<String> {
    use base64::Engine as _;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "default", "cluster": {"server": url, "certificate-authority-data": encode(ca_pem)}}],
        "users": [{"name": "default", "user": {
            "client-certificate-data": encode(&client.certificate),
            "client-key-data": encode(&client.key),
        }}],
        "contexts": [{"name": "default", "context": {"cluster": "default", "user": "default"}}],
        "current-context": "default",
        "preferences": {},
    });
    serde_saphyr::to_string(&config).context("failed to write the kubeconfig")
}

fn write_pair(server: &Path, name: &str, pair: &Pair) -> Result<()> {
    let tls = server.join("tls");
    host::write_private(&tls.join(format!("{name}.key")), pair.key.as_bytes())?;
    host::write_with_mode(&tls.join(format!("{name}.crt")), pair.certificate.as_bytes(), 0o644)
}
