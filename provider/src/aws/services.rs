//! The clients of the services, and where these are.

use aws_config::SdkConfig;

use super::attribute::Endpoints;
use super::retries::Retries;

/// One client for each service. Making them asks nothing and nobody.
pub(super) struct Services {
    pub(super) acm: aws_sdk_acm::Client,
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) dlm: aws_sdk_dlm::Client,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) eks: aws_sdk_eks::Client,
    pub(super) load_balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) route53: aws_sdk_route53::Client,
    pub(super) service_quotas: aws_sdk_servicequotas::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

/// The client of a service, at the address that is given for it.
macro_rules! client {
    ($sdk:ident, $config:expr, $retries:expr, $url:expr) => {{
        let mut of_service = $sdk::config::Builder::from($config)
            .retry_classifier($retries.clone())
            .interceptor($retries.clone());
        if let Some(url) = $url {
            of_service = of_service.endpoint_url(url);
        }
        $sdk::Client::from_conf(of_service.build())
    }};
}

impl Services {
    /// The clients, at the addresses that are given; else at those that the environment, the profile or the region has.
    pub(super) fn new(sdk: &SdkConfig, retries: &Retries, at: Endpoints) -> Self {
        Services {
            acm: client!(aws_sdk_acm, sdk, retries, at.acm),
            autoscaling: client!(aws_sdk_autoscaling, sdk, retries, at.autoscaling),
            dlm: client!(aws_sdk_dlm, sdk, retries, at.dlm),
            ec2: client!(aws_sdk_ec2, sdk, retries, at.ec2),
            eks: client!(aws_sdk_eks, sdk, retries, at.eks),
            load_balancing: client!(aws_sdk_elasticloadbalancingv2, sdk, retries, at.elasticloadbalancing),
            iam: client!(aws_sdk_iam, sdk, retries, at.iam),
            logs: client!(aws_sdk_cloudwatchlogs, sdk, retries, at.logs),
            route53: client!(aws_sdk_route53, sdk, retries, at.route53),
            service_quotas: client!(aws_sdk_servicequotas, sdk, retries, at.servicequotas),
            sts: client!(aws_sdk_sts, sdk, retries, at.sts),
        }
    }
}
