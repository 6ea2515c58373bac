//! Reads the ingress: host, class, certificate, and what its controller is told.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::Ingress as Live;

use super::arguments::filled;
use super::pods::given;
use super::site::Site;
use crate::cht::instance::model::{Alb, Gce, Ingress, IngressKind, Tls};
use crate::cht::instance::objects;

const CLASS: &str = "kubernetes.io/ingress.class";
const STATIC_IP: &str = "kubernetes.io/ingress.global-static-ip-name";
const MANAGED_CERTIFICATE: &str = "networking.gke.io/managed-certificates";
const ALB: &str = "alb.ingress.kubernetes.io/";

/// The host, empty where the ingress has none, and the ingress, if there is one.
pub(super) fn read(site: &Site<'_>) -> (String, Option<Ingress>) {
    let Some(live) = site.ingress(objects::INGRESS) else {
        return (String::new(), None);
    };
    let rules = live.spec.as_ref().and_then(|spec| spec.rules.as_ref());
    let host = rules.and_then(|rules| rules.first()?.host.clone());
    (host.unwrap_or_default(), Some(ingress(&live)))
}

fn ingress(live: &Live) -> Ingress {
    let mut annotations = Annotations(live.metadata.annotations.clone().unwrap_or_default());
    let spec = live.spec.clone().unwrap_or_default();
    let class = spec.ingress_class_name.or_else(|| annotations.take(CLASS));
    let kind = IngressKind::of(None, class.as_deref(), false, false);
    let secret_name = spec.tls.and_then(|tls| tls.first()?.secret_name.clone());
    let mut tls = Tls {
        secret_name,
        ..Tls::default()
    };
    let (mut alb, mut gce) = (None, None);
    match kind {
        IngressKind::Alb => {
            tls.acm_certificate_arn = annotations.take_alb("certificate-arn").and_then(|arn| arn.parse().ok());
            alb = given(annotations.alb());
        }
        IngressKind::Gce => {
            tls.managed_certificate = annotations.take(MANAGED_CERTIFICATE);
            gce = given(Gce {
                static_ip_name: annotations.take(STATIC_IP),
                backend_config: None,
            });
        }
        IngressKind::Traefik | IngressKind::Nginx | IngressKind::Other => {}
    }
    Ingress {
        class,
        annotations: annotations.others(kind),
        labels: labels(live),
        tls: given(tls),
        alb,
        gce,
        ..Ingress::default()
    }
}

/// The labels that are not ours, nor Helm's.
fn labels(live: &Live) -> Option<BTreeMap<String, String>> {
    let mut labels = live.metadata.labels.clone().unwrap_or_default();
    labels.retain(|name, _| !name.starts_with("app.kubernetes.io/") && !name.starts_with("cht.terraform.io/"));
    filled(labels)
}

/// The annotations that were not read yet.
struct Annotations(BTreeMap<String, String>);

impl Annotations {
    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn take_alb(&mut self, name: &str) -> Option<String> {
        self.take(&format!("{ALB}{name}"))
    }

    /// What a load balancer of AWS is told. What is as usual is left out, except that requests are redirected only if
    /// that is said.
    fn alb(&mut self) -> Alb {
        let list = |text: String| text.split(',').map(|element| element.trim().to_owned()).collect();
        let redirects = self.take_alb("ssl-redirect").is_some();
        Alb {
            group_name: self.take_alb("group.name"),
            scheme: self.take_alb("scheme").filter(|scheme| scheme != "internet-facing"),
            target_type: self.take_alb("target-type").filter(|target| target != "ip"),
            tags: self.take_alb("tags").map(|text| tags(&text)),
            subnets: self.take_alb("subnets").map(list),
            security_groups: self.take_alb("security-groups").map(list),
            ssl_policy: self.take_alb("ssl-policy"),
            ssl_redirect: (!redirects).then_some(false),
            health_check_path: self.take_alb("healthcheck-path"),
        }
    }

