//! The attributes of `cht_eks_load_balancer_controller`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::custom_types::{Arn, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::rules;
use crate::kubernetes::component::resource::registry;
use crate::kubernetes::{Eks, Kubernetes};

/// The controller in the cluster.
pub(super) const CONTROLLER: &str = "controller";
/// That of EKS Auto Mode.
pub(super) const AUTO: &str = "auto";

/// Manages what gives Ingresses of an EKS cluster load balancers: the AWS Load Balancer Controller, with its role, its
/// objects in the cluster and an ingress class; or, with `mode = "auto"`, an ingress class of EKS Auto Mode.
///
/// Creation ends when the controller runs. Take `kubernetes` of this resource for what has Ingresses: such as for each
/// `cht_instance`: then they are made after the controller, and destroyed before it. It has to be there to remove their
/// load balancers. As long as there are Ingresses that it serves, it is not destroyed.
///
/// The role is given to the controller by a pod identity association, for which the cluster needs the add-on
/// `eks-pod-identity-agent`. It may change and delete only what has the tag `elbv2.k8s.aws/cluster`, which the
/// controller sets. Subnets for load balancers are found by the tag `kubernetes.io/role/elb`, or
/// `kubernetes.io/role/internal-elb` for those that are internal.
///
/// The controller becomes the default of nothing: Services of the type `LoadBalancer` are served only if their class
/// is `service.k8s.aws/nlb`.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "20m", read = "5m", update = "20m", delete = "30m"))]
pub struct LoadBalancerControllerModel {
    /// Name of the EKS cluster. Default: the one in `kubernetes.eks`.
    #[tf(
        optional,
        keep,
        replace,
        at_least_one_of(kubernetes),
        validate(rules::cluster_name())
    )]
    pub cluster_name: Attr<String>,
    /// The way to the cluster. Default: the name of the cluster, with the provider's `aws`. What is made after the
    /// controller takes the value from here: where it is not given, it is known when the controller runs.
    #[tf(optional, keep_non_null)]
    pub kubernetes: Attr<Kubernetes>,
    /// Who makes load balancers: `controller` for the AWS Load Balancer Controller, which is installed, or `auto` for
    /// EKS Auto Mode, which the cluster has to have.
    #[tf(default = CONTROLLER, replace, validate(Validator::one_of([CONTROLLER, AUTO])))]
    pub mode: String,
    /// Name of the ingress class that is made. In Auto Mode there can be several, each of a resource of its own.
    #[tf(default = "alb", replace, validate(Validator::dns_label(), Validator::length(1..=40)))]
    pub ingress_class: String,
    /// Group of all Ingresses of the class: they share one load balancer. Without it, each Ingress has one of its own,
    /// unless it names its group itself. In Auto Mode Ingresses cannot do that: give each group a class.
    #[tf(validate(group()))]
    pub group_name: Option<String>,
    /// Who reaches the load balancers of all Ingresses of the class: `internet-facing` or `internal`. Default: what the
    /// Ingress says.
    #[tf(validate(Validator::one_of(["internet-facing", "internal"])))]
    pub scheme: Option<String>,
    /// ARNs of the certificates of ACM that all Ingresses of the class have. Default: those that the Ingress names.
    #[tf(validate(Validator::not_empty()))]
    pub certificate_arns: Option<BTreeSet<Text<Arn>>>,
    /// Ids of the subnets of all load balancers of the class, in two zones at least. Default: those that have the tag.
    #[tf(validate(Validator::length(2..=20), Validator::each(Validator::matches("^subnet-[0-9a-f]+$", "the id of a subnet"))))]
    pub subnet_ids: Option<BTreeSet<String>>,
    /// Id of the VPC of the cluster. Default: looked up in EKS. With `mode = "auto"` it has no effect, as all that
    /// follows but `tags`.
    #[tf(
        optional,
        keep_non_null,
        validate(Validator::matches("^vpc-[0-9a-f]+$", "the id of a VPC"))
    )]
    pub vpc_id: Attr<String>,
    /// Version of the controller, as its image is tagged. Default: `v3.5.0`, as long as nothing else is given.
    #[tf(
        optional,
        keep_non_null,
        validate(Validator::matches(
            r"^v[3-9]\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$",
            "a version from v3 on, such as `v3.5.0`"
        ))
    )]
    pub version: Attr<String>,
    /// Registry that the image `aws-load-balancer-controller` is pulled from, with a path if need be.
    #[tf(default = "public.ecr.aws/eks", validate(registry()))]
    pub image_registry: String,
    /// How many controllers there are: one works, the others wait to take its place.
    #[tf(default = 2, validate(Validator::between(1..=5)))]
    pub replicas: u16,
    /// Name of the role that is made for the controller. Default: the name of the cluster, and
    /// `-load-balancer-controller`.
    #[tf(
        optional,
        keep_non_null,
        replace,
        validate(Validator::matches(
            r"^[0-9A-Za-z+=,.@_-]{1,64}$",
            "a name of 1 to 64 letters, digits and characters of `+=,.@_-`"
        ))
    )]
    pub role_name: Attr<String>,
    /// ARN of the role.
    #[tf(keep_non_null)]
    pub role_arn: Attr<String>,
    /// Id of the pod identity association by which the controller has the role.
    #[tf(keep_non_null)]
    pub association_id: Attr<String>,
    /// Whether Ingresses that are being deleted are let go although the controller cannot run any more, as without
    /// nodes. Their load balancers then stay in AWS, until `cht_vpc` removes them or you do. Apply it before you
    /// destroy.
    #[tf(default = false)]
    pub force_finalizers: bool,
    /// Tags of the role and of all that the controller makes, beside the provider's `default_tags`. What the controller
    /// makes does not get tags with commas or equals signs in them.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// What differs in AWS or in the cluster from what is configured, one line for each difference. The next apply
    /// repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names an ingress class of a cluster, and with it who serves it.
