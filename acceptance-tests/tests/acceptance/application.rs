//! What tests of resources inside an application share: an instance, and the text of what is in it.

use acceptance_tests::cht::application::documents::Documents;
use serde_json::Value;

use crate::support::{Scene, done, kubernetes, lab};

/// An instance with resources in it.
pub(crate) struct Application {
    pub(crate) scene: Scene,
    cluster: String,
}

impl Application {
    /// A namespace that no other test uses, with no instance in it yet.
    pub(crate) async fn planned(namespace: &str) -> Self {
        Application {
            scene: Scene::new(namespace).await,
            cluster: kubernetes().await,
        }
    }

    /// An instance in a namespace that no other test uses, with nothing in it yet.
    pub(crate) async fn new(namespace: &str) -> Self {
        let application = Self::planned(namespace).await;
        application.configure("").await;
        application.scene.apply().await;
        application
    }

    /// Writes the configuration of the instance and of what is in it.
    pub(crate) async fn configure(&self, resources: &str) {
        let instance = self.scene.instance().hcl("local.cluster");
        self.write(&instance, "cht_instance.test.namespace", resources);
    }

    /// Writes the configuration of what is in the instance, without the instance itself.
    pub(crate) fn configure_alone(&self, resources: &str) {
        self.write("", &format!("{:?}", self.scene.namespace), resources);
    }

    fn write(&self, instance: &str, namespace: &str, resources: &str) {
        let Application { scene, cluster } = self;
        scene.write(&format!(
            "locals {{
               cluster = {cluster}
               instance = {{ kubernetes = local.cluster, namespace = {namespace} }}
             }}
             provider \"cht\" {{
               kubernetes = local.cluster
             }}
             {instance}
             {resources}"
        ));
    }

    /// Another state of the same configuration, in which nothing is yet.
    pub(crate) async fn without_state(&self, resources: &str) -> Application {
        let other = Application {
            scene: self.scene.elsewhere().await,
            cluster: self.cluster.clone(),
        };
        other.configure_alone(resources);
        other
    }

    /// The attributes of a resource in the state; null if it is not there.
    pub(crate) async fn values(&self, address: &str) -> Value {
        let state = done("show", self.scene.workspace.show().await);
        let resources = state.pointer("/values/root_module/resources").and_then(Value::as_array);
        let found = resources.and_then(|all| all.iter().find(|one| one["address"] == address));
        found.map(|one| one["values"].clone()).unwrap_or_default()
    }

    /// What the instance's database holds.
    pub(crate) async fn documents<T>(&self, look: impl FnOnce(&mut Documents) -> T) -> T {
        lab().await.cht.documents(&self.scene.namespace, look)
    }

    /// A document of the instance's database; null if it is not there.
    pub(crate) async fn document(&self, database: &str, id: &str) -> Value {
        self.documents(|documents| documents.get(database, id).cloned().unwrap_or_default())
            .await
    }
}
