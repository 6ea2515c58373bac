//! What a node group is made and changed by, step by step: each is done only if it is not done yet.

use aws_sdk_eks::operation::update_nodegroup_config::builders::UpdateNodegroupConfigInputBuilder;
use aws_sdk_eks::operation::update_nodegroup_version::builders::UpdateNodegroupVersionInputBuilder;
use aws_sdk_eks::types::{Nodegroup, NodegroupStatus, UpdateStatus};
use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::refusals::{is_about_role, is_in_use};
use super::super::error::Error;
use super::super::iam::TRIES_OF_NEW_ROLE;
use super::super::kept::KeptWithRole;
use super::super::tags::{self, Tags};
use super::live::{Live, status, tags_of};
use super::model::NodeGroupModel;
use super::{CREATE, DELETE, NodeGroupResource, UPDATE, failure, post_mortem, request, role, template};

/// What EKS is asked to change.
enum Change {
    Settings(UpdateNodegroupConfigInputBuilder),
    Machines(UpdateNodegroupVersionInputBuilder),
}

/// Work on one node group.
pub(super) struct Work<'a> {
    pub(super) cx: &'a Context<NodeGroupResource>,
    pub(super) account: &'a Account,
    pub(super) private: KeptWithRole,
}

impl<'a> Work<'a> {
    /// Work with what is kept beside the state.
    pub(super) fn of(cx: &'a Context<NodeGroupResource>, account: &'a Account, private: KeptWithRole) -> Self {
        Work { cx, account, private }
    }

    /// Waits until the cluster can have node groups.
    pub(super) async fn wait_for_cluster(&self, model: &NodeGroupModel) -> Result<(), Diagnostics> {
        let what = format!("the cluster `{}` to be active", model.cluster_name);
        self.cx
            .wait(&what, Backoff::SLOW, async || {
                let described = self.account.describe_cluster(&model.cluster_name).await;
                let cluster = match described {
                    Err(error) if error.is_not_found() => {
                        return Err(explain(CREATE, &error).at(NodeGroupModel::CLUSTER_NAME));
                    }
                    described => described.map_err(explained(CREATE))?,
                };
                Ok(match cluster.status().map_or("", |status| status.as_str()) {
                    status @ ("CREATING" | "PENDING") => Progress::Pending(format!("it is {status}")),
                    _ => Progress::Ready(()),
                })
            })
            .await
    }

    /// Makes the role, if none is given.
    pub(super) async fn ensure_role(&self, mut model: NodeGroupModel) -> Result<NodeGroupModel, Error> {
        if self.private.role.is_some() {
            let arn = self.account.ensure_role(&role::spec(self.account, &model)).await?;
            if let Ok(arn) = arn.parse() {
                model.node_role_arn = Attr::Known(arn);
            }
        }
        Ok(model)
    }

    /// Makes the launch template, or another version of it, if the machines are to be others.
    pub(super) async fn ensure_template(&self, mut model: NodeGroupModel) -> Result<NodeGroupModel, Error> {
        let version = template::ensure(self.account, &model, &self.wanted_tags(&model)).await?;
        model.launch_template_id = Attr::Known(version.id);
        model.launch_template_version = Attr::Known(version.version);
        Ok(model)
    }

    /// Makes the group, unless it is there.
    pub(super) async fn create(&self, model: &NodeGroupModel) -> Result<(), Diagnostics> {
        let mut tries = 0;
        self.cx
            .wait("EKS to know the role of the machines", Backoff::QUICK, || {
                tries += 1;
                let may_wait = self.private.role.is_some() && tries < TRIES_OF_NEW_ROLE;
                async move {
                    let new = request::creation(model, self.wanted_tags(model));
                    match self.account.create_node_group(new).await {
                        Ok(()) => Ok(Progress::Ready(())),
                        Err(error) if may_wait && is_about_role(&error) => Ok(Progress::Pending(error.to_string())),
                        Err(error) if is_in_use(&error) || error.is_unanswered() => {
                            let found = self.account.node_group(model.id()).await.map_err(explained(CREATE))?;
                            match found {
                                Some(group) if tags::are_ours(&tags_of(&group)) => Ok(Progress::Ready(())),
                                _ => Err(failure::blame(CREATE, &error)),
                            }
                        }
                        Err(error) => Err(failure::blame(CREATE, &error)),
                    }
                }
            })
            .await
    }

