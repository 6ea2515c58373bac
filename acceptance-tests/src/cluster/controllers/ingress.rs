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

/// The ingress class of the lab's own cluster.
pub(in crate::cluster) const CLASS: &str = "lab";

/// How old an Ingress is, at least, when it gets its address.
const DELAY: Duration = Duration::from_secs(1);

/// Who serves which class, and at what address.
struct Served {
    client: Client,
    class: &'static str,
    address: String,
}

/// Serves a class until its runtime ends.
pub(crate) async fn run(client: Client, class: &'static str, address: String) {
    let ingresses = Api::<Ingress>::all(client.clone());
    let served = Arc::new(Served { client, class, address });
    Controller::new(ingresses, watcher::Config::default())
        .run(reconcile, retry, served)
        .for_each(|_| async {})
        .await;
}

async fn reconcile(ingress: Arc<Ingress>, served: Arc<Served>) -> kube::Result<Action> {
    let class = ingress
        .spec
        .as_ref()
        .and_then(|spec| spec.ingress_class_name.as_deref());
    let addresses = ingress
        .status
        .as_ref()
        .and_then(|status| status.load_balancer.as_ref()?.ingress.as_ref());
    if class != Some(served.class) || addresses.is_some_and(|addresses| !addresses.is_empty()) {
        return Ok(Action::await_change());
    }
    let age = ingress
        .creation_timestamp()
        .map(|created| Timestamp::now().duration_since(created.0));
    let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
    if age < DELAY {
        return Ok(Action::requeue(DELAY - age));
    }
    let ingresses = Api::<Ingress>::namespaced(served.client.clone(), &ingress.namespace().unwrap_or_default());
    let patch = json!({"status": {"loadBalancer": {"ingress": [{"ip": served.address}]}}});
    match ingresses
        .patch_status(&ingress.name_any(), &PatchParams::default(), &Patch::Merge(&patch))
        .await
    {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(Action::await_change()),
        other => other.map(|_| Action::await_change()),
    }
}
