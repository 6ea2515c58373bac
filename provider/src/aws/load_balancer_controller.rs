//! `cht_eks_load_balancer_controller`: what gives Ingresses of an EKS cluster load balancers.
//!
//! It is one component of a cluster, as we make it ourselves: the AWS Load Balancer Controller with its role in IAM, a
//! pod identity association, its kinds, roles, a certificate for its webhooks, the Deployment and an ingress class. In
//! Auto Mode it is an ingress class alone. Creation ends when the controller runs.
//!
//! - [`model`] has the attributes.
//! - [`identity`] makes the role, which has the [`policy`], and the association.
//! - [`objects`] makes the objects of the cluster; [`certificate`] is what the API server knows the webhooks by.
//! - [`plan`] asks the cluster; [`pods`] explains what does not start.
//! - [`ingresses`] looks for what needs the controller still: it is removed last.
//!
//! In place: everything but the cluster, the mode, and the names of the class and the role.

mod certificate;
mod identity;
mod ingresses;
mod model;
mod objects;
mod plan;
mod pods;
mod policy;

use aws_sdk_eks::types::Cluster;
use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy, Timeouts};

use self::certificate::WebhookCertificate;
use self::model::{AUTO, CONTROLLER, LoadBalancerControllerIdentity, LoadBalancerControllerModel};
use self::objects::Parts;
use super::account::Account;
use super::diagnostics::explained;
use super::eks_cluster_data::way;
use super::error::Error;
use super::which_account::InAccount;
use crate::kubernetes::component::resource::{already_there, how};
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::kept::Kept;
use crate::kubernetes::{Access, Found, LiveObject, ObjectSet};
use crate::provider::Clients;

/// What messages call it.
const NAME: &str = "AWS Load Balancer Controller";
const THE_NAME: &str = "the AWS Load Balancer Controller";

const READ: &str = "Unable to read the load balancer controller";
const CREATE: &str = "Unable to install the load balancer controller";
const DELETE: &str = "Unable to remove the load balancer controller";
const IMPORT: &str = "Unable to import the load balancer controller";

/// The version that is installed where none is given.
const VERSION: &str = "v3.5.0";

/// Manages the load balancer controller of a cluster, or a class of Auto Mode.
#[derive(Debug)]
pub struct LoadBalancerControllerResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    #[serde(default)]
    in_cluster: Kept,
}

impl Resource for LoadBalancerControllerResource {
    type Model = LoadBalancerControllerModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = LoadBalancerControllerIdentity;

