//! The upgrade service of CHT 4, with which the application's own page changes the images of its Deployments. It is
//! allowed to do that in its own namespace, and nothing else.

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, ObjectFieldSelector, PodSpec, ServiceAccount,
};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};

use super::metadata::{Labels, port};
use super::workload::{Workload, env_value};
use super::{Manifest, probes};
use crate::cht::instance::spec::layout::Strategy;
use crate::cht::instance::spec::{InstanceSpec, UpgradeService};

const NAME: &str = "upgrade-service";
const PORT: i32 = 5008;

const ACCOUNT: &str = "cht-upgrade-service-user";
const ROLE: &str = "deployment-manager";
const BINDING: &str = "deployment-manager-cht";

/// Where the API finds the service, if there is one.
pub(super) fn url(spec: &InstanceSpec) -> Option<String> {
    made(spec).map(|_| format!("http://{}:{PORT}", spec.service_host(NAME)))
}

/// The account of the service and the role with what it may do.
pub(super) fn access(labels: &Labels<'_>) -> Vec<Manifest> {
    if made(labels.spec).is_none() {
        return Vec::new();
    }
    let rule = |group: &str, resource: &str| PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(vec![resource.to_owned()]),
        verbs: ["get", "update", "watch", "patch", "list"].map(str::to_owned).into(),
        ..PolicyRule::default()
    };
    vec![
        Manifest::from_typed(&ServiceAccount {
            metadata: labels.metadata(ACCOUNT, None),
            ..ServiceAccount::default()
        }),
        Manifest::from_typed(&Role {
            metadata: labels.metadata(ROLE, None),
            rules: Some(vec![rule("apps", "deployments"), rule("", "pods")]),
        }),
    ]
}

/// What gives the account its role. It comes after the role: but for those who may bind everything, the server looks up
/// what is handed on.
pub(super) fn binding(labels: &Labels<'_>) -> Vec<Manifest> {
    if made(labels.spec).is_none() {
        return Vec::new();
    }
    let subject = Subject {
        kind: "ServiceAccount".to_owned(),
        name: ACCOUNT.to_owned(),
        namespace: Some(labels.spec.namespace.clone()),
        ..Subject::default()
    };
    vec![Manifest::from_typed(&RoleBinding {
        metadata: labels.metadata(BINDING, None),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "Role".to_owned(),
            name: ROLE.to_owned(),
        },
        subjects: Some(vec![subject]),
    })]
}

pub(super) fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    if made(labels.spec).is_none() {
        return Vec::new();
    }
    vec![labels.service(NAME, None, NAME, vec![port(Some(NAME), PORT)])]
}

pub(super) fn deployments(labels: &Labels<'_>) -> Vec<Manifest> {
    let Some(service) = made(labels.spec) else {
        return Vec::new();
    };
    let env = vec![
        env_from_field("CHT_NAMESPACE", "metadata.namespace"),
        env_from_field("CHT_DEPLOYMENT_NAME", "metadata.labels['cht.service']"),
        env_value("UPGRADE_SERVICE_PORT", PORT.to_string()),
    ];
    let container = Container {
        name: NAME.to_owned(),
        image: Some(service.image.clone()),
        image_pull_policy: Some(labels.spec.image.pull_policy.clone()),
        ports: Some(vec![ContainerPort {
            container_port: PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        env: Some(env),
        startup_probe: probes::startup(labels.spec, probes::tcp(PORT)),
        liveness_probe: probes::liveness(labels.spec, probes::tcp(PORT)),
        readiness_probe: probes::readiness(labels.spec, probes::tcp(PORT)),
        resources: (service.resources != Default::default()).then(|| service.resources.clone()),
        ..Container::default()
    };
    let workload = Workload {
        name: NAME.to_owned(),
        component: NAME.to_owned(),
        strategy: Strategy::OneByOne,
        placement: None,
        checksums: Default::default(),
        pod: PodSpec {
            containers: vec![container],
            service_account_name: Some(ACCOUNT.to_owned()),
            ..PodSpec::default()
        },
    };
    vec![workload.deployment(labels)]
}

/// What is made of the service: nothing where the version has no use for it.
fn made(spec: &InstanceSpec) -> Option<&UpgradeService> {
    spec.upgrade_service
        .as_ref()
        .filter(|_| spec.layout().has_upgrade_service)
}

fn env_from_field(name: &str, field: &str) -> EnvVar {
    let selector = ObjectFieldSelector {
        // Written out because the server adds it, and an addition to what is ours would be drift.
        api_version: Some("v1".to_owned()),
        field_path: field.to_owned(),
    };
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(selector),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}
