//! The attributes of `cht_vsphere_permission`, in schema order.

use tf_framework::custom_types::Text;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::authorization::Permission;
use super::entity;
use super::principal::Principal;

/// Manages one permission: the role that a user or a group has on one object of a vCenter.
///
/// An object has at most one permission for each user and each group; one that is there already has to be imported.
/// Permissions that an object has from those above it are not its own.
#[derive(Clone, Model)]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct PermissionModel {
    /// User or group, with its domain: `cns@vsphere.local`, or `VSPHERE.LOCAL\cns`, which means the same. Changing it
    /// replaces the permission.
    #[tf(replace)]
    pub principal: Text<Principal>,
    /// Whether it is a group. Changing it replaces the permission.
    #[tf(default = false, replace)]
    pub group: bool,
    /// Name of the role: that of a `cht_vsphere_role`, or one of the vCenter's own, such as `ReadOnly`.
    #[tf(validate(Validator::not_empty()))]
    pub role: String,
    /// What kind of object it is: `root` for the outermost folder, `cluster`, `datacenter`, `datastore`, `folder`,
    /// `host`, `network`, `resource_pool` or `virtual_machine`. Changing it replaces the permission.
    #[tf(replace, validate(Validator::one_of(entity::TYPES)))]
    pub entity_type: String,
    /// Inventory path of the object, such as `/Nairobi/vm/cht`. Changing it replaces the permission.
    #[tf(replace, conflicts_with(entity_id), validate(Validator::starts_with("/")))]
    pub entity_path: Option<String>,
    /// Id of the object in the vCenter (managed object), such as `group-v3`. Changing it replaces the permission.
    #[tf(optional, keep, replace, validate(Validator::not_empty()))]
    pub entity_id: Attr<String>,
    /// Whether it holds for all that is below the object, too.
    pub propagate: bool,
    /// The user or group as the vCenter has it.
    #[tf(keep)]
    pub known_as: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a permission.
#[derive(Clone, Debug, Identity)]
pub struct PermissionIdentity {
    /// What kind of object it is on.
    pub entity_type: String,
    /// Id of the object in the vCenter.
    pub entity_id: String,
    /// User or group, such as `VSPHERE.LOCAL\cns`.
    pub principal: String,
    /// Whether it is a group.
    pub group: bool,
}

impl IdentityOf<PermissionModel> for PermissionIdentity {
    fn of(permission: &PermissionModel) -> Option<Self> {
        Some(PermissionIdentity {
            entity_type: permission.entity_type.clone(),
            entity_id: permission.entity_id.known()?.clone(),
            principal: permission.principal.value().to_string(),
            group: permission.group,
        })
    }
}

impl PermissionModel {
    /// The user or group in the API.
    pub(super) fn name_in_vcenter(&self) -> String {
        let known_as = self.known_as.known().cloned();
        known_as.unwrap_or_else(|| self.principal.value().to_string())
    }

    /// With what names it in the vCenter.
    pub(super) fn identified(mut self, permission: &Permission) -> Self {
        self.entity_id = Attr::Known(permission.entity.id.clone());
        self.known_as = Attr::Known(permission.principal.clone());
        self
    }

    /// With what the vCenter says. The object may have been moved.
    pub(super) fn refreshed(mut self, permission: &Permission, role: Option<String>, path: &str) -> Self {
        self.role = role.unwrap_or_default();
        self.propagate = permission.propagate;
        if let Some(known) = &mut self.entity_path
            && known.trim_end_matches('/') != path
        {
            path.clone_into(known);
        }
        self
    }

    /// A permission of which only what the vCenter knows is known.
    pub(super) fn imported(
        entity_type: &str,
        entity_path: Option<String>,
        principal: Text<Principal>,
        permission: &Permission,
    ) -> Self {
        let model = PermissionModel {
            principal,
            group: permission.is_group,
            role: String::new(),
            entity_type: entity_type.to_owned(),
            entity_path,
            entity_id: Attr::Null,
            propagate: permission.propagate,
            known_as: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.identified(permission)
    }
}
