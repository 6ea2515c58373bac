//! An ingress controller: it gives every Ingress of its class an address, a moment after its creation, as real ones do.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::retry;

/// The ingress class that is served.
pub(in crate::cluster) const CLASS: &str = "lab";

/// How old an Ingress is, at least, when it gets its address.
const DELAY: Duration = Duration::from_secs(1);

/// Serves until its runtime ends.
pub(super) async fn run(client: Client) {
    Controller::new(Api::<Ingress>::all(client.clone()), watcher::Config::default())
        .run(reconcile, retry, Arc::new(client))
        .for_each(|_| async {})
        .await;
}

async fn reconcile(ingress: Arc<Ingress>, client: Arc<Client>) -> kube::Result<Action> {
    let class = ingress
        .spec
        .as_ref()
        .and_then(|spec| spec.ingress_class_name.as_deref());
    let addresses = ingress
        .status
        .as_ref()
        .and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
    if class != Some(CLASS) || addresses.is_some_and(|addresses| !addresses.is_empty()) {
        return Ok(Action::await_change());
    }
    let age = ingress
        .creation_timestamp()
        .map(|created| Timestamp::now().duration_since(created.0));
    let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
    if age < DELAY {
        return Ok(Action::requeue(DELAY - age));
    }
    let ingresses = Api::<Ingress>::namespaced((*client).clone(), &ingress.namespace().unwrap_or_default());
    let patch = json!({"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}});
    match ingresses
        .patch_status(&ingress.name_any(), &PatchParams::default(), &Patch::Merge(&patch))
        .await
    {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(Action::await_change()),
        other => other.map(|_| Action::await_change()),
    }
}
