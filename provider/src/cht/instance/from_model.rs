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
    pub(super) fn spec(&self, credentials: &Credentials) -> Result<spec::InstanceSpec, ParseVersionError> {
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
            couchdb: couchdb(&self.couchdb),
            nouveau: spec::Nouveau {
                resources: resources(self.nouveau.as_ref().and_then(|nouveau| nouveau.resources.as_ref())),
            },
            api: node_service(self.api.clone().unwrap_or_default()),
            sentinel: node_service(self.sentinel.clone().unwrap_or_default()),
            haproxy: proxy(self.haproxy.clone().unwrap_or_default()),
            healthcheck: healthcheck(self.healthcheck.as_ref()),
            healthcheck_pod: healthcheck_pod(self.healthcheck.clone().unwrap_or_default()),
            ingress: ingress(self.ingress.as_ref()),
            probes: probes(&self.probes.clone().unwrap_or_default()),
        })
    }
}

fn couchdb(couchdb: &model::Couchdb) -> spec::CouchDb {
    spec::CouchDb {
        storage_size: couchdb.storage_size.clone(),
        storage_class: couchdb.storage_class.known().cloned(),
        data_path: couchdb.data_path.clone(),
        log_level: couchdb.log_level.clone(),
        pod: spec::PodSettings {
            resources: resources(couchdb.resources.as_ref()),
            env: BTreeMap::new(),
            env_from_secrets: BTreeMap::new(),
            node_selector: couchdb.node_selector.clone().unwrap_or_default(),
            tolerations: tolerations(couchdb.tolerations.clone()),
        },
    }
}

fn probes(probes: &model::Probes) -> spec::Probes {
    let defaults = spec::Probes::default();
    spec::Probes {
        enabled: probes.enabled.unwrap_or(defaults.enabled),
        readiness: probes.readiness.unwrap_or(defaults.readiness),
        ..defaults
    }
}
