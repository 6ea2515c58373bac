//! `cht_vsphere_role`: a role, which is a name for some privileges.
//!
//! API: AddAuthorizationRole, UpdateAuthorizationRole, RemoveAuthorizationRole, RetrieveRolePermissions. In place:
//! everything. [`model`] has the attributes, [`presets`] the privileges that users of a vCenter need for a purpose.
//!
//! A role bears no mark of who made it, so one that is there already is never adopted, and the call that makes it is
//! waited for even if the operation is cancelled.

mod model;
pub(super) mod presets;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{RoleIdentity, RoleModel};
use super::authorization::Role;
use super::diagnostics::{explain, explained};
use super::error::Error;
use super::vcenter::VCenter;
use super::which_vcenter::{self, InVCenter};
use crate::provider::Clients;

const READ: &str = "Unable to read the role";
const CREATE: &str = "Unable to create the role";
const UPDATE: &str = "Unable to update the role";
const DELETE: &str = "Unable to delete the role";
const IMPORT: &str = "Unable to import the role";

/// Manages one role.
#[derive(Debug)]
pub struct RoleResource;

impl Resource for RoleResource {
    type Model = RoleModel;
    type Clients = Clients;
    type Private = InVCenter;
    type Identity = RoleIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_role";

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if let Some(preset) = plan.planned().and_then(|planned| planned.preset.into_known()) {
            plan.set(RoleModel::PRIVILEGES, &presets::privileges(&preset));
        }
        check_privileges(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: RoleModel) -> Result<RoleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let roles = vcenter.roles().await.map_err(explained(CREATE))?;
        if roles.iter().any(|role| role.name == plan.name) {
            return Err(taken(&plan.name));
        }
        let id = add(&vcenter.uninterrupted(), &plan).await?;
        let made = plan.identified(id);
        cx.checkpoint(&made);
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, state: RoleModel) -> Result<Option<RoleModel>, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let roles = vcenter.roles().await.map_err(explained(READ))?;
        let id = state.role_id()?;
        Ok(roles
            .into_iter()
            .find(|role| role.id == id)
            .map(|role| state.refreshed(role)))
    }

    async fn update(&self, cx: &Context<Self>, _: RoleModel, plan: RoleModel) -> Result<RoleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let updated = vcenter
            .update_role(plan.role_id()?, &plan.name, &plan.privileges())
            .await;
        updated.map_err(|error| blame(UPDATE, &error))?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: RoleModel) -> Result<(), Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::check(cx, &vcenter).await?;
        let explain = explained(DELETE);
        let id = state.role_id()?;
        let used = vcenter.permissions_with(id).await;
        let mut users = Vec::new();
        for permission in none_if_gone(used).map_err(&explain)?.unwrap_or_default() {
            let path = vcenter.path(&permission.entity).await.map_err(&explain)?;
            users.push(format!("{} on {path}", permission.principal));
        }
        if !users.is_empty() {
            return Err(used_by(&state.name, &users));
        }
        none_if_gone(vcenter.remove_role(id).await).map_err(&explain)?;
        let left = vcenter.roles().await.map_err(&explain)?;
        if left.iter().any(|role| role.id == id) {
            let detail = format!(
                "The vCenter says that the role `{}` is removed, and still has it. Apply again.",
                state.name
            );
            return Err(Diagnostics::error(DELETE, detail));
        }
        Ok(())
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<RoleIdentity>) -> Result<RoleModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        which_vcenter::keep(cx, &vcenter).await?;
        let roles = vcenter.roles().await.map_err(explained(IMPORT))?;
        let named = match by {
            ImportBy::Id(id) => id,
            ImportBy::Identity(identity) => identity.id,
        };
        // A name may be made of digits, so it goes first.
        let found = roles.iter().find(|role| role.name == named);
        let found = found.or_else(|| roles.iter().find(|role| role.id.to_string() == named));
        match found {
            Some(role) if role.is_system => Err(Diagnostics::error(
                "Role of the vCenter's own",
                format!(
                    "The role `{}` cannot be changed or removed. Permissions can use it by its name.",
                    role.name
                ),
            )),
            Some(role) => Ok(RoleModel::imported(role.clone())),
            None => Err(Diagnostics::error(
                "No role to import",
                format!(
                    "The vCenter has no role `{named}`. Give the name of a role, or its id. There are: {}.",
                    names(&roles)
                ),
            )),
        }
    }
}

