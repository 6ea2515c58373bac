//! From what AWS says of a cluster to its attributes.

use std::collections::BTreeSet;

use aws_sdk_eks::types::{self, Cluster, Logging};
use tf_framework::{Attr, Timeouts};

use super::super::access_entry::observed_policies;
use super::super::eks::clusters::{issues, tags_of};
use super::super::tags::{self, Tags};
use super::live::{Entry, Live};
use super::model::{Access, Addon, AutoMode, EksClusterModel, NetworkConfig, VpcConfig};
use crate::kubernetes::{Eks, Kubernetes};

impl EksClusterModel {
    /// With what AWS says.
    pub(super) fn observed(self, live: &Live, region: &str) -> Self {
        let mut observed = self.observed_alone(live, region);
        observed.observe_surroundings(live);
        observed
    }

    /// With what EKS says of the cluster itself.
    pub(super) fn observed_alone(mut self, live: &Live, region: &str) -> Self {
        let cluster = &live.cluster;
        self.observe_settings(cluster);
        self.tags = tags::observed(self.tags.as_ref(), &tags_of(cluster));
        self.observe_outcome(cluster, region);
        self
    }

    /// What belongs to the cluster.
    fn observe_surroundings(&mut self, live: &Live) {
        self.log_retention_in_days = match (self.enabled_cluster_log_types.is_empty(), live.log_retention) {
            (true, _) => self.log_retention_in_days,
            // What is kept without a group is nothing, and that is no setting: the next apply makes one.
            (false, days) => days.unwrap_or_default(),
        };
        if live.is_usable() {
            self.access = self.access.take().map(|access| {
                let known = access.into_iter().filter_map(|(name, access)| {
                    let entry = live.entries.get(&access.principal_arn)?;
                    Some((name, access.observed(entry)))
                });
                known.collect()
            });
            self.addons = std::mem::take(&mut self.addons)
                .into_keys()
                .filter_map(|name| {
                    let addon = Addon::observed(live.addons.get(&name)?);
                    Some((name, addon))
                })
                .collect();
        }
    }

    /// What is configured of the cluster itself.
    fn observe_settings(&mut self, cluster: &Cluster) {
        if let Some(version) = cluster.version() {
            version.clone_into(&mut self.version);
        }
        self.role_arn = text(cluster.role_arn());
        if let Some(network) = cluster.resources_vpc_config() {
            self.vpc_config.observe(network);
        }
        if let Some(network) = cluster.kubernetes_network_config() {
            self.kubernetes_network_config = Attr::Known(NetworkConfig {
                service_ipv4_cidr: text(network.service_ipv4_cidr()),
                ip_family: text(network.ip_family().map(types::IpFamily::as_str)),
            });
        }
        self.enabled_cluster_log_types = logged(cluster.logging());
        let encryption = cluster.encryption_config().first();
        let key = encryption
            .and_then(|encryption| encryption.provider())
            .and_then(types::Provider::key_arn);
        self.encryption_key_arn = key.map(str::to_owned);
        let compute = cluster
            .compute_config()
            .filter(|compute| compute.enabled() == Some(true));
        self.auto_mode = compute.map(|compute| AutoMode {
            node_pools: compute.node_pools().iter().cloned().collect(),
            node_role_arn: text(compute.node_role_arn()),
        });
        let support = cluster.upgrade_policy().and_then(|policy| policy.support_type());
        if let Some(support) = support {
            support.as_str().clone_into(&mut self.support_type);
        }
        let shift = cluster.zonal_shift_config().and_then(|config| config.enabled());
        self.zonal_shift = shift.unwrap_or_default();
        self.deletion_protection = cluster.deletion_protection().unwrap_or_default();
    }

