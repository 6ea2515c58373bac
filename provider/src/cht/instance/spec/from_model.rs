//! From the attributes to what the instance is made of.

use std::collections::BTreeMap;

use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::model::{self, InstanceModel};
use crate::cht::instance::spec;
use crate::cht::version::ParseVersionError;

mod ingress;
mod pods;

use ingress::ingress;
use pods::{healthcheck, healthcheck_pod, image, node_service, proxy, resources, tolerations};

impl InstanceModel {
    /// The whole instance, with these credentials.
    ///
    /// # Errors
    /// Fails if `cht_version` is none, which validation has refused before.
    pub(in crate::cht::instance) fn spec(
        &self,
        credentials: &Credentials,
    ) -> Result<spec::InstanceSpec, ParseVersionError> {
        Ok(spec::InstanceSpec {
            namespace: self.namespace.clone(),
            create_namespace: self.create_namespace,
            host: self.host.clone(),
            version: self.cht_version.parse()?,
            image: image(self.image.clone().unwrap_or_default()),
            builds_url: self.builds_url.clone(),
            cluster_domain: self.cluster_domain.clone(),
            admin_user: self.couchdb.admin_user.clone(),
            admin_password: credentials.admin_password.clone(),
            secret: credentials.secret.clone(),
            uuid: credentials.uuid.clone(),
            couchdb: self.couchdb.spec(),
            nouveau: spec::Nouveau {
                resources: resources(self.nouveau.as_ref().and_then(|nouveau| nouveau.resources.as_ref())),
            },
            api: node_service(self.api.clone().unwrap_or_default()),
            sentinel: node_service(self.sentinel.clone().unwrap_or_default()),
            haproxy: proxy(self.haproxy.clone().unwrap_or_default()),
            healthcheck: healthcheck(self.healthcheck.as_ref()),
            healthcheck_pod: healthcheck_pod(self.healthcheck.clone().unwrap_or_default()),
            upgrade_service: self.upgrade_service.clone().map(upgrade_service),
            ingress: ingress(self.ingress.as_ref()),
            probes: probes(&self.probes.clone().unwrap_or_default()),
        })
    }
}

impl model::Couchdb {
    /// CouchDB with all its nodes, of which there is one if none is given.
    pub(in crate::cht::instance) fn spec(&self) -> spec::CouchDb {
        let nodes = match self.nodes.as_deref() {
            Some(nodes) if !nodes.is_empty() => nodes.to_vec(),
            _ => vec![model::CouchdbNode::default()],
        };
        spec::CouchDb {
            nodes: nodes.into_iter().map(|node| couchdb_node(node, self)).collect(),
            data_path: self.data_path.clone(),
            existing_data: self.existing_data,
            log_level: self.log_level.clone(),
            resources: resources(self.resources.as_ref()),
            env: BTreeMap::new(),
            default_ulimit: self.default_ulimit,
            sys_resource: self.sys_resource,
        }
    }
}

fn couchdb_node(node: model::CouchdbNode, couchdb: &model::Couchdb) -> spec::CouchDbNode {
    let node_selector = node.node_selector.or_else(|| couchdb.node_selector.clone());
    spec::CouchDbNode {
        node_name: node.node_name,
        node_selector: node_selector.unwrap_or_default(),
        tolerations: tolerations(node.tolerations.or_else(|| couchdb.tolerations.clone())),
        storage: storage(node.storage.unwrap_or_default(), couchdb),
    }
}

fn storage(storage: model::NodeStorage, couchdb: &model::Couchdb) -> spec::Storage {
    let sources = [
        storage.ebs_volume_id.map(spec::Volume::Ebs),
        storage.gce_disk.map(spec::Volume::GceDisk),
        storage.host_path.map(spec::Volume::HostPath),
        storage.vsphere_volume_handle.map(spec::Volume::VsphereCsi),
        storage.volume_name.map(spec::Volume::Existing),
        storage.claim_name.map(spec::Volume::Claim),
    ];
    let volume = sources.into_iter().flatten().next().unwrap_or_default();
    let common_class = || couchdb.storage_class.known().cloned();
    spec::Storage {
        size: storage.size.unwrap_or_else(|| couchdb.storage_size.clone()),
        // The class of the other volumes says nothing of one that is there already.
        class: match volume {
            spec::Volume::New => storage.class.or_else(common_class),
            _ => storage.class,
        },
        volume,
        partition: storage.partition.and_then(|partition| partition.try_into().ok()),
        zone: storage.zone,
    }
}

fn upgrade_service(service: model::UpgradeService) -> spec::UpgradeService {
    spec::UpgradeService {
        image: service.image.unwrap_or(spec::UpgradeService::default().image),
        resources: resources(service.resources.as_ref()),
    }
}

fn probes(probes: &model::Probes) -> spec::Probes {
    let defaults = spec::Probes::default();
    let startup_timeout = probes
        .startup_timeout_seconds
        .and_then(|seconds| seconds.try_into().ok());
    spec::Probes {
        enabled: probes.enabled.unwrap_or(defaults.enabled),
        readiness: probes.readiness.unwrap_or(defaults.readiness),
        startup_timeout_seconds: startup_timeout.unwrap_or(defaults.startup_timeout_seconds),
    }
}
