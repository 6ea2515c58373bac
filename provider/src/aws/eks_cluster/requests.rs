//! What EKS is asked for: a new cluster, and changes of one, of which each request has a single aspect.

use aws_sdk_eks::operation::create_cluster::CreateClusterInput;
use aws_sdk_eks::operation::create_cluster::builders::CreateClusterInputBuilder;
use aws_sdk_eks::operation::update_cluster_config::UpdateClusterConfigInput;
use aws_sdk_eks::operation::update_cluster_config::builders::UpdateClusterConfigInputBuilder;
use aws_sdk_eks::types::{
    AuthenticationMode, BlockStorage, ComputeConfigRequest, CreateAccessConfigRequest, ElasticLoadBalancing, IpFamily,
    KubernetesNetworkConfigRequest, LogSetup, LogType, Logging, StorageConfigRequest, SupportType,
    UpgradePolicyRequest, VpcConfigRequest, ZonalShiftConfigRequest,
};

use super::super::eks::updates::encryption;
use super::super::tags::Tags;
use super::model::{EksClusterModel, LOG_TYPES, VpcConfig};
use super::roles::Roles;

/// A change of one aspect of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Aspect {
    /// What it is, as "waiting for …" goes on.
    pub(super) what: &'static str,
    /// The attribute to blame.
    pub(super) attribute: &'static str,
    /// The request.
    pub(super) request: UpdateClusterConfigInputBuilder,
}

/// A new cluster. It is protected later, when there can be something in it.
pub(super) fn new_cluster(model: &EksClusterModel, roles: &Roles, tags: &Tags) -> CreateClusterInputBuilder {
    let access = CreateAccessConfigRequest::builder()
        .authentication_mode(AuthenticationMode::Api)
        .bootstrap_cluster_creator_admin_permissions(false);
    let given = model.kubernetes_network_config.known();
    let cidr = given.and_then(|given| given.service_ipv4_cidr.known().cloned());
    let family = given.and_then(|given| given.ip_family.known());
    let mut network = KubernetesNetworkConfigRequest::builder()
        .set_service_ipv4_cidr(cidr)
        .set_ip_family(family.map(|family| IpFamily::from(family.as_str())));
    let mut new = CreateClusterInput::builder()
        .name(&model.name)
        .version(&model.version)
        .role_arn(&roles.cluster)
        .resources_vpc_config(network_of(&model.vpc_config))
        .logging(logging(model))
        .access_config(access.build())
        .bootstrap_self_managed_addons(false)
        .upgrade_policy(support(model))
        .zonal_shift_config(zonal_shift(model))
        .set_tags(Some(tags.clone().into_iter().collect()));
    if let Some(key) = &model.encryption_key_arn {
        new = new.encryption_config(encryption(key));
    }
    if model.auto_mode.is_some() {
        network = network.elastic_load_balancing(load_balancing(true));
        new = new.compute_config(compute(model, roles)).storage_config(storage(true));
    }
    new.kubernetes_network_config(network.build())
}

