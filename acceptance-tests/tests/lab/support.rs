//! One cluster for all tests of this program, a namespace for each.

use std::fmt::Debug;
use std::time::Duration;

use acceptance_tests::cluster::{Cluster, ClusterOptions, wait};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// How long anything in the cluster may take.
const LIMIT: Duration = Duration::from_secs(60);

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// The shared cluster.
pub(crate) async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(async || {
            Cluster::start(ClusterOptions::default())
                .await
                .expect("the cluster starts")
        })
        .await
}

/// A client and a new namespace.
pub(crate) async fn namespace(name: &str) -> (Client, String) {
    let client = cluster().await.client().unwrap();
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    (client, name.to_owned())
}

/// Creates a namespaced object.
pub(crate) async fn create<K>(client: &Client, namespace: &str, object: Value) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + Serialize + DeserializeOwned,
{
    let api = Api::<K>::namespaced(client.clone(), namespace);
    api.create(&PostParams::default(), &serde_json::from_value(object).unwrap())
        .await
        .unwrap();
    api
}

/// Waits until the probe finds a value in the object.
pub(crate) async fn wait_for<K, T>(api: &Api<K>, name: &str, what: &str, probe: impl Fn(&K) -> Option<T>) -> T
where
    K: Clone + Debug + Serialize + DeserializeOwned,
{
    let look = async || {
        let object = api.get(name).await.map_err(|error| error.to_string())?;
        probe(&object).ok_or_else(|| serde_json::to_string(&object).unwrap())
    };
    wait::until(what, LIMIT, look).await.unwrap()
}

/// Waits until a cluster-wide object is gone.
pub(crate) async fn wait_until_gone<K>(api: &Api<K>, name: &str)
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Clone + Debug + DeserializeOwned,
{
    let look = async || match api.get_opt(name).await.map_err(|error| error.to_string())? {
        None => Ok(()),
        Some(object) => Err(format!("{object:?}")),
    };
    wait::until("the object to be gone", LIMIT, look).await.unwrap();
}

/// A pod template with one container.
pub(crate) fn pod_template(app: &str, container: Value, volumes: Value) -> Value {
    json!({"metadata": {"labels": {"app": app}}, "spec": {"containers": [container], "volumes": volumes}})
}

/// A Deployment of one pod.
pub(crate) fn deployment(app: &str, container: Value, volumes: Value) -> Value {
    json!({
        "metadata": {"name": app},
        "spec": {"selector": {"matchLabels": {"app": app}}, "template": pod_template(app, container, volumes)},
    })
}