#[derive(Clone, Debug, Identity)]
pub struct LoadBalancerControllerIdentity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// Name of the ingress class.
    pub ingress_class: String,
}

impl IdentityOf<LoadBalancerControllerModel> for LoadBalancerControllerIdentity {
    fn of(model: &LoadBalancerControllerModel) -> Option<Self> {
        Some(LoadBalancerControllerIdentity {
            cluster_name: model.cluster_name.known()?.clone(),
            ingress_class: model.ingress_class.clone(),
        })
    }
}

impl LoadBalancerControllerModel {
    /// One of which only the names are known.
    pub(super) fn named(cluster_name: String, ingress_class: String) -> Self {
        LoadBalancerControllerModel {
            cluster_name: Attr::Known(cluster_name),
            kubernetes: Attr::Null,
            mode: CONTROLLER.to_owned(),
            ingress_class,
            group_name: None,
            scheme: None,
            certificate_arns: None,
            subnet_ids: None,
            vpc_id: Attr::Null,
            version: Attr::Null,
            image_registry: "public.ecr.aws/eks".to_owned(),
            replicas: 2,
            role_name: Attr::Null,
            role_arn: Attr::Null,
            association_id: Attr::Null,
            force_finalizers: false,
            tags: None,
            drift: Attr::Known(Vec::new()),
            timeouts: Timeouts::default(),
        }
    }

    /// Whether EKS itself makes load balancers.
    pub(super) fn is_auto(&self) -> bool {
        self.mode == AUTO
    }

    /// Name of the cluster: the one that is given, or that of the way to it.
    pub(super) fn cluster(&self) -> Option<&str> {
        let way = self.kubernetes.known().and_then(|way| way.eks.as_ref());
        let of_way = way.map(|eks| eks.cluster_name.as_str());
        self.cluster_name.known().map(String::as_str).or(of_way)
    }

    /// The way to the cluster.
    pub(super) fn way(&self) -> Option<Kubernetes> {
        let by_name = || Some(by_name(self.cluster()?));
        self.kubernetes.known().cloned().or_else(by_name)
    }
}

/// The way to a cluster of which nothing but its name is known.
pub(super) fn by_name(cluster: &str) -> Kubernetes {
    Kubernetes {
        eks: Some(Eks {
            cluster_name: cluster.to_owned(),
            region: None,
            role_arn: None,
        }),
        ..Kubernetes::default()
    }
}

fn group() -> Validator {
    Validator::matches(
        r"^[0-9a-z]([0-9a-z.-]{0,61}[0-9a-z])?$",
        "a name of 1 to 63 lower-case letters, digits, hyphens and dots",
    )
}