    const TYPE_NAME: &'static str = "cht_eks_load_balancer_controller";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        let Attr::Known(kubernetes) = &config.kubernetes else {
            return;
        };
        kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        if kubernetes.eks.is_null() && config.cluster_name.is_null() {
            let detail = "The controller has to know the name of the cluster in EKS, and this way does not have it. Give \
                          `cluster_name`, too.";
            let error = Diagnostic::error("Name of the cluster is not known", detail);
            diagnostics.push(error.at(LoadBalancerControllerModel::CLUSTER_NAME));
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(
        &self,
        cx: &Context<Self>,
        mut plan: LoadBalancerControllerModel,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let cluster = described(&account, &plan).await?;
        complete(&mut plan, &cluster);
        let access = Clients::access(cx, plan.way().as_ref()).await?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
            in_cluster: Kept::of(&access).await?,
        })?;
        let found = objects::component(&access, &plan).find().await?;
        refuse_other_class(&plan, &found)?;
        if !found.is_empty() {
            cx.warn(already_there(NAME));
        }
        converge(cx, (&account, &access, &cluster), None, plan).await
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        mut state: LoadBalancerControllerModel,
    ) -> Result<Option<LoadBalancerControllerModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let mut drift = if state.is_auto() {
            Vec::new()
        } else {
            identity::look(&account, &mut state).await?
        };
        let is_known_to_aws = state.role_arn.known().is_some() || state.association_id.known().is_some();
        let Some(name) = state.cluster() else { return Ok(None) };
        match account.describe_cluster(name).await {
            Ok(_) => {
                let access = Clients::access(cx, state.way().as_ref()).await?;
                let found = objects::component(&access, &state).find().await?;
                if found.is_empty() {
                    private.in_cluster.is_of(&access, THE_NAME).await?;
                    if !is_known_to_aws {
                        return Ok(None);
                    }
                }
                drift.extend(differences(&account, &access, &state, &found).await?);
            }
            Err(error) if error.is_not_found() && !is_known_to_aws => return Ok(None),
            Err(error) if error.is_not_found() => drift.push(format!("the cluster {name} is gone")),
            Err(error) => return Err(explained(READ)(error)),
        }
        state.drift = Attr::Known(drift);
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: LoadBalancerControllerModel,
        mut plan: LoadBalancerControllerModel,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let cluster = described(&account, &plan).await?;
        complete(&mut plan, &cluster);
        let access = Clients::access(cx, plan.way().as_ref()).await?;
        private.in_cluster.is_of(&access, THE_NAME).await?;
        converge(cx, (&account, &access, &cluster), Some(&prior), plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: LoadBalancerControllerModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let name = state.cluster().unwrap_or_default();
        match account.describe_cluster(name).await {
            Ok(_) => {
                let access = Clients::access(cx, state.way().as_ref()).await?;
                private.in_cluster.is_of(&access, THE_NAME).await?;
                remove_from_cluster(cx, &account, &access, &state).await?;
            }
            // What was in it is gone with it.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(explained(DELETE)(error)),
        }
        if state.is_auto() {
            return Ok(());
        }
        identity::remove(&account, &state).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<LoadBalancerControllerIdentity>,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let (cluster_name, ingress_class) = match by {
            ImportBy::Id(id) => match id.split_once(':') {
                Some((cluster, class)) => (cluster.to_owned(), class.to_owned()),
                None => return Err(nothing_there(&id)),
            },
            ImportBy::Identity(identity) => (identity.cluster_name, identity.ingress_class),
        };
        let account = Clients::aws(cx).await?;
        let cluster = account
            .describe_cluster(&cluster_name)
            .await
            .map_err(explained(IMPORT))?;
        let id = format!("{cluster_name}:{ingress_class}");
        let mut model = unsaid(cluster_name, ingress_class);
        model.kubernetes = way(model.cluster().unwrap_or_default(), &cluster, account.region());
        let access = Clients::access(cx, model.way().as_ref()).await?;
        for mode in [CONTROLLER, AUTO] {
            model.mode = mode.to_owned();
            let found = objects::component(&access, &model).find().await?;
            if found.get(&objects::class_key(&model)).is_none() {
                continue;
            }
            if !model.is_auto() {
                objects::imported(&found, &mut model).ok_or_else(|| nothing_there(&id))?;
                identity::look(&account, &mut model).await?;
                model.role_name = Attr::Known(identity::role_name(&model));
            }
            objects::imported_class(&found, &mut model);
            cx.set_private(&Private {
                in_account: InAccount::of(&account).await?,
                in_cluster: Kept::of(&access).await?,
            })?;
            return Ok(model);
        }
        Err(nothing_there(&id))
    }
}

/// Brings AWS and the cluster to what is planned, and waits until the controller runs.
async fn converge(
    cx: &Context<LoadBalancerControllerResource>,
    (account, access, cluster): (&Account, &Access, &Cluster),
    prior: Option<&LoadBalancerControllerModel>,
    mut plan: LoadBalancerControllerModel,
) -> Result<LoadBalancerControllerModel, Diagnostics> {
    let checkpoint = |model: &LoadBalancerControllerModel| {
        if prior.is_none() {
            cx.checkpoint(model);
        }
    };
    if !plan.is_auto() {
        identity::ensure(cx, account, &mut plan, checkpoint).await?;
    }
    let component = objects::component(access, &plan);
    let found = component.find().await?;
    let set = wanted(account, access, &plan, &found, Renewal::IfNeeded).await?;
    let how = how(prior.map(|prior| &prior.drift));
    component.put(cx, &set, how, || checkpoint(&plan)).await?;
    component.wait_for_pods(cx, &set, pods::failed).await?;
    plan.drift = Attr::Known(Vec::new());
    if plan.kubernetes.known().is_none() {
        plan.kubernetes = way(plan.cluster().unwrap_or_default(), cluster, account.region());
    }
    Ok(plan)
}

