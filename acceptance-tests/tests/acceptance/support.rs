//! The lab that all tests share, and a scene for each: a workspace, a namespace, a client. [`instance`] is the text of
//! an instance, [`kind`] the kinds of objects that tests look at.

use std::collections::BTreeSet;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use acceptance_tests::cluster::{ClusterOptions, wait};
use acceptance_tests::lab::Lab;
use acceptance_tests::tofu::{Cli, Diagnostic, Steps, Workspace, provider_binary};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{MutexGuard, OnceCell};

mod instance;
mod kind;

pub(crate) use acceptance_tests::tofu::{done, failure};
pub(crate) use instance::Instance;
pub(crate) use kind::{
    ACCOUNT, ATTACHMENT, BINDING, CLAIM, CONFIG_MAP, CSI_NODE, DAEMON_SET, DEFINITION, DEPLOYMENT, INGRESS, Kind,
    NAMESPACE, NODE, POD, ROLE, SECRET, SERVICE, SNAPSHOT, SNAPSHOT_CLASS, STORAGE_CLASS, VOLUME,
};

/// The address of the resource in most configurations.
pub(crate) const ADDRESS: &str = "cht_instance.test";

/// What plays the application outlives the test that started it, so it has a runtime of its own.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));
static LAB: OnceCell<Lab> = OnceCell::const_new();
/// The namespaces that tests have taken.
static NAMESPACES: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The shared lab.
pub(crate) async fn lab() -> &'static Lab {
    LAB.get_or_init(async || {
        let options = ClusterOptions {
            audits_accounts: true,
            ..ClusterOptions::default()
        };
        let started = RUNTIME.spawn(Lab::with(options)).await.expect("the lab does not panic");
        started.expect("the lab starts")
    })
    .await
}

/// The turn of tests whose plans look at all nodes of the cluster: none may find those of another test.
pub(crate) async fn turn_with_nodes() -> MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

/// What one test works with.
pub(crate) struct Scene {
    steps: Steps,
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

impl Scene {
    /// A scene with OpenTofu, in a namespace that no other test uses.
    ///
    /// # Panics
    /// Another test uses it.
    pub(crate) async fn new(namespace: &str) -> Self {
        Self::with(Cli::tofu().expect("tofu is there"), namespace).await
    }

    /// A scene with any command line, in a namespace that no other test uses.
    pub(crate) async fn with(cli: Cli, namespace: &str) -> Self {
        let is_free = NAMESPACES
            .lock()
            .expect("no test panics meanwhile")
            .insert(namespace.to_owned());
        assert!(is_free, "{namespace} is the namespace of two tests");
        Self::within(cli, namespace).await
    }

    /// Another workspace, which knows nothing of this one, in the same namespace.
    pub(crate) async fn elsewhere(&self) -> Self {
        Self::within(Cli::tofu().expect("tofu is there"), &self.namespace).await
    }

    async fn within(cli: Cli, namespace: &str) -> Self {
        let workspace = Workspace::new(cli, &provider_binary().expect("the provider was built")).expect("a workspace");
        Self::of(workspace, namespace).await
    }

    /// A scene with a workspace of one's own.
    pub(crate) async fn of(workspace: Workspace, namespace: &str) -> Self {
        Scene {
            steps: Steps::of(workspace),
            client: lab().await.cluster.client().expect("a client"),
            namespace: namespace.to_owned(),
        }
    }

    /// An instance in the scene's namespace that can be destroyed without a trace.
    pub(crate) fn instance(&self) -> Instance {
        Instance::new(&self.namespace)
    }

    /// Writes the configuration of an instance on the lab's cluster.
    pub(crate) async fn configure(&self, instance: &Instance) {
        self.write(&instance.hcl(&kubernetes().await));
    }

    /// The attributes of the resource in the state; null if it is not there.
    pub(crate) async fn state(&self) -> Value {
        let state = done("show", self.workspace.show().await);
        let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
        let found = resources.and_then(|all| all.iter().find(|one| one["address"] == ADDRESS));
        found.cloned().unwrap_or_default()
    }

    /// The only instance of the resource, as the file of the state has it: with what `show` leaves out.
    pub(crate) fn stored(&self) -> Value {
        let file = self.workspace.directory().join("terraform.tfstate");
        let state = std::fs::read(file).expect("there is a state");
        let state: Value = serde_json::from_slice(&state).expect("it is JSON");
        state["resources"][0]["instances"][0].clone()
    }

