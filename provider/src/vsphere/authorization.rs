//! Roles and permissions in the API: what they are, and the calls about them (`AuthorizationManager`).
//!
//! A role is a name for some privileges; a permission gives a role on an object to a user or a group.
//! [`granted`] asks what the user who is logged in may do.

pub(super) mod granted;

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;
use super::xml::Element;

/// The privileges that a vCenter adds to each role by itself.
pub(super) const IMPLICIT: [&str; 3] = ["System.Anonymous", "System.Read", "System.View"];

/// A role as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) id: i32,
    pub(super) name: String,
    /// Whether it is one of the vCenter's own, which nobody changes.
    pub(super) is_system: bool,
    /// Without those that each role has.
    pub(super) privileges: BTreeSet<String>,
}

/// A permission as it is, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    /// The object that it is on.
    pub(super) entity: Reference,
    /// The user or group, such as `VSPHERE.LOCAL\cns`.
    pub(super) principal: String,
    pub(super) is_group: bool,
    pub(super) role_id: i32,
    /// Whether it holds for all that is below the object, too.
    pub(super) propagate: bool,
}

impl Role {
    fn read(role: &Element) -> Option<Self> {
        let privileges = role.all("privilege").map(Element::text);
        Some(Role {
            id: role.parse("roleId")?,
            name: role.text_of("name")?.to_owned(),
            is_system: role.is_true("system"),
            privileges: privileges
                .filter(|privilege| !IMPLICIT.contains(privilege))
                .map(str::to_owned)
                .collect(),
        })
    }
}

impl Permission {
    /// Whether it is that of this user or group.
    pub(super) fn is_of(&self, principal: &str, is_group: bool) -> bool {
        self.is_group == is_group && self.principal.eq_ignore_ascii_case(principal)
    }

    fn read(permission: &Element) -> Option<Self> {
        Some(Permission {
            entity: Reference::read(permission.child("entity")?)?,
            principal: permission.text_of("principal")?.to_owned(),
            is_group: permission.is_true("group"),
            role_id: permission.parse("roleId")?,
            propagate: permission.is_true("propagate"),
        })
    }

    fn element(&self) -> Element {
        Element::new("permission")
            .value("principal", &self.principal)
            .value("group", self.is_group)
            .value("roleId", self.role_id)
            .value("propagate", self.propagate)
    }
}

impl VCenter {
    /// The same, with calls that are not given up when the operation ends: roles and permissions bear no mark by which
    /// what was made by a call without an answer would be known.
    pub(super) fn uninterrupted(&self) -> Self {
        self.clone().with_cancellation(&CancellationToken::new())
    }

    /// All roles.
    pub(super) async fn roles(&self) -> Result<Vec<Role>, Error> {
        let read = self.authorization(&["roleList"]).await?;
        let list = read.get("roleList")?;
        Ok(list
            .iter()
            .flat_map(|list| list.children())
            .filter_map(Role::read)
            .collect())
    }

    /// The ids of all privileges that there are.
    pub(super) async fn privileges(&self) -> Result<BTreeSet<String>, Error> {
        let read = self.authorization(&["privilegeList"]).await?;
        let list = read.get("privilegeList")?;
        let ids = list.iter().flat_map(|list| list.children());
        Ok(ids.filter_map(|one| one.text_of("privId")).map(str::to_owned).collect())
    }

    /// Makes a role, and answers its id.
    pub(super) async fn add_role(&self, name: &str, privileges: &BTreeSet<String>) -> Result<i32, Error> {
        let method = self.manager().await?.call("AddAuthorizationRole").value("name", name);
        let method = method.with_all(ids(privileges));
        let answer = self.call(&method).await?;
        answer.parse("returnval").ok_or_else(|| Error::Lacks {
            method: method.name().to_owned(),
            what: "the id of the role",
        })
    }

