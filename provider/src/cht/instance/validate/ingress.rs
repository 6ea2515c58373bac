//! Rules for `ingress`: what fits which kind of controller.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::model::{Ingress, IngressDraft, IngressKind, InstanceModel, Tls, TlsDraft};

/// The longest time that a load balancer of AWS keeps a quiet connection open.
const ALB_TIMEOUT_SECONDS: i64 = 4000;

/// Checks what concerns more than one attribute of `ingress`.
pub(super) fn validate(ingress: &IngressDraft, diagnostics: &mut Diagnostics) {
    if let Attr::Known(tls) = &ingress.tls {
        validate_key(tls, diagnostics);
    }
    let Some(kind) = kind(ingress) else { return };
    validate_load_balancer(kind, ingress, diagnostics);
    if let Attr::Known(tls) = &ingress.tls {
        validate_source(kind, tls, diagnostics);
    }
    validate_limits(kind, ingress, diagnostics);
}

/// The kind of the controller, if what decides it is known.
fn kind(ingress: &IngressDraft) -> Option<IngressKind> {
    let text = |attr: &'_ Attr<String>| match attr {
        Attr::Unknown => None,
        Attr::Null => Some(None),
        Attr::Known(text) => Some(Some(text.clone())),
    };
    let (kind, class) = (text(&ingress.kind)?, text(&ingress.class));
    let (alb, gce) = (!ingress.alb.is_null(), !ingress.gce.is_null());
    // The class counts only where nothing else decides.
    let class = if kind.is_some() || alb || gce { None } else { class? };
    Some(IngressKind::of(kind.as_deref(), class.as_deref(), alb, gce))
}

fn validate_key(tls: &TlsDraft, diagnostics: &mut Diagnostics) {
    if !tls.certificate.is_null() && tls.private_key.is_null() && tls.private_key_wo.is_null() {
        let detail =
            "`certificate` needs its key: give `private_key`, or `private_key_wo` with `private_key_wo_version`.";
        diagnostics.push(Diagnostic::error("Private key is missing", detail).at(in_tls(Tls::PRIVATE_KEY)));
    }
}

fn validate_load_balancer(kind: IngressKind, ingress: &IngressDraft, diagnostics: &mut Diagnostics) {
    for (attribute, given, fits) in [
        (Ingress::ALB, !ingress.alb.is_null(), kind == IngressKind::Alb),
        (Ingress::GCE, !ingress.gce.is_null(), kind == IngressKind::Gce),
    ] {
        if given && !fits {
            let detail = format!(
                "`{attribute}` is for the kind `{attribute}` of ingress controllers, and `kind` is another one. Remove one of \
                 them."
            );
            diagnostics.push(Diagnostic::error("Settings of another ingress controller", detail).at(path(attribute)));
        }
    }
}

/// Where a certificate comes from decides who has to serve it.
fn validate_source(kind: IngressKind, tls: &TlsDraft, diagnostics: &mut Diagnostics) {
    let of_cluster = [
        (Tls::CERTIFICATE, !tls.certificate.is_null()),
        (Tls::SECRET_NAME, !tls.secret_name.is_null()),
        (Tls::CLUSTER_ISSUER, !tls.cluster_issuer.is_null()),
        (Tls::ISSUER, !tls.issuer.is_null()),
    ];
    let of_cloud = [
        (
            Tls::ACM_CERTIFICATE_ARN,
            !tls.acm_certificate_arn.is_null(),
            IngressKind::Alb,
            "alb",
        ),
        (
            Tls::MANAGED_CERTIFICATE,
            !tls.managed_certificate.is_null(),
            IngressKind::Gce,
            "gce",
        ),
    ];
    if kind == IngressKind::Alb {
        for (attribute, _) in of_cluster.into_iter().filter(|(_, given)| *given) {
            let detail = "An AWS load balancer takes no certificate from the cluster. Give `acm_certificate_arn`, or remove \
                          `tls`: the certificate of ACM that is for the host is found then.";
            diagnostics
                .push(Diagnostic::error("Load balancer cannot use this certificate", detail).at(in_tls(attribute)));
        }
    }
    for (attribute, given, only, name) in of_cloud {
        if given && kind != only {
            let detail = format!(
                "`{attribute}` is for the kind `{name}` of ingress controllers. Set `kind = \"{name}\"`, or give a \
                 certificate that this controller can use."
            );
            diagnostics.push(Diagnostic::error("Ingress cannot use this certificate", detail).at(in_tls(attribute)));
        }
    }
}

