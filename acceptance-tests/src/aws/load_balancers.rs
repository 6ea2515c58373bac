//! What gives Ingresses load balancers in a cluster of EKS, played: the AWS Load Balancer Controller as long as its
//! Deployment runs, and EKS itself for classes of Auto Mode.
//!
//! As the real ones do, it makes one load balancer for each group of Ingresses, with target groups, a security group
//! and network interfaces, marks them with tags, keeps Ingresses by a finalizer until all of that is gone, and writes
//! the address into them. Without the Deployment nobody does that: Ingresses that are deleted then stay for good.
//!
//! - `groups`: which Ingresses belong together, and what they ask for.
//! - `identity`: what the controller may do by the role of its service account; without one it can do nothing.
//! - `deployed`: the calls of AWS.

mod deployed;
mod groups;
mod identity;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time;

use self::deployed::{Deployer, Maker};
use self::groups::{AUTO_MODE, CONTROLLER, Class, Group};
use super::account::{Account, Session};
use crate::cluster::Cluster;

/// The Deployment of the controller.
const DEPLOYMENT: &str = "aws-load-balancer-controller";
const NAMESPACE: &str = "kube-system";

/// Between two looks into the cluster.
const INTERVAL: Duration = Duration::from_millis(250);

/// Plays them for one cluster, until it is dropped.
#[derive(Debug)]
pub struct LoadBalancers {
    task: JoinHandle<()>,
    problems: Arc<Mutex<BTreeSet<String>>>,
}

/// Who plays.
struct Player {
    session: Session,
    client: Client,
    cluster: String,
    /// The groups that are as they were asked to be.
    settled: BTreeMap<String, Group>,
    problems: Arc<Mutex<BTreeSet<String>>>,
}

impl LoadBalancers {
    /// Starts to play for a cluster of EKS, by its name, whose API server this is.
    ///
    /// # Errors
    /// If there is no client for the API server.
    pub fn start(account: &Account, cluster: &Cluster, name: &str) -> Result<Self> {
        let problems = Arc::<Mutex<BTreeSet<String>>>::default();
        let player = Player {
            session: account.session().clone(),
            client: cluster.client()?,
            cluster: name.to_owned(),
            settled: BTreeMap::new(),
            problems: Arc::clone(&problems),
        };
        let task = tokio::spawn(player.run());
        Ok(Self { task, problems })
    }

    /// What went wrong since the last time, each once: it is tried again.
    pub fn take_problems(&self) -> Vec<String> {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *problems).into_iter().collect()
    }
}

impl Drop for LoadBalancers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Player {
    async fn run(mut self) {
        loop {
            if let Err(error) = self.look().await {
                self.note(&error);
            }
            time::sleep(INTERVAL).await;
        }
    }

