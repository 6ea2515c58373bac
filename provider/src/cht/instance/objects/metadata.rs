//! Names, labels and Services: what identifies an object and finds its pods.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Manifest;
use crate::cht::instance::spec::InstanceSpec;

/// The one label of the official charts: on Deployments, pods, claims and Services, and in all selectors.
pub(in crate::cht::instance) const COMPONENT_LABEL: &str = "cht.service";

/// The label by which a Kubernetes node is found by its name.
pub(in crate::cht::instance) const HOST_NAME_LABEL: &str = "kubernetes.io/hostname";
/// The label with the zone of a Kubernetes node.
pub(in crate::cht::instance) const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// The instance, and the labels of ownership that each of its objects gets.
pub(super) struct Labels<'a> {
    pub(super) spec: &'a InstanceSpec,
    pub(super) labels: &'a BTreeMap<String, String>,
}

impl Labels<'_> {
    /// The metadata of an object in the instance's namespace; `component` is the value of the official label.
    pub(super) fn metadata(&self, name: &str, component: Option<&str>) -> ObjectMeta {
        let mut labels = self.labels.clone();
        labels.extend(component.into_iter().flat_map(component_label));
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.spec.namespace.clone()),
            labels: (!labels.is_empty()).then_some(labels),
            ..ObjectMeta::default()
        }
    }

    /// A Service that carries the official label `component` itself and finds the pods that carry `selector`.
    pub(super) fn service(
        &self,
        name: &str,
        component: Option<&str>,
        selector: &str,
        ports: Vec<ServicePort>,
    ) -> Manifest {
        Manifest::from_typed(&self.typed_service(name, component, selector, ports))
    }

    /// The same, for components whose Service has more to say.
    pub(super) fn typed_service(
        &self,
        name: &str,
        component: Option<&str>,
        selector: &str,
        ports: Vec<ServicePort>,
    ) -> Service {
        Service {
            metadata: self.metadata(name, component),
            spec: Some(ServiceSpec {
                type_: Some("ClusterIP".to_owned()),
                selector: Some(component_label(selector)),
                ports: Some(ports),
                ..ServiceSpec::default()
            }),
            ..Service::default()
        }
    }
}

/// The label that selects the pods of a component.
pub(super) fn component_label(component: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(COMPONENT_LABEL.to_owned(), component.to_owned())])
}

/// A port that leads to the same port of the pod.
pub(super) fn port(name: Option<&str>, number: i32) -> ServicePort {
    ServicePort {
        name: name.map(str::to_owned),
        port: number,
        // Written out because server-side apply tells list items apart by port and protocol.
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(number)),
        ..ServicePort::default()
    }
}
