//! What is there of an instance in its cluster: what a refresh asks, and everybody who has to know before anything is
//! changed.
//!
//! - [`find`] reads its objects. Of these, [`secrets`] takes the credentials, [`volumes`] the data volumes, [`ingress`]
//!   the address.
//! - [`drift`] tells what differs from the state.
//! - [`application`] asks CHT itself.
//! - [`which_cluster`] tells the cluster of an instance from another one, where it would look as if it were gone.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, PersistentVolume, PersistentVolumeClaim, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use tf_framework::diagnostics::Diagnostics;

use crate::cht::instance::adoption;
use crate::cht::instance::desired::owner;
use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Access, Found, Kind};

pub(super) mod application;
pub(super) mod drift;
pub(super) mod ingress;
pub(super) mod secrets;
pub(super) mod volumes;
pub(super) mod which_cluster;

/// What is there of the instance in a namespace, as these models describe it: several where one becomes the other.
/// Kinds that no model has are not read, as that needs permissions.
pub(super) async fn find(access: &Access, namespace: &str, models: &[&InstanceModel]) -> Result<Found, Diagnostics> {
    let found = access
        .cluster
        .read(&owner(namespace)?, &kinds(models), &[namespace.to_owned()])
        .await
        .map_err(access.explain("Unable to read the CHT instance"))?;
    adoption::complete(access, models, found).await
}

/// Puts into the model what the cluster decided: storage classes, sizes, address.
pub(super) fn store(model: &mut InstanceModel, found: &Found) {
    volumes::store(model, found);
    ingress::store(model, found);
}

/// Puts into the model what a plan left to the cluster: nothing that the plan has decided.
pub(super) fn fill(model: &mut InstanceModel, found: &Found) {
    volumes::fill(model, found);
    ingress::store(model, found);
}

fn kinds(models: &[&InstanceModel]) -> Vec<Kind> {
    let any = |has: fn(&InstanceModel) -> bool| models.iter().any(|model| has(model));
    let mut kinds = KINDS.to_vec();
    if any(|model| model.create_namespace) {
        kinds.push(Kind::cluster::<Namespace>());
    }
    if any(|model| {
        model
            .couchdb
            .spec()
            .nodes
            .iter()
            .any(|node| node.storage.volume.is_made_by_us())
    }) {
        kinds.push(Kind::cluster::<PersistentVolume>());
    }
    if any(|model| model.upgrade_service.is_some()) {
        kinds.extend([
            Kind::namespaced::<ServiceAccount>(),
            Kind::namespaced::<Role>(),
            Kind::namespaced::<RoleBinding>(),
        ]);
    }
    kinds
}

/// The kinds of which every instance has objects in its namespace.
const KINDS: [Kind; 6] = [
    Kind::namespaced::<ConfigMap>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<PersistentVolumeClaim>(),
    Kind::namespaced::<Service>(),
    Kind::namespaced::<Deployment>(),
    Kind::namespaced::<Ingress>(),
];