/// The names of roles, for people who have to choose one.
pub(super) fn names(roles: &[Role]) -> String {
    let mut names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

/// Refuses privileges that the vCenter does not have.
async fn check_privileges(cx: &Context<RoleResource>, plan: &Plan<'_, '_, RoleResource>) -> Result<(), Diagnostics> {
    let is_changed = plan.prior.is_none() || plan.changed(RoleModel::PRIVILEGES);
    let Some(planned) = plan.planned().filter(|_| is_changed) else {
        return Ok(());
    };
    if cx.clients().is_vcenter_unknown() {
        return Ok(());
    }
    let wanted = planned.privileges.into_known().map(|set| set.0).unwrap_or_default();
    let wanted: Vec<String> = wanted.into_iter().filter_map(Attr::into_known).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let vcenter = Clients::vcenter(cx).await?;
    let there = vcenter
        .privileges()
        .await
        .map_err(explained("Unable to check the role"))?;
    let mut unknown = Vec::new();
    for privilege in wanted.iter().filter(|privilege| !there.contains(*privilege)) {
        let alike = there.iter().find(|one| one.eq_ignore_ascii_case(privilege));
        unknown.push(match alike {
            Some(alike) => format!("`{privilege}` (there is `{alike}`)"),
            None => format!("`{privilege}`"),
        });
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let attribute = if planned.preset.known().is_some() {
        RoleModel::PRESET
    } else {
        RoleModel::PRIVILEGES
    };
    let detail = format!(
        "The vCenter does not have {}. Privileges are given by their ids, such as `VirtualMachine.Config.AddNewDisk`, and not by the \
         names that its pages show.",
        unknown.join(", ")
    );
    Err(Diagnostic::error("Unknown privilege", detail).at(attribute).into())
}

/// Makes the role, and finds it if there was no answer: before the call, there was none of this name.
async fn add(vcenter: &VCenter, plan: &RoleModel) -> Result<i32, Diagnostics> {
    let privileges = plan.privileges();
    let error = match vcenter.add_role(&plan.name, &privileges).await {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    if error.is_unanswered() {
        let roles = vcenter.roles().await.map_err(explained(CREATE))?;
        let is_ours = |role: &&Role| role.name == plan.name && role.privileges == privileges;
        if let Some(role) = roles.iter().find(is_ours) {
            return Ok(role.id);
        }
    }
    Err(blame(CREATE, &error))
}

/// What a call answers; nothing if the role is not there any more.
fn none_if_gone<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_gone() || error.is_fault("NotFound") => Ok(None),
        Err(error) => Err(error),
    }
}

/// An error at the attribute that the vCenter blames.
fn blame(summary: &str, error: &Error) -> Diagnostics {
    let attribute = match error.fault().map(|fault| fault.kind.as_str()) {
        Some("AlreadyExists" | "InvalidName") => RoleModel::NAME,
        Some("InvalidArgument") => RoleModel::PRIVILEGES,
        _ => return explain(summary, error),
    };
    explain(summary, error).at(attribute)
}

fn taken(name: &str) -> Diagnostics {
    let detail = format!(
        "The vCenter has a role `{name}` that this state does not know. If it is the one that is meant, as after an apply that was \
         killed, import it, with the address of this resource: `tofu import cht_vsphere_role.NAME '{name}'`. Otherwise choose another \
         name."
    );
    Diagnostic::error("Role exists already", detail)
        .at(RoleModel::NAME)
        .into()
}

fn used_by(name: &str, users: &[String]) -> Diagnostics {
    let detail = format!(
        "Permissions that this configuration does not remove give the role `{name}` to somebody: {}.\n\nRemove them, or give them another \
         role, and apply again. A role that is not to be managed any more leaves the state with `tofu state rm`.",
        users.join(", ")
    );
    Diagnostics::error("Role is used", detail)
}