/// What the cluster should have, with the certificate that it has.
async fn wanted(
    account: &Account,
    access: &Access,
    model: &LoadBalancerControllerModel,
    found: &Found,
    renewal: Renewal,
) -> Result<ObjectSet, Diagnostics> {
    if model.is_auto() {
        return objects::auto_set(model);
    }
    let kept = found.get(&objects::secret_key()).and_then(WebhookCertificate::of);
    let kept = kept.filter(|kept| renewal == Renewal::Never || kept.lasts());
    let parts = Parts {
        region: account.region().to_owned(),
        tags: identity::given_tags(account, model),
        certificate: match kept {
            Some(kept) => kept,
            None => WebhookCertificate::made(&objects::webhook_names())?,
        },
        defined: definitions_of_others(access, found).await?,
    };
    objects::set(model, &parts)
}

/// What becomes of a certificate that ends before long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renewal {
    /// Another one is made.
    IfNeeded,
    /// It is taken as it is.
    Never,
}

/// What differs in the cluster, one line for each difference.
async fn differences(
    account: &Account,
    access: &Access,
    model: &LoadBalancerControllerModel,
    found: &Found,
) -> Result<Vec<String>, Diagnostics> {
    let set = wanted(account, access, model, found, Renewal::Never).await?;
    let mut lines = objects::component(access, model).differences(&set, found);
    let kept = found.get(&objects::secret_key()).and_then(WebhookCertificate::of);
    if kept.is_some_and(|kept| !kept.lasts()) {
        lines.push("the certificate of the webhooks ends before long".to_owned());
    }
    Ok(lines)
}

/// Removes what is in the cluster, when nothing needs it any more.
async fn remove_from_cluster(
    cx: &Context<LoadBalancerControllerResource>,
    account: &Account,
    access: &Access,
    state: &LoadBalancerControllerModel,
) -> Result<(), Diagnostics> {
    let component = objects::component(access, state);
    let found = component.find().await?;
    let leaving = !ingresses::served(access, state).await?.is_empty();
    if leaving && !state.is_auto() && !runs(&found) {
        if state.force_finalizers {
            ingresses::release(cx, access, state).await?;
        } else {
            // Somebody has removed the controller, and only it can let its Ingresses go.
            let set = wanted(account, access, state, &found, Renewal::IfNeeded).await?;
            component.put(cx, &set, how(Some(&Attr::Null)), || ()).await?;
        }
    }
    ingresses::wait(cx, access, state).await?;
    let kept = definitions_in_use(access, &found).await?;
    if !kept.is_empty() {
        let detail = format!(
            "There are objects of these kinds that are not of this resource, and would be gone with them: {}.",
            kept.join(", ")
        );
        cx.warn(Diagnostic::warning("Kinds were kept", detail));
    }
    component.remove_but(cx, |live| kept.contains(&live.key().name)).await
}

/// The kinds of ours of which others have objects.
async fn definitions_in_use(access: &Access, found: &Found) -> Result<Vec<String>, Diagnostics> {
    let mut used = Vec::new();
    for (kind, key) in objects::definitions() {
        if found.get(&key).is_none() {
            continue;
        }
        let looked = access.cluster.look_at_all(kind).await;
        let all = looked.map_err(access.explain(DELETE))?.known();
        let is_others = |live: &LiveObject| found.get(live.key()).is_none();
        if all.is_none_or(|all| all.iter().any(is_others)) {
            used.push(key.name);
        }
    }
    Ok(used)
}