    /// An object of the scene's namespace, by kind and name.
    pub(crate) async fn object(&self, kind: &Kind, name: &str) -> Option<DynamicObject> {
        self.api(kind).get_opt(name).await.expect("the API server answers")
    }

    /// The names of the objects of a kind that carry the mark of the scene's instance.
    pub(crate) async fn owned(&self, kind: &Kind) -> Vec<String> {
        let mark = format!("cht.terraform.io/owner=instance.{}", self.namespace);
        let list = self
            .api(kind)
            .list(&ListParams::default().labels(&mark))
            .await
            .expect("the API server answers");
        list.items
            .into_iter()
            .filter_map(|object| object.metadata.name)
            .collect()
    }

    /// Changes an object as somebody else would.
    pub(crate) async fn patch(&self, kind: &Kind, name: &str, patch: Value) {
        let params = PatchParams {
            field_manager: Some("somebody-else".to_owned()),
            ..PatchParams::default()
        };
        self.api(kind)
            .patch(name, &params, &Patch::Strategic(patch))
            .await
            .expect("the patch is taken");
    }

    /// A node of the control plane that waits for a cloud provider, and has this provider ID.
    pub(crate) async fn add_node(&self, name: &str, provider_id: &str) {
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name, "labels": { "node-role.kubernetes.io/control-plane": "true" } },
            "spec": { "providerID": provider_id, "taints": [
                { "key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule" },
                { "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" },
            ] },
        });
        let node = serde_json::from_value(node).expect("an object");
        let made = self.api(&NODE).create(&Default::default(), &node).await;
        made.expect("the node is made");
    }

    /// Deletes an object and waits until it is gone.
    pub(crate) async fn delete(&self, kind: &Kind, name: &str) {
        let api = self.api(kind);
        api.delete(name, &Default::default())
            .await
            .expect("the object is deleted");
        eventually("the object to be gone", async || match api.get_opt(name).await {
            Ok(None) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Makes a volume for a claim that nobody provides one for.
    pub(crate) async fn provide_volume(&self, claim: &str) {
        let class =
            self.object(&CLAIM, claim).await.expect("the claim is there").data["spec"]["storageClassName"].clone();
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": format!("{}-{claim}", self.namespace)},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "storageClassName": class,
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": self.namespace, "name": claim},
                "hostPath": {"path": "/nowhere"},
            },
        });
        let volume = serde_json::from_value(volume).expect("an object");
        self.api(&VOLUME)
            .create(&Default::default(), &volume)
            .await
            .expect("the volume is made");
    }

    pub(crate) fn api(&self, kind: &Kind) -> Api<DynamicObject> {
        kind.api(&self.client, &self.namespace)
    }
}

impl Deref for Scene {
    type Target = Steps;

    fn deref(&self) -> &Steps {
        &self.steps
    }
}

impl DerefMut for Scene {
    fn deref_mut(&mut self) -> &mut Steps {
        &mut self.steps
    }
}

/// The way to the lab's cluster.
pub(crate) async fn kubernetes() -> String {
    let cluster = &lab().await.cluster;
    kubernetes_at(&cluster.host(), cluster.ca_pem(), cluster.admin_token())
}

/// A way to a cluster, as an expression.
pub(crate) fn kubernetes_at(host: &str, ca: &str, token: &str) -> String {
    format!("{{ host = {host:?}, cluster_ca_certificate = {ca:?}, token = {token:?} }}")
}

/// Checks an error: its summary, a part of its text, and the line of the configuration that it points at.
#[track_caller]
pub(crate) fn blames(error: &Diagnostic, summary: &str, text: &str, code: &str) {
    assert_eq!(error.summary, summary, "{error:#?}");
    let flat = error.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(text), "{error:#?}");
    let snippet = error
        .snippet
        .as_ref()
        .map(|snippet| snippet.code.as_str())
        .unwrap_or_default();
    assert!(snippet.contains(code), "it points at {snippet:?}: {error:#?}");
}

/// Waits for something in the cluster.
pub(crate) async fn eventually<T, F: Future<Output = Result<T, String>>>(what: &str, probe: impl FnMut() -> F) -> T {
    wait::until(what, Duration::from_secs(60), probe)
        .await
        .expect("it comes true")
}
