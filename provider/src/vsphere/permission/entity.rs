//! The object that a permission is on, by its kind and its path or id.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::diagnostics::{explained, explained_at};
use super::super::error::Error;
use super::super::inventory::Kind;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::SET;
use super::model::{PermissionModel, PermissionModelDraft};

/// The outermost folder, which has no name.
pub(super) const ROOT: &str = "root";
/// What this provider makes itself.
pub(super) const VIRTUAL_MACHINE: &str = "virtual_machine";

/// What there can be a permission on.
pub(super) const TYPES: [&str; 9] = [
    ROOT,
    "cluster",
    "datacenter",
    "datastore",
    "folder",
    "host",
    "network",
    "resource_pool",
    VIRTUAL_MACHINE,
];

/// Checks that a configuration names one object.
pub(super) fn validate(config: &PermissionModelDraft, diagnostics: &mut Diagnostics) {
    let Attr::Known(entity_type) = &config.entity_type else {
        return;
    };
    let (path, id) = (&config.entity_path, &config.entity_id);
    if entity_type == ROOT {
        for (is_given, attribute) in [
            (!path.is_null(), PermissionModel::ENTITY_PATH),
            (!id.is_null(), PermissionModel::ENTITY_ID),
        ] {
            if is_given {
                let detail = "There is only one root: leave it out, or give another `entity_type`.";
                diagnostics.push(Diagnostic::error("Root is named", detail).at(attribute));
            }
        }
    } else if path.is_null() && id.is_null() {
        let detail = format!("Say which {}: give `entity_path` or `entity_id`.", spoken(entity_type));
        diagnostics
            .push(Diagnostic::error("Object of the permission is missing", detail).at(PermissionModel::ENTITY_TYPE));
    }
}

/// The object of a configuration.
pub(super) async fn find(vcenter: &VCenter, model: &PermissionModel) -> Result<Reference, Diagnostics> {
    let (path, id) = (
        Path::new(PermissionModel::ENTITY_PATH),
        Path::new(PermissionModel::ENTITY_ID),
    );
    match (&model.entity_path, kind(&model.entity_type)) {
        (Some(given), Some(kind)) => {
            let found = vcenter.find(kind, None, given).await;
            found.map(|found| found.object).map_err(explained_at(SET, &path))
        }
        _ => known(vcenter, model).await.map_err(explained_at(SET, &id)),
    }
}

/// The object of a state, which may have another path by now.
pub(super) async fn known(vcenter: &VCenter, state: &PermissionModel) -> Result<Reference, Error> {
    let id = state.entity_id.known().map(String::as_str).unwrap_or_default();
    of_id(vcenter, &state.entity_type, id).await
}

/// The object of an id.
pub(super) async fn of_id(vcenter: &VCenter, entity_type: &str, id: &str) -> Result<Reference, Error> {
    match kind(entity_type) {
        Some(kind) => vcenter.with_id(kind, id).await.map(|found| found.object),
        None => Ok(vcenter.service().await?.root_folder),
    }
}

/// The object of an inventory path.
pub(super) async fn of_path(vcenter: &VCenter, entity_type: &str, path: &str) -> Result<Reference, Diagnostics> {
    let found = match kind(entity_type) {
        Some(kind) => vcenter.find(kind, None, path).await.map(|found| found.object),
        None => vcenter.service().await.map(|service| service.root_folder),
    };
    found.map_err(explained("Unable to import the permission"))
}

fn kind(entity_type: &str) -> Option<Kind> {
    match entity_type {
        "cluster" => Some(Kind::Cluster),
        "datacenter" => Some(Kind::Datacenter),
        "datastore" => Some(Kind::Datastore),
        "folder" => Some(Kind::Folder),
        "host" => Some(Kind::Host),
        "network" => Some(Kind::Network),
        "resource_pool" => Some(Kind::ResourcePool),
        VIRTUAL_MACHINE => Some(Kind::VirtualMachine),
        _ => None,
    }
}

/// How people call a kind of objects.
fn spoken(entity_type: &str) -> &str {
    match kind(entity_type) {
        Some(kind) => kind.noun(),
        None => entity_type,
    }
}