fn validate_limits(kind: IngressKind, ingress: &IngressDraft, diagnostics: &mut Diagnostics) {
    if let Attr::Known(seconds) = ingress.timeout_seconds
        && kind == IngressKind::Alb
        && seconds > ALB_TIMEOUT_SECONDS
    {
        let detail = format!("An AWS load balancer allows at most {ALB_TIMEOUT_SECONDS} seconds.");
        diagnostics.push(Diagnostic::error("Timeout is too long", detail).at(path(Ingress::TIMEOUT_SECONDS)));
    }
    if kind == IngressKind::Gce && has_no_backend_config(ingress) {
        let detail = "Google's load balancer ends every request after 30 seconds, which phones need longer to synchronize. Make \
                      a BackendConfig that sets `timeoutSec` and name it in `gce.backend_config`.";
        diagnostics.push(Diagnostic::warning("Requests end after 30 seconds", detail).at(path(Ingress::GCE)));
    }
    let tells_timeout = matches!(kind, IngressKind::Nginx | IngressKind::Alb);
    let tells_body_size = kind == IngressKind::Nginx;
    for (attribute, given, told) in [
        (
            Ingress::TIMEOUT_SECONDS,
            !ingress.timeout_seconds.is_null(),
            tells_timeout,
        ),
        (
            Ingress::BODY_SIZE_MIB,
            !ingress.body_size_mib.is_null(),
            tells_body_size,
        ),
    ] {
        if given && !told {
            let how = match (kind, attribute) {
                (IngressKind::Traefik, Ingress::TIMEOUT_SECONDS) => {
                    "its entry points have `respondingTimeouts`, which the guide on one server sets for the Traefik of k3s, once for \
                     the whole cluster. Remove it here."
                }
                _ => "it is set in the controller's own configuration, or in `annotations` that the controller knows.",
            };
            let detail = format!("An Ingress has no way to tell this kind of controller of `{attribute}`: {how}");
            diagnostics.push(Diagnostic::warning("Setting has no effect", detail).at(path(attribute)));
        }
    }
}

fn has_no_backend_config(ingress: &IngressDraft) -> bool {
    match &ingress.gce {
        Attr::Null => true,
        Attr::Known(gce) => gce.backend_config.is_null(),
        Attr::Unknown => false,
    }
}

fn path(attribute: &str) -> Path {
    Path::new(InstanceModel::INGRESS).attribute(attribute)
}

fn in_tls(attribute: &str) -> Path {
    path(Ingress::TLS).attribute(attribute)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::check;

    const ARN: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/a";

    fn ingress(ingress: Json, expected: &[&str]) {
        check(json!({"ingress": ingress}), expected);
    }

    #[test]
    fn a_certificate_needs_one_of_its_keys() {
        ingress(json!({"tls": {"secret_name": "a"}}), &[]);
        let certificate = crate::cht::instance::fixtures::Authority::new("CA").issue(&["kisumu.health.example"]);
        let tls = |key: &str| json!({"tls": {"certificate": certificate.certificate, key: certificate.key()}});
        ingress(tls("private_key"), &[]);
        ingress(tls("private_key_wo"), &[]);
        ingress(
            json!({"tls": {"certificate": certificate.certificate}}),
            &["ingress.tls.private_key"],
        );
    }

    #[test]
    fn v09_each_source_of_a_certificate_is_for_who_can_use_it() {
        for class in ["traefik", "nginx", "other"] {
            for source in ["secret_name", "cluster_issuer", "issuer"] {
                ingress(json!({"class": class, "tls": {source: "a"}}), &[]);
            }
            for (source, value) in [("acm_certificate_arn", ARN), ("managed_certificate", "a")] {
                let path = format!("ingress.tls.{source}");
                ingress(json!({"class": class, "tls": {source: value}}), &[&path]);
            }
        }
        ingress(json!({"class": "alb", "tls": {"acm_certificate_arn": ARN}}), &[]);
        ingress(
            json!({"alb": {}, "class": "public", "tls": {"acm_certificate_arn": ARN}}),
            &[],
        );
        for source in ["secret_name", "cluster_issuer", "issuer"] {
            let path = format!("ingress.tls.{source}");
            ingress(json!({"kind": "alb", "tls": {source: "a"}}), &[&path]);
        }
        let gce = json!({"backend_config": "long"});
        for source in ["secret_name", "cluster_issuer", "managed_certificate"] {
            ingress(json!({"gce": gce, "tls": {source: "a"}}), &[]);
        }
    }

    #[test]
    fn settings_of_a_load_balancer_are_for_its_kind() {
        ingress(json!({"kind": "nginx", "alb": {}}), &["ingress.alb"]);
        ingress(json!({"kind": "alb", "gce": {"backend_config": "a"}}), &["ingress.gce"]);
        ingress(json!({"class": "nginx", "alb": {}}), &[]);
    }

    #[test]
    fn limits_that_cannot_be_kept_are_told() {
        let both = |class: &str| json!({"class": class, "timeout_seconds": 3600, "body_size_mib": 64});
        let (timeout, body_size) = ("ingress.timeout_seconds", "ingress.body_size_mib");
        ingress(both("nginx"), &[]);
        ingress(both("alb"), &[body_size]);
        ingress(both("traefik"), &[timeout, body_size]);
        ingress(json!({"class": "traefik"}), &[]);
        ingress(json!({"class": "alb", "timeout_seconds": 4001}), &[timeout]);
        ingress(json!({"class": "gce"}), &["ingress.gce"]);
    }
}