/// The changes by which a cluster becomes what is planned, in the order in which they are made.
pub(super) fn aspects(is: &EksClusterModel, plan: &EksClusterModel, roles: &Roles) -> Vec<Aspect> {
    let change = || UpdateClusterConfigInput::builder().name(&plan.name);
    let network = VpcConfigRequest::builder;
    let mut aspects = Vec::new();
    let mut add = |what, attribute, request| {
        aspects.push(Aspect {
            what,
            attribute,
            request,
        });
    };
    if is.enabled_cluster_log_types != plan.enabled_cluster_log_types {
        let request = change().logging(logging(plan));
        add(
            "the logs to change",
            EksClusterModel::ENABLED_CLUSTER_LOG_TYPES,
            request,
        );
    }
    if endpoint(&is.vpc_config) != endpoint(&plan.vpc_config) {
        let (private, public, cidrs) = endpoint(&plan.vpc_config);
        let endpoint = network()
            .endpoint_private_access(private)
            .endpoint_public_access(public)
            .set_public_access_cidrs(cidrs);
        let request = change().resources_vpc_config(endpoint.build());
        add("the endpoint to change", EksClusterModel::VPC_CONFIG, request);
    }
    if is.vpc_config.subnet_ids != plan.vpc_config.subnet_ids {
        let subnets = plan.vpc_config.subnet_ids.iter().cloned().collect();
        let request = change().resources_vpc_config(network().set_subnet_ids(Some(subnets)).build());
        add("the subnets to change", EksClusterModel::VPC_CONFIG, request);
    }
    if is.vpc_config.security_group_ids != plan.vpc_config.security_group_ids {
        let groups = plan.vpc_config.security_group_ids.iter().flatten().cloned().collect();
        let request = change().resources_vpc_config(network().set_security_group_ids(Some(groups)).build());
        add("the security groups to change", EksClusterModel::VPC_CONFIG, request);
    }
    if has_other_auto_mode(is, plan) {
        let is_on = plan.auto_mode.is_some();
        let load_balancing = KubernetesNetworkConfigRequest::builder().elastic_load_balancing(load_balancing(is_on));
        let request = change()
            .compute_config(compute(plan, roles))
            .kubernetes_network_config(load_balancing.build())
            .storage_config(storage(is_on));
        add("Auto Mode to change", EksClusterModel::AUTO_MODE, request);
    }
    if is.support_type != plan.support_type {
        let request = change().upgrade_policy(support(plan));
        add("the support to change", EksClusterModel::SUPPORT_TYPE, request);
    }
    if is.zonal_shift != plan.zonal_shift {
        let request = change().zonal_shift_config(zonal_shift(plan));
        add("the zonal shift to change", EksClusterModel::ZONAL_SHIFT, request);
    }
    aspects
}

/// The change by which a cluster is protected, or is not any more.
pub(super) fn protection(plan: &EksClusterModel) -> Aspect {
    Aspect {
        what: "the deletion protection to change",
        attribute: EksClusterModel::DELETION_PROTECTION,
        request: UpdateClusterConfigInput::builder()
            .name(&plan.name)
            .deletion_protection(plan.deletion_protection),
    }
}

fn network_of(config: &VpcConfig) -> VpcConfigRequest {
    let (private, public, cidrs) = endpoint(config);
    let groups = config.security_group_ids.clone();
    VpcConfigRequest::builder()
        .set_subnet_ids(Some(config.subnet_ids.iter().cloned().collect()))
        .set_security_group_ids(groups.map(|groups| groups.into_iter().collect()))
        .endpoint_private_access(private)
        .endpoint_public_access(public)
        .set_public_access_cidrs(cidrs)
        .build()
}

/// From where API servers are reached: from inside, from outside, and from which networks there.
fn endpoint(config: &VpcConfig) -> (bool, bool, Option<Vec<String>>) {
    let cidrs = config
        .public_access_cidrs
        .clone()
        .filter(|_| config.endpoint_public_access);
    (
        config.endpoint_private_access,
        config.endpoint_public_access,
        cidrs.map(|cidrs| cidrs.into_iter().collect()),
    )
}

/// What is logged and what is not, each named.
fn logging(model: &EksClusterModel) -> Logging {
    let (on, off): (Vec<&str>, Vec<&str>) = LOG_TYPES
        .into_iter()
        .partition(|kind| model.enabled_cluster_log_types.contains(*kind));
    let setups = [(on, true), (off, false)].into_iter();
    let setups = setups.filter(|(types, _)| !types.is_empty()).map(|(types, enabled)| {
        let types = types.into_iter().map(LogType::from).collect();
        LogSetup::builder().set_types(Some(types)).enabled(enabled).build()
    });
    Logging::builder().set_cluster_logging(Some(setups.collect())).build()
}

