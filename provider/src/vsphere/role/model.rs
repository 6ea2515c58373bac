//! The attributes of `cht_vsphere_role`, in schema order.

use std::collections::BTreeSet;

use tf_framework::diagnostics::Diagnostics;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::authorization::{IMPLICIT, Role};
use super::READ;
use super::presets::PRESETS;

/// Manages one role of a vCenter: a name for some privileges, which `cht_vsphere_permission` gives to users and groups.
///
/// The presets have what a user needs for one purpose: four for the user of the vSphere CSI driver, `read-only` for all
/// that the cloud provider and the driver have to see, and `provisioner` for the user of this provider. A role with a
/// preset has the privileges that the release of this provider knows for it.
///
/// A vCenter adds `System.Anonymous`, `System.Read` and `System.View` to each role by itself; they are never mentioned.
/// A role that is there already has to be imported. One that permissions of others use is not destroyed.
#[derive(Clone, Model)]
#[tf(exactly_one_of(preset, privileges))]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct RoleModel {
    /// Name of the role. A change renames it.
    #[tf(validate(name()))]
    pub name: String,
    /// What the role is for. For the user of the CSI driver: `cns-vm` on the machines of nodes or their folder,
    /// `cns-datastore` on each datastore for volumes, `cns-search-and-spbm` on the root of the vCenter, and
    /// `cns-host-config-storage` on clusters whose vSAN serves files. For that user and the cloud provider's:
    /// `read-only` on the hosts and datacenters of nodes. For the user of this provider: `provisioner`, which leaves
    /// out roles and permissions, as whoever may change them may do everything. Storage policies are seen by whoever
    /// has it on the root of the vCenter; tags of machines are attached by whoever has it as a global permission, which
    /// an administrator gives in the vCenter itself.
    #[tf(validate(Validator::one_of(PRESETS)))]
    pub preset: Option<String>,
    /// Ids of the privileges, such as `VirtualMachine.Config.AddNewDisk`.
    #[tf(optional, keep_non_null, validate(Validator::each(privilege())))]
    pub privileges: Attr<BTreeSet<String>>,
    /// Id of the role in its vCenter: a number.
    #[tf(keep)]
    pub id: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a role.
#[derive(Clone, Debug, Identity)]
pub struct RoleIdentity {
    /// Its id in the vCenter: a number.
    pub id: String,
}

impl IdentityOf<RoleModel> for RoleIdentity {
    fn of(role: &RoleModel) -> Option<Self> {
        Some(RoleIdentity {
            id: role.id.known()?.clone(),
        })
    }
}

impl RoleModel {
    /// The privileges; none where they are not known.
    pub(super) fn privileges(&self) -> BTreeSet<String> {
        self.privileges.known().cloned().unwrap_or_default()
    }

    /// The id in the API.
    pub(super) fn role_id(&self) -> Result<i32, Diagnostics> {
        let id = self.id.known().and_then(|id| id.parse().ok());
        id.ok_or_else(|| Diagnostics::error(READ, "The state does not have its id."))
    }

    /// With the id.
    pub(super) fn identified(mut self, id: i32) -> Self {
        self.id = Attr::Known(id.to_string());
        self
    }

    /// With what the vCenter says.
    pub(super) fn refreshed(mut self, role: Role) -> Self {
        self.name = role.name;
        self.privileges = Attr::Known(role.privileges);
        self.identified(role.id)
    }

    /// A role of which only what the vCenter knows is known.
    pub(super) fn imported(role: Role) -> Self {
        let model = RoleModel {
            name: String::new(),
            preset: None,
            privileges: Attr::Null,
            id: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.refreshed(role)
    }
}

/// A name that the vCenter writes as it is given.
fn name() -> Validator {
    Validator::string("the name of a role", |name| {
        let problem = if name.is_empty() || name.trim() != name {
            "It must not be empty, nor begin or end with a space."
        } else if name.chars().count() > 80 {
            "It must not be longer than 80 characters."
        } else if name.contains(['/', '\\', '%']) || name.chars().any(char::is_control) {
            "It must not have `/`, `\\` or `%` in it."
        } else {
            return Ok(());
        };
        Err(problem.to_owned())
    })
}

/// The id of a privilege that a role can do without.
fn privilege() -> Validator {
    Validator::string("the id of a privilege", |id| {
        let problem = if IMPLICIT.contains(&id) {
            "Leave it out: the vCenter adds it to each role by itself."
        } else if id.is_empty() || id.contains(char::is_whitespace) || !id.contains('.') {
            "It must be an id such as `VirtualMachine.Config.AddNewDisk`."
        } else {
            return Ok(());
        };
        Err(problem.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn privileges_are_ids_that_a_role_can_do_without() {
        let refusal = |id: &str| privilege().check(&Value::from(id)).err();
        assert_eq!(refusal("VirtualMachine.Config.AddNewDisk"), None);
        assert!(refusal("System.Read").unwrap().contains("by itself"));
        for id in ["", "Add new disk", "Administrator"] {
            assert!(refusal(id).is_some(), "{id}");
        }
    }
}
