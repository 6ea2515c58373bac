//! What an import of a permission names: `TYPE:OBJECT:PRINCIPAL`, where the object is an inventory path or an id.

use tf_framework::ImportBy;
use tf_framework::custom_types::Text;
use tf_framework::diagnostics::Diagnostics;

use super::super::authorization::Permission;
use super::super::diagnostics::explained;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::entity;
use super::model::{PermissionIdentity, PermissionModel};
use super::principal::Principal;

const SUMMARY: &str = "No permission to import";

/// A permission that is to be imported.
#[derive(Debug)]
pub(super) struct Named {
    entity_type: String,
    /// An inventory path, or an id.
    entity: String,
    principal: Text<Principal>,
    /// None if it is not said.
    is_group: Option<bool>,
}

/// What names a permission in an import.
pub(super) fn id(entity_type: &str, entity: &Reference, principal: &str) -> String {
    format!("{entity_type}:{}:{principal}", entity.id)
}

impl Named {
    /// Reads what the user gave.
    pub(super) fn of(by: ImportBy<PermissionIdentity>) -> Result<Self, Diagnostics> {
        let (entity_type, entity, principal, is_group) = match by {
            ImportBy::Id(id) => {
                // Paths may have colons in them.
                let parts = id.split_once(':').and_then(|(entity_type, rest)| {
                    let (entity, principal) = rest.rsplit_once(':')?;
                    Some((entity_type.to_owned(), entity.to_owned(), principal.to_owned()))
                });
                let (entity_type, entity, principal) = parts.ok_or_else(|| wrong(&id))?;
                (entity_type, entity, principal, None)
            }
            ImportBy::Identity(identity) => (
                identity.entity_type,
                identity.entity_id,
                identity.principal,
                Some(identity.group),
            ),
        };
        if !entity::TYPES.contains(&entity_type.as_str()) {
            return Err(wrong(&entity_type));
        }
        let parsed: Result<Text<Principal>, _> = principal.parse();
        let principal = parsed.map_err(|error| Diagnostics::error(SUMMARY, error.to_string()))?;
        Ok(Named {
            entity_type,
            entity,
            principal,
            is_group,
        })
    }

    /// The object.
    pub(super) async fn entity(&self, vcenter: &VCenter) -> Result<Reference, Diagnostics> {
        if self.is_by_path() {
            return entity::of_path(vcenter, &self.entity_type, &self.entity).await;
        }
        let found = entity::of_id(vcenter, &self.entity_type, &self.entity).await;
        found.map_err(explained("Unable to import the permission"))
    }

    /// The permission, of all those on the object.
    pub(super) fn imported(self, entity: &Reference, all: &[Permission]) -> Result<PermissionModel, Diagnostics> {
        let name = self.principal.value().to_string();
        let is_of = |one: &&Permission| [true, false].iter().any(|group| one.is_of(&name, *group));
        let is_kind = |one: &&Permission| self.is_group.is_none_or(|is_group| is_group == one.is_group);
        let found: Vec<&Permission> = all.iter().filter(is_of).filter(is_kind).collect();
        let path = (self.is_by_path() && self.entity_type != entity::ROOT).then(|| self.entity.clone());
        match found.as_slice() {
            [one] => Ok(PermissionModel::imported(&self.entity_type, path, self.principal, one)),
            [] => {
                let there: Vec<&str> = all.iter().map(|one| one.principal.as_str()).collect();
                let detail = format!(
                    "{name} has no permission on the object {}, apart from those that come from above. Those who have: {}.",
                    entity.id,
                    there.join(", ")
                );
                Err(Diagnostics::error(SUMMARY, detail))
            }
            _ => {
                let detail =
                    format!("A user and a group are called {name}: import by identity, which says which of them.");
                Err(Diagnostics::error(SUMMARY, detail))
            }
        }
    }

    fn is_by_path(&self) -> bool {
        self.entity.starts_with('/')
    }
}

fn wrong(id: &str) -> Diagnostics {
    let detail = format!(
        "`{id}` does not say which permission. Give the type of the object, its inventory path or id, and the user or group, such as \
         `folder:/Nairobi/vm/cht:cns@vsphere.local` or `root:/:VSPHERE.LOCAL\\cns`. Types are: {}.",
        entity::TYPES.join(", ")
    );
    Diagnostics::error(SUMMARY, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str) -> Result<Named, Diagnostics> {
        Named::of(ImportBy::Id(id.to_owned()))
    }

    fn permission(principal: &str, is_group: bool) -> Permission {
        Permission {
            entity: Reference::new("Folder", "group-v3"),
            principal: principal.to_owned(),
            is_group,
            role_id: 7,
            propagate: true,
        }
    }

    #[test]
    fn path_may_have_colons() {
        let named = named("folder:/DC/vm/a:b:VSPHERE.LOCAL\\cns").unwrap();
        assert_eq!(
            (named.entity_type.as_str(), named.entity.as_str()),
            ("folder", "/DC/vm/a:b")
        );
        assert_eq!(named.principal.as_str(), "VSPHERE.LOCAL\\cns");
    }

    #[test]
    fn what_does_not_say_all_is_refused() {
        for id in [
            "",
            "folder",
            "folder:/DC/vm",
            "desk:/DC:cns@vsphere.local",
            "root:/:cns",
        ] {
            assert!(named(id).is_err(), "{id}");
        }
    }

    #[test]
    fn permission_of_a_user_and_a_group_of_one_name_needs_an_identity() {
        let entity = Reference::new("Folder", "group-v3");
        let id = "folder:group-v3:cns@vsphere.local";
        let user = permission("VSPHERE.LOCAL\\cns", false);
        let both = [user.clone(), permission("VSPHERE.LOCAL\\CNS", true)];
        let found = named(id).unwrap().imported(&entity, &both[..1]).unwrap();
        assert!(!found.group && found.propagate);
        let refused = named(id).unwrap().imported(&entity, &both).err().unwrap();
        assert!(format!("{refused:?}").contains("by identity"));
        assert!(named(id).unwrap().imported(&entity, &[]).is_err());
    }
}
