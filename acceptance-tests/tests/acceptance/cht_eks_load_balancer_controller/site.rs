//! A cluster of EKS in an account, with the lab's player of its load balancers.

use std::collections::BTreeMap;

use acceptance_tests::aws::{Aws, LoadBalancers, available};
use acceptance_tests::cluster::{Cluster, ClusterOptions};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::aws::Scene;
use crate::cht_eks::{let_in, make_cluster};
use crate::support::eventually;

pub(super) const ADDRESS: &str = "cht_eks_load_balancer_controller.test";

const CONTROLLER: &str = "aws-load-balancer-controller";

/// What a test works with. The player ends before the cluster does.
pub(super) struct Site {
    pub(super) players: LoadBalancers,
    pub(super) scene: Scene,
    pub(super) client: Client,
    _cluster: Cluster,
    _aws: Aws,
}

/// The resource for the cluster `c`.
pub(super) fn controller(rest: &str) -> String {
    format!("resource \"cht_eks_load_balancer_controller\" \"test\" {{\n  cluster_name = \"c\"\n{rest}\n}}\n")
}

impl Site {
    /// None where AWS cannot be played.
    pub(super) async fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let aws = Aws::start().await.expect("AWS is played");
        let options = ClusterOptions {
            token_webhook: Some(aws.token_webhook()),
            ..ClusterOptions::default()
        };
        let cluster = Cluster::start(options).await.expect("a cluster");
        aws.serve(&cluster.host(), cluster.ca_pem());
        let scene = Scene::in_account(aws.account().await.expect("an account"));
        make_cluster(&scene).await;
        let_in(&scene).await;
        let public = scene.subnets().await;
        let tags = json!({"Resources": public, "Tags": [{"Key": "kubernetes.io/role/elb", "Value": "1"}]});
        scene.account.call("ec2", "CreateTags", tags).await.expect("tags");
        scene.account.forget_calls();
        Some(Site {
            players: LoadBalancers::start(&scene.account, &cluster, "c").expect("it is played"),
            client: cluster.client().expect("a client"),
            scene,
            _cluster: cluster,
            _aws: aws,
        })
    }

    /// What the controller is told.
    pub(super) async fn arguments(&self) -> Vec<String> {
        let deployment = self.deployments().get(CONTROLLER).await.expect("it is there");
        let pod = deployment.spec.template.spec.expect("pods");
        pod.containers[0].args.clone().unwrap_or_default()
    }

    pub(super) fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.client.clone(), "kube-system")
    }

    /// Somebody scales the controller.
    pub(super) async fn scale(&self, replicas: u16) {
        let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        let params = PatchParams {
            field_manager: Some("somebody-else".to_owned()),
            ..PatchParams::default()
        };
        let scaled = self.deployments().patch(CONTROLLER, &params, &patch).await;
        scaled.expect("it is scaled");
    }

    /// Somebody removes the controller.
    pub(super) async fn remove_controller(&self) {
        self.deployments()
            .delete(CONTROLLER, &Default::default())
            .await
            .expect("it is deleted");
        eventually("the controller to be gone", async || {
            match self.deployments().get_opt(CONTROLLER).await {
                Ok(None) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), "kube-system")
    }

    /// The certificate of the authority of the webhooks.
    pub(super) async fn authority(&self) -> Vec<u8> {
        let secret = self.secrets().get("aws-load-balancer-tls").await.expect("it is there");
        secret.data.expect("data")["ca.crt"].0.clone()
    }

    /// Somebody removes the certificate.
    pub(super) async fn remove_secret(&self) {
        let deleted = self
            .secrets()
            .delete("aws-load-balancer-tls", &Default::default())
            .await;
        deleted.expect("it is deleted");
    }

    /// What there is of the controller: objects by their names.
    pub(super) async fn controller_objects(&self) -> Vec<String> {
        let mut names = Vec::new();
        let all = ListParams::default();
        let definitions = Api::<CustomResourceDefinition>::all(self.client.clone());
        names.extend(
            definitions
                .list(&all)
                .await
                .expect("they are listed")
                .iter()
                .map(ResourceExt::name_any),
        );
        let classes = Api::<IngressClass>::all(self.client.clone());
        names.extend(
            classes
                .list(&all)
                .await
                .expect("they are listed")
                .iter()
                .map(ResourceExt::name_any),
        );
        let secrets = self.secrets().list(&all).await.expect("they are listed");
        names.extend(secrets.iter().map(ResourceExt::name_any));
        let deployments = self.deployments().list(&all).await.expect("they are listed");
        names.extend(deployments.iter().map(ResourceExt::name_any));
        // What the lab has from the start.
        names.retain(|name| !["lab", "nginx", "traefik"].contains(&name.as_str()));
        names
    }

    /// Somebody else makes parameters of a class. The API server does not ask the controller about this one, as no
    /// image runs in the lab.
    pub(super) async fn make_class_parameters(&self, name: &str) {
        let kind = GroupVersionKind::gvk("elbv2.k8s.aws", "v1beta1", "IngressClassParams");
        let resource = ApiResource::from_gvk_with_plural(&kind, "ingressclassparams");
        let api = Api::<DynamicObject>::all_with(self.client.clone(), &resource);
        let mut made = DynamicObject::new(name, &resource);
        made.labels_mut()
            .insert("app.kubernetes.io/name".to_owned(), CONTROLLER.to_owned());
        api.create(&Default::default(), &made).await.expect("they are made");
    }

    pub(super) fn ingresses(&self, namespace: &str) -> Api<Ingress> {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Makes an Ingress in a namespace of its own, with these annotations of load balancers.
    pub(super) async fn make_ingress(&self, name: &str, class: &str, annotations: &[(&str, &str)]) {
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}})).expect("a namespace");
        let namespaces = Api::<Namespace>::all(self.client.clone());
        let made = namespaces.create(&Default::default(), &namespace).await;
        assert!(made.is_ok() || namespaces.get(name).await.is_ok(), "{made:?}");
        let annotations: BTreeMap<String, &str> = annotations
            .iter()
            .map(|(key, value)| (format!("alb.ingress.kubernetes.io/{key}"), *value))
            .collect();
        let backend = json!({"service": {"name": "api", "port": {"number": 5988}}});
        let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
        let ingress = json!({
            "metadata": {"name": "api", "annotations": annotations},
            "spec": {
                "ingressClassName": class,
                "rules": [{"host": format!("{name}.health.example"), "http": {"paths": [path]}}],
            },
        });
        let ingress: Ingress = serde_json::from_value(ingress).expect("an Ingress");
        let made = self.ingresses(name).create(&Default::default(), &ingress).await;
        made.expect("it is made");
    }

    /// The address that an Ingress gets.
    pub(super) async fn address(&self, name: &str) -> String {
        eventually("the Ingress to have an address", async || {
            let live = self
                .ingresses(name)
                .get("api")
                .await
                .map_err(|error| error.to_string())?;
            let json = serde_json::to_value(&live).map_err(|error| error.to_string())?;
            let address = json.pointer("/status/loadBalancer/ingress/0/hostname");
            let address = address.and_then(|address| address.as_str().map(str::to_owned));
            address.ok_or_else(|| format!("{:?}", self.players.take_problems()))
        })
        .await
    }

    /// Asks for the deletion of an Ingress.
    pub(super) async fn delete_ingress(&self, name: &str) {
        let deleted = self.ingresses(name).delete("api", &Default::default()).await;
        deleted.expect("it is asked to go");
    }

    /// Waits until an Ingress is gone.
    pub(super) async fn ingress_is_gone(&self, name: &str) {
        eventually("the Ingress to be gone", async || {
            match self.ingresses(name).get_opt("api").await {
                Ok(None) => Ok(()),
                other => Err(format!("{other:?} {:?}", self.players.take_problems())),
            }
        })
        .await;
    }

    /// What is left in the account of a kind.
    pub(super) async fn left(&self, kind: &str) -> Vec<String> {
        let mut left = self.scene.account.left().await.expect("AWS answers");
        left.remove(kind).unwrap_or_default()
    }
}