/// The kinds that somebody else has defined, as another installation leaves them: they are used as they are.
async fn definitions_of_others(access: &Access, found: &Found) -> Result<Vec<String>, Diagnostics> {
    let mut defined = Vec::new();
    for (_, key) in objects::definitions() {
        if found.get(&key).is_some() {
            continue;
        }
        let live = access.cluster.find_object(&key).await;
        if live.map_err(access.explain(READ))?.is_some() {
            defined.push(key.name);
        }
    }
    Ok(defined)
}

/// Whether a controller runs.
fn runs(found: &Found) -> bool {
    let deployment = found.get(&objects::deployment_key());
    let ready = deployment.and_then(|live| live.json().pointer("/status/readyReplicas")?.as_u64());
    ready.unwrap_or_default() > 0
}

async fn described(account: &Account, model: &LoadBalancerControllerModel) -> Result<Cluster, Diagnostics> {
    let described = account.describe_cluster(model.cluster().unwrap_or_default()).await;
    described.map_err(|error| {
        let is_name = matches!(error, Error::NotFound { .. });
        let failure = explained(CREATE)(error);
        if is_name {
            failure.at(LoadBalancerControllerModel::CLUSTER_NAME)
        } else {
            failure
        }
    })
}

/// Decides what the configuration leaves open: it is kept from then on.
fn complete(model: &mut LoadBalancerControllerModel, cluster: &Cluster) {
    let name = model.cluster().map(str::to_owned);
    model.cluster_name = name.into();
    if model.is_auto() {
        for unused in [
            &mut model.vpc_id,
            &mut model.version,
            &mut model.role_name,
            &mut model.role_arn,
            &mut model.association_id,
        ] {
            if unused.known().is_none() {
                *unused = Attr::Null;
            }
        }
        return;
    }
    if model.vpc_id.known().is_none() {
        let network = cluster.resources_vpc_config();
        model.vpc_id = network.and_then(|network| network.vpc_id().map(str::to_owned)).into();
    }
    if model.version.known().is_none() {
        model.version = Attr::Known(VERSION.to_owned());
    }
}

/// A cluster has one controller: another class of it would belong to another resource.
fn refuse_other_class(model: &LoadBalancerControllerModel, found: &Found) -> Result<(), Diagnostics> {
    let kind = objects::class_key(model).kind;
    let mut classes = found.objects().filter(|live| live.key().kind == kind);
    let Some(other) = classes.find(|live| live.key().name != model.ingress_class) else {
        return Ok(());
    };
    let detail = format!(
        "This provider has installed the controller in the cluster already, with the ingress class `{}`. A cluster has one controller: \
         change that resource, or import it, if no state has it.",
        other.key().name
    );
    Err(Diagnostic::error("Controller is there already", detail)
        .at(LoadBalancerControllerModel::INGRESS_CLASS)
        .into())
}

/// A model of which only the names are known.
fn unsaid(cluster_name: String, ingress_class: String) -> LoadBalancerControllerModel {
    LoadBalancerControllerModel {
        cluster_name: Attr::Known(cluster_name),
        kubernetes: Attr::Null,
        mode: CONTROLLER.to_owned(),
        ingress_class,
        group_name: None,
        scheme: None,
        certificate_arns: None,
        subnet_ids: None,
        vpc_id: Attr::Null,
        version: Attr::Null,
        image_registry: "public.ecr.aws/eks".to_owned(),
        replicas: 2,
        role_name: Attr::Null,
        role_arn: Attr::Null,
        association_id: Attr::Null,
        force_finalizers: false,
        tags: None,
        drift: Attr::Known(Vec::new()),
        timeouts: Timeouts::default(),
    }
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no ingress class `{id}` that this provider has made. The id is the name of the cluster, a colon, and the name of the \
         ingress class, such as `moh:alb`. A controller that another tool has installed has to be removed by that."
    );
    Diagnostics::error("No load balancer controller to import", detail)
}
