//! `cht_vsphere_permission`: a role of a user or group on one object of a vCenter.
//!
//! API: SetEntityPermissions, RemoveEntityPermission, RetrieveEntityPermissions. In place: role and propagation.
//! Replaced: the object and whose permission it is.
//!
//! - [`model`] has the attributes, [`principal`] how users and groups are written.
//! - [`entity`] finds the object.
//! - [`import`] reads what an import names.
//!
//! A permission bears no mark of who made it, so one that is there already is never adopted, and the call that makes it
//! is waited for even if the operation is cancelled.

mod entity;
mod import;
mod model;
mod principal;

use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan, Resource};

use self::import::Named;
use self::model::{PermissionIdentity, PermissionModel};
use super::authorization::Permission;
use super::diagnostics::{explain, explained};
use super::error::Error;
use super::reference::Reference;
use super::role;
use super::vcenter::VCenter;
use super::which_vcenter::{self, InVCenter};
use crate::provider::Clients;

const READ: &str = "Unable to read the permission";
const SET: &str = "Unable to set the permission";
const REMOVE: &str = "Unable to remove the permission";

/// Manages one permission.
#[derive(Debug)]
pub struct PermissionResource;

impl Resource for PermissionResource {
    type Model = PermissionModel;
    type Clients = Clients;
    type Private = InVCenter;
    type Identity = PermissionIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_permission";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        entity::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        let is_elsewhere = [
            PermissionModel::ENTITY_TYPE,
            PermissionModel::ENTITY_PATH,
            PermissionModel::ENTITY_ID,
        ]
        .into_iter()
        .any(|attribute| plan.changed(attribute));
        let Some(planned) = plan.planned_model().filter(|_| plan.prior.is_none() || is_elsewhere) else {
            return Ok(());
        };
        // A machine may be made by the same apply.
        if cx.clients().is_vcenter_unknown() || planned.entity_type == entity::VIRTUAL_MACHINE {
            return Ok(());
        }
        let vcenter = Clients::vcenter(cx).await?;
        entity::find(&vcenter, &planned).await.map(drop)
    }

    async fn create(&self, cx: &Context<Self>, plan: PermissionModel) -> Result<PermissionModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let entity = entity::find(&vcenter, &plan).await?;
        let wanted = wanted(&vcenter, &plan, &entity).await?;
        let before = vcenter.permissions_on(&entity).await.map_err(explained(SET))?;
        if before.iter().any(|one| one.is_of(&wanted.principal, wanted.is_group)) {
            return Err(taken(&plan, &wanted));
        }
        // Until its answer has come, nobody else is asked whether the operation is to end.
        let vcenter = vcenter.uninterrupted();
        let set = vcenter.set_permission(&wanted).await;
        let begun = plan.identified(&wanted);
        match set {
            Err(error) if !error.is_unanswered() => return Err(blame(&error)),
            Ok(()) => cx.checkpoint(&begun),
            Err(_) => {}
        }
        let after = vcenter.permissions_on(&entity).await.map_err(explained(SET))?;
        let made = match (made_by(&wanted, &before, &after), set) {
            (Some(made), _) => begun.identified(made),
            (None, Err(error)) => return Err(blame(&error)),
            (None, Ok(())) => return Err(vanished(&wanted)),
        };
        cx.checkpoint(&made);
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, state: PermissionModel) -> Result<Option<PermissionModel>, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let Some((entity, permission)) = find(&vcenter, &state).await? else {
            return Ok(None);
        };
        let roles = vcenter.roles().await.map_err(explained(READ))?;
        let role = roles.into_iter().find(|role| role.id == permission.role_id);
        let path = vcenter.path(&entity).await.map_err(explained(READ))?;
        Ok(Some(state.refreshed(&permission, role.map(|role| role.name), &path)))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: PermissionModel,
        plan: PermissionModel,
    ) -> Result<PermissionModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let entity = entity::known(&vcenter, &prior).await.map_err(explained(SET))?;
        let wanted = wanted(&vcenter, &plan, &entity).await?;
        vcenter.set_permission(&wanted).await.map_err(|error| blame(&error))?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: PermissionModel) -> Result<(), Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let Some((_, permission)) = find(&vcenter, &state).await? else {
            return Ok(());
        };
        match vcenter.remove_permission(&permission).await {
            Err(error) if error.is_gone() || error.is_fault("NotFound") => {}
            removed => removed.map_err(explained(REMOVE))?,
        }
        match find(&vcenter, &state).await? {
            None => Ok(()),
            Some(_) => {
                let detail = "The vCenter says that the permission is removed, and still has it. Apply again.";
                Err(Diagnostics::error(REMOVE, detail))
            }
        }
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<PermissionIdentity>,
    ) -> Result<PermissionModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let named = Named::of(by)?;
        let entity = named.entity(&vcenter).await?;
        let all = vcenter.permissions_on(&entity).await.map_err(explained(READ))?;
        named.imported(&entity, &all)
    }
}

