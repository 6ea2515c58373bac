//! A cloud: an account of AWS in which a cluster of EKS has a real API server, its Ingresses get load balancers and its
//! claims volumes, and CHT is played in it.
//!
//! The cluster itself is for the test to make. Whatever it is called like, the lab's API server is behind it, with the
//! lab's node: machines that node groups have are in AWS only.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use crate::aws::{Account, Aws, LoadBalancers, REGION};
use crate::cluster::ClusterOptions;
use crate::cluster::controllers::provisioner;
use crate::environment::{self, Script};
use crate::lab::Lab;
use crate::tofu::{Cli, Workspace};

/// What the driver of EBS volumes is called by storage classes.
const DRIVER: &str = "ebs.csi.aws.com";

/// A running cloud.
pub struct Cloud {
    // Fields are dropped in this order: what uses the cluster ends before it.
    _volumes: AbortOnDropHandle<()>,
    /// What gives Ingresses load balancers, as long as its controller runs in the cluster.
    pub load_balancers: LoadBalancers,
    /// The account.
    pub account: Account,
    /// The cluster behind EKS, with CHT played in it.
    pub lab: Lab,
    /// Id of a hosted zone in the account.
    pub hosted_zone_id: String,
    /// AWS itself.
    pub aws: Aws,
}

impl Cloud {
    /// Starts a cloud, with a hosted zone for a domain, in which a cluster of this name will be.
    ///
    /// # Errors
    /// If a program cannot be had or does not start.
    pub async fn start(cluster_name: &str, domain: &str) -> Result<Self> {
        let aws = Aws::start().await?;
        let options = ClusterOptions {
            token_webhook: Some(aws.token_webhook()),
            ..ClusterOptions::default()
        };
        let lab = Lab::with(options).await?;
        aws.serve(&lab.cluster.host(), lab.cluster.ca_pem());
        let account = aws.account().await?;
        let zone = json!({"Name": domain, "CallerReference": domain});
        let zone = account.call("route53", "CreateHostedZone", zone).await?;
        let zone = zone["HostedZone"]["Id"].as_str().context("a hosted zone has an id")?;
        account.forget_calls();
        let volumes = tokio::spawn(provisioner::run(lab.cluster.client()?, DRIVER));
        Ok(Cloud {
            _volumes: AbortOnDropHandle::new(volumes),
            load_balancers: LoadBalancers::start(&account, &lab.cluster, cluster_name)?,
            hosted_zone_id: zone.trim_start_matches("/hostedzone/").to_owned(),
            account,
            lab,
            aws,
        })
    }

    /// Starts the cloud that the script of an environment is for, and puts into it what only the cloud knows.
    ///
    /// # Errors
    /// If the script is for none, or as [`Cloud::start`].
    pub async fn of(script: Script) -> Result<(Self, Script)> {
        let cluster = script.cloud.as_deref().context("the environment takes no cloud")?;
        let domain = script.domain().context("the environment has no domain")?;
        let cloud = Self::start(cluster, domain).await?;
        let script = script.in_cloud(&cloud)?;
        Ok((cloud, script))
    }

    /// The files of an environment, with a provider whose user is that of the account.
    ///
    /// # Errors
    /// If there is no `tofu`, or a file cannot be written.
    pub fn workspace(&self, environment: &Path, provider: &Path) -> Result<Workspace> {
        let mut workspace = Workspace::new(Cli::tofu()?, provider)?;
        for (name, value) in self.account.environment() {
            workspace.set_environment(name, &value);
        }
        environment::copy(environment, &workspace)?;
        Ok(workspace)
    }

    /// What an environment may ask for: see [`environment`].
    ///
    /// # Errors
    /// If there is no such thing.
    pub fn known(&self, name: &str) -> Result<Value> {
        Ok(match name {
            "cloud.region" => json!(REGION),
            "cloud.account" => json!(self.account.id()),
            "cloud.user" => json!(self.account.user_arn()),
            "cloud.zone" => json!(self.hosted_zone_id),
            _ => bail!("the lab does not know @{name}"),
        })
    }

    /// Fails if something is left in the account but the hosted zone, or if AWS would not have understood a call.
    ///
    /// # Errors
    /// With what is left.
    pub async fn is_empty(&self) -> Result<()> {
        let mut left = self.account.left().await?;
        left.remove("hosted_zone");
        if !left.is_empty() {
            bail!("the account still has {left:?}");
        }
        self.account.check()
    }
}