    /// What follows from it.
    fn observe_outcome(&mut self, cluster: &Cluster, region: &str) {
        let network = cluster.resources_vpc_config();
        let authority = cluster.certificate_authority();
        let oidc = cluster.identity().and_then(|identity| identity.oidc());
        self.arn = text(cluster.arn());
        self.status = text(cluster.status().map(types::ClusterStatus::as_str));
        self.health_issues = Attr::Known(issues(cluster));
        self.platform_version = text(cluster.platform_version());
        self.endpoint = text(cluster.endpoint().filter(|endpoint| !endpoint.is_empty()));
        self.certificate_authority_data = text(authority.and_then(types::Certificate::data));
        self.vpc_id = text(network.and_then(|network| network.vpc_id()));
        self.cluster_security_group_id = text(network.and_then(|network| network.cluster_security_group_id()));
        self.oidc_issuer = text(oidc.and_then(types::Oidc::issuer));
        self.kubernetes = match &self.endpoint {
            Attr::Known(_) => Attr::Known(way(&self.name, region)),
            _ => Attr::Null,
        };
    }

    /// A cluster of which only what EKS knows is known.
    pub(super) fn imported(cluster: &Cluster, name: String, defaults: &Tags) -> Self {
        EksClusterModel {
            name,
            version: String::new(),
            allow_rollback: false,
            role_arn: Attr::Null,
            vpc_config: VpcConfig {
                subnet_ids: BTreeSet::new(),
                security_group_ids: None,
                endpoint_private_access: false,
                endpoint_public_access: false,
                public_access_cidrs: None,
            },
            kubernetes_network_config: Attr::Null,
            enabled_cluster_log_types: logged(cluster.logging()),
            log_retention_in_days: 0,
            encryption_key_arn: None,
            access: None,
            auto_mode: None,
            support_type: String::new(),
            zonal_shift: false,
            deletion_protection: false,
            addons: super::defaults::ADDONS
                .map(|name| (name.to_owned(), Addon::default()))
                .into(),
            tags: tags::of_user(&tags_of(cluster), defaults),
            arn: Attr::Null,
            status: Attr::Null,
            health_issues: Attr::Null,
            platform_version: Attr::Null,
            endpoint: Attr::Null,
            certificate_authority_data: Attr::Null,
            vpc_id: Attr::Null,
            cluster_security_group_id: Attr::Null,
            oidc_issuer: Attr::Null,
            kubernetes: Attr::Null,
            timeouts: Timeouts::default(),
        }
    }
}

impl VpcConfig {
    fn observe(&mut self, network: &types::VpcConfigResponse) {
        self.subnet_ids = network.subnet_ids().iter().cloned().collect();
        let groups: BTreeSet<String> = network.security_group_ids().iter().cloned().collect();
        self.security_group_ids = (!groups.is_empty()).then_some(groups);
        self.endpoint_private_access = network.endpoint_private_access();
        self.endpoint_public_access = network.endpoint_public_access();
        // EKS has some in any case; without a public endpoint they mean nothing.
        if self.endpoint_public_access {
            self.public_access_cidrs = Some(network.public_access_cidrs().iter().cloned().collect());
        }
    }
}

impl Access {
    fn observed(mut self, live: &Entry) -> Self {
        self.policies = observed_policies(&self.principal_arn, self.policies.as_ref(), &live.policies);
        let groups: BTreeSet<String> = live.entry.kubernetes_groups().iter().cloned().collect();
        self.kubernetes_groups = (!groups.is_empty()).then_some(groups);
        self
    }
}

impl Addon {
    fn observed(live: &types::Addon) -> Self {
        Addon {
            version: text(live.addon_version()),
            configuration_values: live
                .configuration_values()
                .filter(|values| *values != "{}")
                .map(str::to_owned),
        }
    }
}

/// The way into a cluster: its API server is looked up at each use, as its authority may change.
fn way(name: &str, region: &str) -> Kubernetes {
    Kubernetes {
        eks: Some(Eks {
            cluster_name: name.to_owned(),
            region: Some(region.to_owned()),
            role_arn: None,
        }),
        ..Kubernetes::default()
    }
}

/// What the control plane logs.
pub(super) fn logged(logging: Option<&Logging>) -> BTreeSet<String> {
    let setups = logging.map(Logging::cluster_logging).unwrap_or_default();
    let enabled = setups.iter().filter(|setup| setup.enabled() == Some(true));
    let types = enabled.flat_map(|setup| setup.types());
    types.map(|kind| kind.as_str().to_owned()).collect()
}

fn text(value: Option<&str>) -> Attr<String> {
    value.map(str::to_owned).into()
}