    /// Gives a role another name and other privileges.
    pub(super) async fn update_role(&self, id: i32, name: &str, privileges: &BTreeSet<String>) -> Result<(), Error> {
        let method = self.manager().await?.call("UpdateAuthorizationRole");
        let method = method.value("roleId", id).value("newName", name);
        self.call(&method.with_all(ids(privileges))).await.map(drop)
    }

    /// Removes a role that no permission uses.
    pub(super) async fn remove_role(&self, id: i32) -> Result<(), Error> {
        let method = self.manager().await?.call("RemoveAuthorizationRole");
        self.call(&method.value("roleId", id).value("failIfUsed", true))
            .await
            .map(drop)
    }

    /// The permissions that give a role to somebody.
    pub(super) async fn permissions_with(&self, role_id: i32) -> Result<Vec<Permission>, Error> {
        let method = self.manager().await?.call("RetrieveRolePermissions");
        let answer = self.call(&method.value("roleId", role_id)).await?;
        Ok(answer.all("returnval").filter_map(Permission::read).collect())
    }

    /// The permissions on an object, without those that come from above.
    pub(super) async fn permissions_on(&self, entity: &Reference) -> Result<Vec<Permission>, Error> {
        let method = self.manager().await?.call("RetrieveEntityPermissions");
        let method = method.with(entity.element("entity")).value("inherited", false);
        let answer = self.call(&method).await?;
        let all = answer.all("returnval").filter_map(Permission::read);
        Ok(all.filter(|permission| permission.entity == *entity).collect())
    }

    /// Makes a permission, or changes that of the same user or group on the same object.
    pub(super) async fn set_permission(&self, permission: &Permission) -> Result<(), Error> {
        let method = self.manager().await?.call("SetEntityPermissions");
        let method = method.with(permission.entity.element("entity"));
        self.call(&method.with(permission.element())).await.map(drop)
    }

    /// Removes a permission.
    pub(super) async fn remove_permission(&self, permission: &Permission) -> Result<(), Error> {
        let method = self
            .manager()
            .await?
            .call("RemoveEntityPermission")
            .with(permission.entity.element("entity"))
            .value("user", &permission.principal)
            .value("isGroup", permission.is_group);
        self.call(&method).await.map(drop)
    }

    async fn manager(&self) -> Result<Reference, Error> {
        Ok(self.service().await?.authorization_manager)
    }

    async fn authorization(&self, paths: &'static [&'static str]) -> Result<Properties, Error> {
        let object = self.manager().await?;
        let read = self.read(&object, paths).await?;
        read.ok_or(Error::Gone { object })
    }
}

fn ids(privileges: &BTreeSet<String>) -> impl Iterator<Item = Element> {
    privileges
        .iter()
        .map(|privilege| Element::new("privIds").with_text(privilege))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_that_each_role_has_are_no_difference() {
        let role = Element::new("role")
            .value("roleId", 1042)
            .value("system", false)
            .value("name", "CNS-VM")
            .value("privilege", "System.Anonymous")
            .value("privilege", "VirtualMachine.Config.AddRemoveDevice")
            .value("privilege", "System.View");
        let role = Role::read(&role).unwrap();
        assert_eq!((role.id, role.is_system), (1042, false));
        assert_eq!(
            role.privileges,
            BTreeSet::from(["VirtualMachine.Config.AddRemoveDevice".to_owned()])
        );
    }

    #[test]
    fn permission_is_written_in_the_order_of_the_schema_and_read_with_its_object() {
        let permission = Permission {
            entity: Reference::new("Folder", "group-v3"),
            principal: "VSPHERE.LOCAL\\cns".to_owned(),
            is_group: false,
            role_id: 7,
            propagate: true,
        };
        let element = permission.element();
        let names: Vec<_> = element.children().iter().map(Element::name).collect();
        assert_eq!(names, ["principal", "group", "roleId", "propagate"]);
        let answered = element.with(permission.entity.element("entity"));
        assert_eq!(Permission::read(&answered), Some(permission.clone()));
        assert!(permission.is_of("vsphere.local\\CNS", false) && !permission.is_of("VSPHERE.LOCAL\\cns", true));
    }
}