    /// Waits until nothing changes the group any more.
    pub(super) async fn wait_until_settled(&self, model: &NodeGroupModel) -> Result<Live, Diagnostics> {
        let what = format!("the node group `{}` to be active", model.node_group_name);
        let group = self
            .cx
            .wait(&what, Backoff::SLOW, async || {
                let found = self
                    .account
                    .node_group(model.id())
                    .await
                    .map_err(explained(super::READ))?;
                let group = found.ok_or_else(|| failure::gone(model))?;
                Ok::<_, Diagnostics>(match group.status() {
                    Some(NodegroupStatus::Creating | NodegroupStatus::Updating) => {
                        Progress::Pending(self.progress(&group).await)
                    }
                    _ => Progress::Ready(group),
                })
            })
            .await?;
        Live::of(self.account, model, group)
            .await
            .map_err(explained(super::READ))
    }

    /// How far a group is, with what Auto Scaling says long before EKS gives up.
    async fn progress(&self, group: &Nodegroup) -> String {
        let mut text = failure::progress(group);
        let groups = group.resources().map(|resources| resources.auto_scaling_groups());
        let name = groups.unwrap_or_default().first().and_then(|group| group.name());
        if let Some(name) = name.filter(|_| group.status() == Some(&NodegroupStatus::Creating))
            && let Ok(failed) = self.account.failed_launches(name).await
            && let Some(words) = failed.first()
        {
            text.push_str("; Auto Scaling: ");
            text.push_str(words);
        }
        text
    }

    /// Refuses to go on with a group that never came to be, and says why.
    pub(super) async fn check(&self, model: &NodeGroupModel, live: &Live) -> Result<(), Diagnostics> {
        if live.group.status() != Some(&NodegroupStatus::CreateFailed) {
            return Ok(());
        }
        let (causes, denied) = post_mortem::look(self.account, model, &live.group).await;
        Err(failure::of_creation(model, &live.group, &causes, &denied))
    }

    /// Brings a group that is there to what is wanted: settings first, as they say how machines are replaced.
    pub(super) async fn converge(&self, model: NodeGroupModel) -> Result<NodeGroupModel, Diagnostics> {
        let live = self.wait_until_settled(&model).await?;
        self.check(&model, &live).await?;
        let model = self.ensure_role(model).await.map_err(explained(UPDATE))?;
        if let Some(change) = request::settings(&model, &live.group) {
            self.change(&model, &Change::Settings(change)).await?;
        }
        let model = match model.launch_template_id.known() {
            Some(_) => self.ensure_template(model).await.map_err(explained(UPDATE))?,
            None => model,
        };
        if let Some(change) = request::roll(&model, &live.group) {
            self.change(&model, &Change::Machines(change)).await?;
        }
        if let Some(arn) = live.group.nodegroup_arn() {
            let (is, wanted) = (live.tags(), self.wanted_tags(&model));
            let tagged = self.account.set_eks_tags(arn, &is, &wanted, &self.private.tag_keys);
            tagged.await.map_err(explained(UPDATE))?;
        }
        let live = self.wait_until_settled(&model).await?;
        Ok(model.observed(&live))
    }

