//! What is the same for every step of a start: the configuration and what follows from it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use aws_lc_rs::rand;
use serde_json::{Value, json};

use super::PORT;
use crate::k3s::certificates::hex;
use crate::k3s::config::Config;
use crate::k3s::supervisor::Passwords;
use crate::k3s::{bootstrap, control_plane, etcd, host, node, token};

/// A server to be.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) data: PathBuf,
    pub(super) server: PathBuf,
    pub(super) node: String,
    pub(super) address: String,
}

impl Setup {
    pub(super) fn new(config: Config) -> Result<Self> {
        let data = config.data_directory();
        let server = data.join("server");
        let (node, address) = (node::node_name(&config)?, node::node_address(&config)?);
        for directory in [
            "server/db",
            "server/cred",
            "server/manifests",
            "agent/images",
            "agent/etc",
        ] {
            fs::create_dir_all(data.join(directory))?;
        }
        Ok(Self {
            config,
            data,
            server,
            node,
            address,
        })
    }

    /// The passwords that this server was told, else had before, else makes.
    pub(super) fn passwords(&self) -> Result<Passwords> {
        let told = self.config.token("token")?;
        let had = || {
            fs::read_to_string(self.server.join("token"))
                .ok()
                .filter(|text| !text.trim().is_empty())
        };
        let server = match told.or_else(had) {
            Some(text) => token::parse(&text)?.password,
            None => {
                let mut bytes = [0; 16];
                rand::fill(&mut bytes)?;
                hex(&bytes)
            }
        };
        let agent = match self.config.token("agent-token")? {
            Some(text) => token::parse(&text)?.password,
            None => server.clone(),
        };
        Ok(Passwords { server, agent })
    }

    /// The names and addresses in this server's certificate.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let mut names = vec![self.node.clone(), self.address.clone(), host::name()?];
        names.extend(self.config.list("tls-san"));
        names.extend(self.config.text("node-external-ip"));
        names.extend(self.config.text("bind-address"));
        names.sort();
        names.dedup();
        Ok(names)
    }

    pub(super) fn write_kubeconfig(&self) -> Result<()> {
        let authority = bootstrap::authority(&self.server, "server-ca")?;
        let admin = control_plane::admin(&self.server)?;
        let url = format!("https://{}:{PORT}", control_plane::local_address(&self.config));
        let text = control_plane::kubeconfig(&url, &authority.certificate, &admin)?;
        let path = self.config.text("write-kubeconfig").map(PathBuf::from);
        let path = path.unwrap_or_else(|| host::path("/etc/rancher/k3s/k3s.yaml"));
        let mode = self.config.text("write-kubeconfig-mode").unwrap_or("0600".to_owned());
        let Ok(mode) = u32::from_str_radix(&mode, 8) else {
            bail!("invalid write-kubeconfig-mode {mode}");
        };
        host::write_with_mode(&path, text.as_bytes(), mode)
    }

    /// The name of this server's member, made if there is none.
    pub(super) fn member_name(&self) -> Result<String> {
        let path = etcd::directory(&self.data).join("name");
        if let Ok(name) = fs::read_to_string(&path) {
            return Ok(name);
        }
        let mut bytes = [0; 4];
        rand::fill(&mut bytes)?;
        let name = format!("{}-{}", self.node, hex(&bytes));
        host::write_private(&path, name.as_bytes())?;
        Ok(name)
    }
}

/// The values that all servers must share, by the names of their flags.
pub(super) fn critical(config: &Config) -> Value {
    let text = |flag: &str, default: &str| config.text(flag).unwrap_or(default.to_owned());
    let switch = |flag: &str| config.is_set(flag).to_string();
    json!({
        "cluster-cidr": text("cluster-cidr", "10.42.0.0/16"),
        "cluster-dns": text("cluster-dns", "10.43.0.10"),
        "cluster-domain": text("cluster-domain", "cluster.local"),
        "disable-cloud-controller": switch("disable-cloud-controller"),
        "disable-helm-controller": switch("disable-helm-controller"),
        "disable-network-policy": switch("disable-network-policy"),
        "disable-service-lb": config.list("disable").contains(&"servicelb".to_owned()).to_string(),
        "egress-selector-mode": text("egress-selector-mode", "agent"),
        "embedded-registry": switch("embedded-registry"),
        "flannel-backend": text("flannel-backend", "vxlan"),
        "flannel-external-ip": switch("flannel-external-ip"),
        "flannel-ipv6-masq": switch("flannel-ipv6-masq"),
        "secrets-encryption": switch("secrets-encryption"),
        "secrets-encryption-provider": text("secrets-encryption-provider", "aescbc"),
        "service-cidr": text("service-cidr", control_plane::SERVICE_CIDR),
        "supervisor-metrics": switch("supervisor-metrics"),
    })
}