    fn note(&self, error: &anyhow::Error) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(format!("{error:#}"));
    }

    /// Looks once at everything.
    async fn look(&mut self) -> Result<()> {
        let makers = self.makers().await?;
        let classes = self.classes().await?;
        let ingresses = Api::<Ingress>::all(self.client.clone())
            .list(&ListParams::default())
            .await?;
        for group in groups::of(&ingresses.items, &classes) {
            let Some(maker) = makers.get(group.controller) else {
                continue;
            };
            if let Err(error) = self.settle(&group, maker).await {
                self.note(&error.context(format!("the group {}", group.stack)));
            }
        }
        Ok(())
    }

    /// Brings one group to what it asks for.
    async fn settle(&mut self, group: &Group, maker: &Maker) -> Result<()> {
        if self.settled.get(&group.stack) == Some(group) {
            return Ok(());
        }
        let permissions = match maker.service_account.as_deref() {
            Some(account) => Some(identity::of(&self.session, &self.cluster, NAMESPACE, account).await?),
            None => None,
        };
        let deployer = Deployer {
            session: &self.session,
            permissions: permissions.as_ref(),
            cluster: &self.cluster,
            maker,
            group,
        };
        for member in group.members.iter().filter(|member| !member.has_finalizer) {
            self.set_finalizer(&member.namespace, &member.name, &group.finalizer, true)
                .await?;
        }
        let address = match group.members.is_empty() {
            true => deployer.remove().await.map(|()| None)?,
            false => Some(deployer.make().await?),
        };
        for (namespace, name) in &group.leaving {
            self.set_finalizer(namespace, name, &group.finalizer, false).await?;
        }
        if let Some(address) = address {
            let ingress = [json!({"hostname": address})];
            let patch = Patch::Merge(json!({"status": {"loadBalancer": {"ingress": ingress}}}));
            for member in &group.members {
                let api = Api::<Ingress>::namespaced(self.client.clone(), &member.namespace);
                api.patch_status(&member.name, &PatchParams::default(), &patch).await?;
            }
        }
        let mut settled = group.clone();
        settled.leaving.clear();
        settled
            .members
            .iter_mut()
            .for_each(|member| member.has_finalizer = true);
        self.settled.insert(group.stack.clone(), settled);
        Ok(())
    }

    async fn set_finalizer(&self, namespace: &str, name: &str, finalizer: &str, wanted: bool) -> Result<()> {
        let api = Api::<Ingress>::namespaced(self.client.clone(), namespace);
        let Some(live) = api.get_opt(name).await? else {
            return Ok(());
        };
        let mut finalizers: Vec<String> = live.finalizers().to_vec();
        finalizers.retain(|one| one != finalizer);
        if wanted {
            finalizers.push(finalizer.to_owned());
        }
        let metadata = json!({"finalizers": finalizers, "resourceVersion": live.resource_version()});
        let patch = Patch::Merge(json!({"metadata": metadata}));
        match api.patch(name, &PatchParams::default(), &patch).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }

    /// Who makes load balancers now, by the name that classes have for them.
    async fn makers(&self) -> Result<BTreeMap<&'static str, Maker>> {
        let mut makers = BTreeMap::from([(AUTO_MODE, Maker::default())]);
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), NAMESPACE);
        let Some(deployment) = deployments.get_opt(DEPLOYMENT).await? else {
            return Ok(makers);
        };
        let ready = deployment.status.as_ref().and_then(|status| status.ready_replicas);
        if ready.unwrap_or_default() > 0 && deployment.metadata.deletion_timestamp.is_none() {
            makers.insert(CONTROLLER, self.controller(&deployment)?);
        }
        Ok(makers)
    }

    /// The controller, as its arguments have it.
    fn controller(&self, deployment: &Deployment) -> Result<Maker> {
        let pod = deployment.spec.template.spec.as_ref();
        let pod = pod.context("the Deployment has no pods")?;
        let containers = pod.containers.iter();
        let arguments: Vec<&String> = containers.flat_map(|one| one.args.iter().flatten()).collect();
        let argument = |name: &str| {
            let given = arguments
                .iter()
                .find_map(|text| text.strip_prefix(name)?.strip_prefix('='));
            given.with_context(|| format!("the controller has no {name}"))
        };
        let (cluster, region) = (argument("--cluster-name")?, argument("--aws-region")?);
        if cluster != self.cluster || region != super::REGION {
            bail!("the controller is for the cluster {cluster} in {region}");
        }
        let tags = argument("--default-tags").unwrap_or_default();
        let tags = tags.split(',').filter_map(|tag| tag.split_once('='));
        Ok(Maker {
            service_account: Some(pod.service_account_name.clone().unwrap_or_default()),
            vpc_id: Some(argument("--aws-vpc-id")?.to_owned()),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        })
    }

    /// The classes of load balancers of AWS, with their parameters.
    async fn classes(&self) -> Result<BTreeMap<String, Class>> {
        let live = Api::<IngressClass>::all(self.client.clone())
            .list(&ListParams::default())
            .await?;
        let mut classes = BTreeMap::new();
        for class in live {
            let spec = class.spec.clone().unwrap_or_default();
            let controller = match spec.controller.as_deref() {
                Some(CONTROLLER) => CONTROLLER,
                Some(AUTO_MODE) => AUTO_MODE,
                _ => continue,
            };
            let parameters = match &spec.parameters {
                Some(reference) => self.parameters(controller, &reference.name).await?,
                None => json!({}),
            };
            classes.insert(class.name_any(), Class { controller, parameters });
        }
        Ok(classes)
    }

    async fn parameters(&self, controller: &str, name: &str) -> Result<serde_json::Value> {
        let (group, version) = match controller {
            CONTROLLER => ("elbv2.k8s.aws", "v1beta1"),
            _ => ("eks.amazonaws.com", "v1"),
        };
        let kind = GroupVersionKind::gvk(group, version, "IngressClassParams");
        let resource = ApiResource::from_gvk_with_plural(&kind, "ingressclassparams");
        let api = Api::<DynamicObject>::all_with(self.client.clone(), &resource);
        let live = api.get_opt(name).await?;
        let live = live.with_context(|| format!("there are no IngressClassParams {name} of {group}"))?;
        Ok(live.data["spec"].clone())
    }
}
