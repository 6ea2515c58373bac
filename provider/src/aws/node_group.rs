//! `cht_eks_node_group`: machines of an EKS cluster that EKS looks after.
//!
//! - [`model`] has the attributes, `rules` and [`taints`] what they accept, [`plan`] what a plan shows and refuses;
//! - `live` reads a group, `request` says what EKS is asked for, [`steps`] does one thing after another;
//! - `preflight` asks AWS before anything is made, `post_mortem` looks for why nodes did not join;
//! - `machines` knows types of machines and images by their names, `template` and `role` are what is made beside a
//!   group;
//! - `failure` tells users what went wrong.
//!
//! API: CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion, DeleteNodegroup, and launch templates of EC2.
//! In place: sizes, labels, taints, the version, and by the launch template the type of the machines and their disk.
//!
//! A group that is there already is gone on with only if this provider has made it, as after a creation that was
//! killed.

mod failure;
mod live;
mod machines;
mod model;
mod plan;
mod post_mortem;
mod preflight;
mod request;
mod role;
mod rules;
mod steps;
mod taints;
mod template;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::live::{Live, status, tags_of};
use self::model::{NodeGroupIdentity, NodeGroupModel};
use self::steps::Work;
use super::account::Account;
use super::diagnostics::{explain, explained};
use super::error::Error;
use super::iam;
use super::import;
use super::kept::{Kept, KeptWithRole};
use super::tags;
use crate::provider::Clients;

const READ: &str = "Unable to read the node group";
const CREATE: &str = "Unable to create the node group";
const UPDATE: &str = "Unable to update the node group";
const DELETE: &str = "Unable to delete the node group";
const IMPORT: &str = "Unable to import the node group";

/// Manages one node group.
#[derive(Debug)]
pub struct NodeGroupResource;

impl Resource for NodeGroupResource {
    type Model = NodeGroupModel;
    type Clients = Clients;
    type Private = KeptWithRole;
    type Identity = NodeGroupIdentity;

    const TYPE_NAME: &'static str = "cht_eks_node_group";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        preflight::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: NodeGroupModel) -> Result<NodeGroupModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let role = plan.node_role_arn.is_unknown();
        let role = role.then(|| role::spec(&account, &plan).name);
        let private = keep(cx, &account, &plan, role).await?;
        let work = Work::of(cx, &account, private);
        work.wait_for_cluster(&plan).await?;
        let found = left_over(&work, &plan).await?;
        let plan = with_image(plan);
        let plan = work.ensure_role(plan).await.map_err(explained(CREATE))?;
        cx.checkpoint(&plan);
        let plan = work.ensure_template(plan).await.map_err(explained(CREATE))?;
        cx.checkpoint(&plan);
        if found {
            cx.warn(failure::found_again(&plan));
            return work.converge(plan).await;
        }
        work.create(&plan).await?;
        cx.checkpoint(&plan);
        let live = work.wait_until_settled(&plan).await?;
        let made = plan.observed(&live);
        cx.checkpoint(&made);
        work.check(&made, &live).await?;
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, state: NodeGroupModel) -> Result<Option<NodeGroupModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let (live, cluster) = futures::join!(
            Live::read(&account, &state),
            account.recent_cluster(&state.cluster_name)
        );
        let Some(live) = live.map_err(explained(READ))? else {
            let has_left = Work::of(cx, &account, private).has_left(&state).await;
            return Ok(has_left.map_err(explained(READ))?.then(|| failure::left(cx, state)));
        };
        if let Some(warning) = failure::degraded(&state, &live.group) {
            cx.warn(warning);
        }
        let mut read = state.observed(&live);
        match cluster {
            Ok(cluster) => {
                let version = cluster
                    .version()
                    .filter(|version| plan::is_newer(version, &read.version));
                read.newer_cluster_version = version.map(str::to_owned).into();
            }
            Err(Error::Denied { .. } | Error::NotFound { .. }) => {}
            Err(error) => return Err(explain(READ, &error)),
        }
        Ok(Some(read))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _: NodeGroupModel,
        plan: NodeGroupModel,
    ) -> Result<NodeGroupModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let role = private.role.clone();
        let work = Work::of(cx, &account, private);
        let made = work.converge(plan).await?;
        keep(cx, &account, &made, role).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: NodeGroupModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let work = Work::of(cx, &account, private);
        work.delete(&state).await?;
        work.clean_up(&state).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<NodeGroupIdentity>) -> Result<NodeGroupModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let (cluster, name) = match by {
            ImportBy::Id(id) => import::parts(&id, ':').ok_or_else(|| failure::nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.cluster_name, identity.node_group_name),
        };
        let mut model = NodeGroupModel::imported(cluster, name);
        let live = Live::read(&account, &model).await.map_err(explained(IMPORT))?;
        let named = || failure::nothing_there(&format!("{}:{}", model.cluster_name, model.node_group_name));
        let live = live.ok_or_else(named)?;
        // What was made for it is known by its name, and is ours to change.
        let owned = account.launch_template(&template::name(&model)).await;
        let owned = owned
            .map_err(explained(IMPORT))?
            .and_then(|template| template.launch_template_id);
        let is_owned = live.group.launch_template().and_then(|template| template.id()) == owned.as_deref();
        model.launch_template_id = owned.filter(|_| is_owned).into();
        let spec = role::spec(&account, &model);
        let is_role = live.group.node_role().is_some_and(|arn| iam::is_named(arn, &spec.name));
        model.tags = tags::of_user(&live.tags(), &account.default_tags());
        let model = model.observed(&live);
        keep(cx, &account, &model, is_role.then_some(spec.name)).await?;
        Ok(model)
    }
}

/// Remembers where the group is, which tags are ours, and whether its role is.
async fn keep(
    cx: &Context<NodeGroupResource>,
    account: &Account,
    model: &NodeGroupModel,
    role: Option<String>,
) -> Result<KeptWithRole, Diagnostics> {
    let tags = tags::wanted(model.tags.as_ref(), &account.default_tags());
    let private = Kept::of(account, tags).await?.with_role(role);
    cx.set_private(&private)?;
    Ok(private)
}

/// Whether there is a group that a killed creation has left. One that failed, or is on its way out, is waited out.
async fn left_over(work: &Work<'_>, plan: &NodeGroupModel) -> Result<bool, Diagnostics> {
    let found = work.account.node_group(plan.id()).await.map_err(explained(CREATE))?;
    let Some(group) = found else {
        return Ok(false);
    };
    if !tags::are_ours(&tags_of(&group)) {
        return Err(failure::taken(plan));
    }
    if matches!(status(&group), "CREATE_FAILED" | "DELETING" | "DELETE_FAILED") {
        work.delete(plan).await?;
        return Ok(false);
    }
    match request::is_of(plan, &group) {
        true => Ok(true),
        false => Err(failure::taken(plan)),
    }
}

/// With the image that goes with the machines, if they were not known before.
fn with_image(mut plan: NodeGroupModel) -> NodeGroupModel {
    if plan.ami_type.is_unknown() {
        plan.ami_type = machines::image(&plan.instance_types, None).into();
    }
    if plan.ami_type.is_unknown() {
        plan.ami_type = Attr::Null;
    }
    plan
}