    /// Begins a change, as soon as nothing else changes the group or its cluster, and waits until it is through.
    async fn change(&self, model: &NodeGroupModel, change: &Change) -> Result<(), Diagnostics> {
        let what = format!("the node group `{}` to take the change", model.node_group_name);
        let update = self
            .cx
            .wait(&what, Backoff::SLOW, async || match self.begin(change).await {
                Ok(update) => Ok(Progress::Ready(update)),
                Err(error) if is_in_use(&error) => Ok(Progress::Pending(error.to_string())),
                Err(error) => Err(failure::blame(UPDATE, &error)),
            })
            .await?;
        let what = format!("the change of the node group `{}`", model.node_group_name);
        let done = self
            .cx
            .wait(&what, Backoff::SLOW, async || {
                let asked = self.account.node_group_update(model.id(), &update).await;
                let asked = asked.map_err(explained(UPDATE))?;
                match asked.status() {
                    Some(UpdateStatus::Successful) => Ok(Progress::Ready(())),
                    Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => Err(failure::of_update(model, &asked)),
                    _ => Ok(Progress::Pending("it is in progress".to_owned())),
                }
            })
            .await;
        // What was done so far is in the state, whatever comes next.
        if let Ok(Some(live)) = Live::read(self.account, model).await {
            self.cx.checkpoint(&model.clone().observed(&live));
        }
        done
    }

    async fn begin(&self, change: &Change) -> Result<String, Error> {
        match change {
            Change::Settings(change) => self.account.update_node_group(change.clone()).await,
            Change::Machines(change) => self.account.roll_node_group(change.clone()).await,
        }
    }

    /// Deletes the group, and waits until it is gone.
    pub(super) async fn delete(&self, model: &NodeGroupModel) -> Result<(), Diagnostics> {
        let what = format!("the node group `{}` to be gone", model.node_group_name);
        let mut asked = false;
        self.cx
            .wait(&what, Backoff::SLOW, || {
                let again = !std::mem::replace(&mut asked, true);
                self.delete_once(model, again)
            })
            .await
    }

    async fn delete_once(&self, model: &NodeGroupModel, is_first: bool) -> Result<Progress<()>, Diagnostics> {
        let found = self.account.node_group(model.id()).await.map_err(explained(DELETE))?;
        let Some(group) = found else {
            return Ok(Progress::Ready(()));
        };
        match group.status() {
            Some(NodegroupStatus::Deleting) => return Ok(Progress::Pending(failure::progress(&group))),
            Some(NodegroupStatus::DeleteFailed) if !is_first => return Err(failure::of_deletion(model, &group)),
            _ => {}
        }
        match self.account.delete_node_group(model.id()).await {
            Err(error) if is_in_use(&error) => Ok(Progress::Pending(error.to_string())),
            deleted => {
                deleted.map_err(explained(DELETE))?;
                Ok(Progress::Pending(format!("it was {}", status(&group))))
            }
        }
    }

    /// Whether something that was made for the group, which is gone, is there yet.
    pub(super) async fn has_left(&self, model: &NodeGroupModel) -> Result<bool, Error> {
        if let Some(id) = model.launch_template_id.known() {
            let found = self.account.launch_template(&template::name(model)).await?;
            if found.is_some_and(|template| template.launch_template_id() == Some(id)) {
                return Ok(true);
            }
        }
        let purpose = role::spec(self.account, model).purpose;
        self.private.has_role(self.account, &purpose).await
    }

    /// Removes what was made for the group, which is gone.
    pub(super) async fn clean_up(&self, model: &NodeGroupModel) -> Result<(), Diagnostics> {
        if let Some(id) = model.launch_template_id.known() {
            let deleted = self.account.delete_launch_template(id).await;
            deleted.map_err(explained(DELETE))?;
        }
        let Some(name) = &self.private.role else {
            return Ok(());
        };
        let purpose = role::spec(self.account, model).purpose;
        self.cx
            .wait("the role of the machines to be free", Backoff::QUICK, async || {
                match self.account.delete_role(name, &purpose).await {
                    Ok(()) => Ok(Progress::Ready(())),
                    // EKS takes it out of the profile of the machines a little later.
                    Err(error) if error.is_refused_with("DeleteConflict") => Ok(Progress::Pending(error.to_string())),
                    Err(error) => Err(explain(DELETE, &error)),
                }
            })
            .await
    }

    fn wanted_tags(&self, model: &NodeGroupModel) -> Tags {
        tags::wanted(model.tags.as_ref(), &self.account.default_tags())
    }
}