    /// What is left and not said by us in the same words. Notes of tools are none of the instance.
    fn others(mut self, kind: IngressKind) -> Option<BTreeMap<String, String>> {
        self.0
            .retain(|name, _| !name.starts_with("meta.helm.sh/") && !name.starts_with("kubectl.kubernetes.io/"));
        if kind == IngressKind::Alb {
            let usual = [
                ("healthcheck-port", "traffic-port"),
                ("listen-ports", r#"[{"HTTP": 80}, {"HTTPS": 443}]"#),
            ];
            for (name, value) in usual {
                let name = format!("{ALB}{name}");
                if self.0.get(&name).is_some_and(|live| live == value) {
                    self.0.remove(&name);
                }
            }
        }
        filled(self.0)
    }
}

/// `Environment=prod,Team=ops`.
fn tags(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tf_framework::ToValue;

    use super::*;

    fn read(annotations: serde_json::Value, spec: serde_json::Value) -> Ingress {
        let live = json!({"metadata": {"annotations": annotations, "labels": {
            "app.kubernetes.io/managed-by": "Helm", "team": "kisumu"}}, "spec": spec});
        ingress(&serde_json::from_value(live).expect("an ingress"))
    }

    fn text(map: &Option<BTreeMap<String, String>>) -> Vec<(&str, &str)> {
        let pairs = map.iter().flatten();
        pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn a_load_balancer_of_aws_is_read_and_what_is_as_usual_is_left_out() {
        let read = read(
            json!({
                "alb.ingress.kubernetes.io/scheme": "internet-facing", "alb.ingress.kubernetes.io/target-type": "ip",
                "alb.ingress.kubernetes.io/group.name": "shared", "alb.ingress.kubernetes.io/tags": "a=1, b=2",
                "alb.ingress.kubernetes.io/ssl-redirect": "443", "alb.ingress.kubernetes.io/healthcheck-port": "traffic-port",
                "alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:eu-west-2:720541322708:certificate/1",
                "alb.ingress.kubernetes.io/wafv2-acl-arn": "acl", "meta.helm.sh/release-name": "county",
            }),
            json!({"ingressClassName": "alb"}),
        );
        assert_eq!(read.class.as_deref(), Some("alb"));
        assert_eq!(
            text(&read.annotations),
            [("alb.ingress.kubernetes.io/wafv2-acl-arn", "acl")]
        );
        assert_eq!(text(&read.labels), [("team", "kisumu")]);
        let alb = read.alb.expect("it says something");
        assert_eq!(
            (alb.group_name.as_deref(), alb.scheme, alb.ssl_redirect),
            (Some("shared"), None, None)
        );
        assert_eq!(text(&alb.tags), [("a", "1"), ("b", "2")]);
        let arn = read.tls.and_then(|tls| tls.acm_certificate_arn).expect("an ARN");
        assert_eq!(arn.as_str(), "arn:aws:acm:eu-west-2:720541322708:certificate/1");
    }

    #[test]
    fn google_has_its_class_in_an_annotation_and_k3s_its_certificate_in_a_secret() {
        let google = read(
            json!({CLASS: "gce", STATIC_IP: "cht-api-ip", MANAGED_CERTIFICATE: "cht-api-cert"}),
            json!({}),
        );
        assert_eq!(google.class.as_deref(), Some("gce"));
        assert_eq!(
            google.gce.and_then(|gce| gce.static_ip_name).as_deref(),
            Some("cht-api-ip")
        );
        let certificate = google.tls.and_then(|tls| tls.managed_certificate);
        assert_eq!(certificate.as_deref(), Some("cht-api-cert"));
        assert_eq!(google.annotations, None);
        let k3s = read(
            json!({}),
            json!({"tls": [{"hosts": ["a.example"], "secretName": "api-tls-secret"}]}),
        );
        assert_eq!(
            k3s.tls.and_then(|tls| tls.secret_name).as_deref(),
            Some("api-tls-secret")
        );
        let bare = Ingress {
            labels: None,
            ..read(json!({}), json!({}))
        };
        assert_eq!(bare.to_value(), Ingress::default().to_value());
    }
}