fn has_other_auto_mode(is: &EksClusterModel, plan: &EksClusterModel) -> bool {
    let pools = |model: &EksClusterModel| model.auto_mode.as_ref().map(|mode| mode.node_pools.clone());
    let role = |model: &EksClusterModel| {
        let mode = model.auto_mode.as_ref();
        mode.and_then(|mode| mode.node_role_arn.known().cloned())
    };
    pools(is) != pools(plan) || role(plan).is_some_and(|wanted| role(is).as_ref() != Some(&wanted))
}

fn compute(model: &EksClusterModel, roles: &Roles) -> ComputeConfigRequest {
    let config = ComputeConfigRequest::builder().enabled(model.auto_mode.is_some());
    match &model.auto_mode {
        None => config.build(),
        Some(mode) => config
            .set_node_pools(Some(mode.node_pools.iter().cloned().collect()))
            .set_node_role_arn(roles.nodes.clone())
            .build(),
    }
}

fn load_balancing(is_on: bool) -> ElasticLoadBalancing {
    ElasticLoadBalancing::builder().enabled(is_on).build()
}

fn storage(is_on: bool) -> StorageConfigRequest {
    let block = BlockStorage::builder().enabled(is_on).build();
    StorageConfigRequest::builder().block_storage(block).build()
}

fn support(model: &EksClusterModel) -> UpgradePolicyRequest {
    let support = SupportType::from(model.support_type.as_str());
    UpgradePolicyRequest::builder().support_type(support).build()
}

fn zonal_shift(model: &EksClusterModel) -> ZonalShiftConfigRequest {
    ZonalShiftConfigRequest::builder().enabled(model.zonal_shift).build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::Cluster;

    use super::super::model::AutoMode;
    use super::*;

    fn model() -> EksClusterModel {
        EksClusterModel::imported(&Cluster::builder().build(), "moh".to_owned(), &Tags::new())
    }

    fn roles() -> Roles {
        Roles {
            cluster: "arn:aws:iam::123456789012:role/moh".to_owned(),
            nodes: None,
        }
    }

    #[test]
    fn each_aspect_is_a_change_of_its_own_and_their_order_is_fixed() {
        let is = model();
        assert!(aspects(&is, &is, &roles()).is_empty());
        let mut plan = model();
        plan.zonal_shift = true;
        plan.support_type = "EXTENDED".to_owned();
        plan.auto_mode = Some(AutoMode {
            node_pools: ["system".to_owned()].into(),
            node_role_arn: tf_framework::Attr::Null,
        });
        plan.vpc_config.security_group_ids = Some(["sg-1".to_owned()].into());
        plan.vpc_config.subnet_ids = ["subnet-1".to_owned()].into();
        plan.vpc_config.endpoint_private_access = true;
        plan.enabled_cluster_log_types = ["audit".to_owned()].into();
        let changes: Vec<&str> = aspects(&is, &plan, &roles()).iter().map(|aspect| aspect.what).collect();
        let expected = [
            "the logs to change",
            "the endpoint to change",
            "the subnets to change",
            "the security groups to change",
            "Auto Mode to change",
            "the support to change",
            "the zonal shift to change",
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_new_cluster_has_neither_an_administrator_nor_add_ons_of_its_own() {
        let new = new_cluster(&model(), &roles(), &Tags::new()).build().unwrap();
        let access = new.access_config().unwrap();
        assert_eq!(access.authentication_mode(), Some(&AuthenticationMode::Api));
        assert_eq!(access.bootstrap_cluster_creator_admin_permissions(), Some(false));
        assert_eq!(new.bootstrap_self_managed_addons(), Some(false));
        assert_eq!(new.deletion_protection(), None, "there is nothing in it yet");
        let on = new
            .logging()
            .unwrap()
            .cluster_logging()
            .iter()
            .any(|setup| setup.enabled() == Some(true));
        assert!(!on);
    }
}
