//! From the attributes of `ingress` to the way in.

use crate::cht::instance::model::{self, IngressKind};
use crate::cht::instance::spec;

/// The Ingress of a model; none where the model has none.
pub(super) fn ingress(ingress: Option<&model::Ingress>) -> spec::Ingress {
    let defaults = spec::Ingress::default();
    let Some(ingress) = ingress else {
        return spec::Ingress {
            enabled: false,
            ..defaults
        };
    };
    let positive =
        |number: Option<i64>, default: u32| number.and_then(|number| number.try_into().ok()).unwrap_or(default);
    spec::Ingress {
        enabled: true,
        class: ingress.class.clone(),
        controller: controller(ingress),
        annotations: ingress.annotations.clone().unwrap_or_default(),
        labels: ingress.labels.clone().unwrap_or_default(),
        tls: ingress.tls.as_ref().map_or(spec::Tls::None, tls),
        timeout_seconds: positive(ingress.timeout_seconds, defaults.timeout_seconds),
        body_size_mib: positive(ingress.body_size_mib, defaults.body_size_mib),
    }
}

impl model::Ingress {
    /// The kind of its controller.
    pub(in crate::cht::instance) fn controller_kind(&self) -> IngressKind {
        IngressKind::of(
            self.kind.as_deref(),
            self.class.as_deref(),
            self.alb.is_some(),
            self.gce.is_some(),
        )
    }
}

fn controller(ingress: &model::Ingress) -> spec::Controller {
    match ingress.controller_kind() {
        IngressKind::Traefik => spec::Controller::Traefik,
        IngressKind::Nginx => spec::Controller::Nginx,
        IngressKind::Alb => spec::Controller::Alb(alb(ingress.alb.clone().unwrap_or_default())),
        IngressKind::Gce => spec::Controller::Gce(gce(ingress.gce.clone().unwrap_or_default())),
        IngressKind::Other => spec::Controller::Other,
    }
}

fn alb(alb: model::Alb) -> spec::Alb {
    let defaults = spec::Alb::default();
    spec::Alb {
        group_name: alb.group_name,
        scheme: alb.scheme.unwrap_or(defaults.scheme),
        target_type: match alb.target_type.as_deref() {
            Some("instance") => spec::TargetType::Instance,
            _ => spec::TargetType::Ip,
        },
        tags: alb.tags.unwrap_or_default(),
        subnets: alb.subnets.unwrap_or_default(),
        security_groups: alb.security_groups.unwrap_or_default(),
        ssl_policy: alb.ssl_policy,
        ssl_redirect: alb.ssl_redirect.unwrap_or(defaults.ssl_redirect),
        health_check_path: alb.health_check_path.unwrap_or(defaults.health_check_path),
    }
}

fn gce(gce: model::Gce) -> spec::Gce {
    spec::Gce {
        static_ip_name: gce.static_ip_name,
        backend_config: gce.backend_config,
    }
}

fn tls(tls: &model::Tls) -> spec::Tls {
    let arn = tls.acm_certificate_arn.as_ref().map(|arn| arn.as_str().to_owned());
    let named = [
        tls.secret_name.clone().map(spec::Tls::SecretName),
        arn.map(spec::Tls::Acm),
        tls.managed_certificate.clone().map(spec::Tls::Managed),
        tls.cluster_issuer.clone().map(spec::Tls::ClusterIssuer),
        tls.issuer.clone().map(spec::Tls::Issuer),
    ];
    let given = || {
        Some(spec::Tls::Certificate {
            certificate: tls.certificate.clone()?,
            // A write-only key is not known where a plan is tried, which only asks whether there may be such a Secret.
            private_key: tls.given_key().cloned().unwrap_or_default(),
        })
    };
    named.into_iter().flatten().next().or_else(given).unwrap_or_default()
}