/// What a model asks for. The role may have been made by the same apply.
async fn wanted(vcenter: &VCenter, model: &PermissionModel, entity: &Reference) -> Result<Permission, Diagnostics> {
    let roles = vcenter.roles().await.map_err(explained(SET))?;
    let Some(role) = roles.iter().find(|role| role.name == model.role) else {
        let detail = format!(
            "The vCenter has no role `{}`; there are: {}. Built-in roles have other names in its pages: Administrator is `Admin`, \
             Read-only is `ReadOnly`, and No access is `NoAccess`.",
            model.role,
            role::names(&roles)
        );
        return Err(Diagnostic::error("Unknown role", detail)
            .at(PermissionModel::ROLE)
            .into());
    };
    Ok(Permission {
        entity: entity.clone(),
        principal: model.name_in_vcenter(),
        is_group: model.group,
        role_id: role.id,
        propagate: model.propagate,
    })
}

/// The permission of a state, and the object that it is on; none if either is gone.
async fn find(vcenter: &VCenter, state: &PermissionModel) -> Result<Option<(Reference, Permission)>, Diagnostics> {
    let entity = match entity::known(vcenter, state).await {
        Err(Error::NotFound { .. }) => return Ok(None),
        entity => entity.map_err(explained(READ))?,
    };
    let all = match vcenter.permissions_on(&entity).await {
        Err(error) if error.is_gone() => return Ok(None),
        all => all.map_err(explained(READ))?,
    };
    let name = state.name_in_vcenter();
    let found = all.into_iter().find(|one| one.is_of(&name, state.group));
    Ok(found.map(|permission| (entity, permission)))
}

/// The permission that was made, by whatever name the vCenter has for its user: domains have more than one.
fn made_by<'p>(wanted: &Permission, before: &[Permission], after: &'p [Permission]) -> Option<&'p Permission> {
    let by_name = after.iter().find(|one| one.is_of(&wanted.principal, wanted.is_group));
    by_name.or_else(|| {
        let own = |principal: &str| principal.rsplit('\\').next().unwrap_or_default().to_lowercase();
        let is_alike = |one: &&Permission| {
            own(&one.principal) == own(&wanted.principal)
                && (one.is_group, one.role_id) == (wanted.is_group, wanted.role_id)
                && !before.contains(one)
        };
        after.iter().find(is_alike)
    })
}

/// An error at the attribute that the vCenter blames.
fn blame(error: &Error) -> Diagnostics {
    let attribute = match error.fault().map(|fault| fault.kind.as_str()) {
        Some("UserNotFound" | "InvalidArgument") => PermissionModel::PRINCIPAL,
        Some("NotFound") => PermissionModel::ROLE,
        _ => return explain(SET, error),
    };
    explain(SET, error).at(attribute)
}

fn taken(plan: &PermissionModel, wanted: &Permission) -> Diagnostics {
    let detail = format!(
        "{} has a permission there already that this state does not know, and an object has one for each user or group. If it is the one \
         that is meant, as after an apply that was killed, import it, with the address of this resource: \
         `tofu import cht_vsphere_permission.NAME '{}'`. Otherwise remove it in the vCenter.",
        wanted.principal,
        import::id(&plan.entity_type, &wanted.entity, &wanted.principal)
    );
    Diagnostic::error("Permission exists already", detail)
        .at(PermissionModel::PRINCIPAL)
        .into()
}

fn vanished(wanted: &Permission) -> Diagnostics {
    let detail = format!(
        "The vCenter says that {} has the permission, and does not list it: it may call the user or group otherwise. Look at the \
         permissions of the object there, and give `principal` as it is listed.",
        wanted.principal
    );
    Diagnostic::error(SET, detail).at(PermissionModel::PRINCIPAL).into()
}
