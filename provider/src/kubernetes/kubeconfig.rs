//! `provider::cht::kubeconfig`: the way to a cluster as the file that `kubectl`, `helm` and others read.
//!
//! The format is that of the [`Config` object](https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/), with
//! the types of `kube`, which reads it in [`connection`](super::connection).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::config::{
    AuthInfo, Cluster, Context, ExecConfig, ExecInteractiveMode, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use secrecy::{ExposeSecret as _, SecretString};
use tf_framework::Parameters;
use tf_framework::function::{Function, FunctionError};

use super::attribute::Kubernetes;
use super::eks::Eks;

/// Renders a way to a cluster as a kubeconfig, for `kubectl` and whatever else reads such a file.
///
/// The result is JSON, which is YAML too. Cluster, user and context are called after the host and port in `host`. It
/// holds the credentials: it is sensitive or ephemeral if they are. For an EKS cluster it holds none, and whoever reads
/// it runs the `aws` program for tokens.
#[derive(Parameters)]
pub struct KubeconfigFunction {
    /// The way to the cluster, such as a cluster resource exports it, with `host` and credentials. Attributes that are
    /// not needed can be left out.
    kubernetes: Kubernetes,
}

impl Function for KubeconfigFunction {
    type Output = String;

    const NAME: &'static str = "kubeconfig";

    fn call(self) -> Result<String, FunctionError> {
        let refuse = |text: &str| FunctionError::new(text).at(Self::KUBERNETES);
        let kubernetes = self.kubernetes;
        if kubernetes.config_path.is_some() {
            return Err(refuse(
                "`kubernetes.config_path` names a kubeconfig, so there is nothing to render: read that file instead, for \
                 example with `file(pathexpand(...))`.",
            ));
        }
        let Some(host) = &kubernetes.host else {
            return Err(refuse("`kubernetes.host` must say where the cluster is."));
        };
        let problems: Vec<_> = kubernetes.validate().iter().map(|problem| problem.sentence()).collect();
        if !problems.is_empty() {
            return Err(refuse(&format!("In `kubernetes`, {}", problems.join(" "))));
        }
        let kubeconfig = kubernetes.kubeconfig(host);
        // What cannot be written is a defect, and what it says may quote credentials.
        serde_json::to_string_pretty(&kubeconfig).map_err(|_| refuse("The kubeconfig cannot be written as JSON."))
    }
}

impl Kubernetes {
    /// The text of a kubeconfig with this way; none if it has no `host`.
    #[must_use]
    pub fn to_kubeconfig(&self) -> Option<SecretString> {
        let kubeconfig = self.kubeconfig(self.host.as_ref()?);
        serde_json::to_string_pretty(&kubeconfig).ok().map(SecretString::from)
    }

    fn kubeconfig(&self, host: &str) -> Kubeconfig {
        let uri = host.parse::<Uri>().unwrap_or_default();
        let name = uri.authority().map_or(host, |authority| authority.as_str());
        let cluster = NamedCluster {
            name: name.to_owned(),
            cluster: Some(self.cluster(host)),
            ..NamedCluster::default()
        };
        let user = NamedAuthInfo {
            name: name.to_owned(),
            auth_info: Some(match &self.eks {
                Some(eks) => AuthInfo {
                    exec: Some(helper(eks)),
                    ..AuthInfo::default()
                },
                None => self.auth_info(),
            }),
            ..NamedAuthInfo::default()
        };
        let context = NamedContext {
            name: name.to_owned(),
            context: Some(Context {
                cluster: name.to_owned(),
                user: Some(name.to_owned()),
                ..Context::default()
            }),
            ..NamedContext::default()
        };
        Kubeconfig {
            api_version: Some("v1".to_owned()),
            kind: Some("Config".to_owned()),
            clusters: vec![cluster],
            auth_infos: vec![user],
            contexts: vec![context],
            current_context: Some(name.to_owned()),
            ..Kubeconfig::default()
        }
    }

    fn cluster(&self, host: &str) -> Cluster {
        Cluster {
            server: Some(host.to_owned()),
            certificate_authority_data: self.cluster_ca_certificate.as_ref().map(|pem| STANDARD.encode(pem)),
            insecure_skip_tls_verify: self.insecure.filter(|insecure| *insecure),
            tls_server_name: self.tls_server_name.clone(),
            ..Cluster::default()
        }
    }

    /// The credentials, as a kubeconfig holds them.
    pub(super) fn auth_info(&self) -> AuthInfo {
        AuthInfo {
            token: self.token.clone(),
            client_certificate_data: self.client_certificate.as_ref().map(|pem| STANDARD.encode(pem)),
            client_key_data: self
                .client_key
                .as_ref()
                .map(|pem| STANDARD.encode(pem.expose_secret()).into()),
            ..AuthInfo::default()
        }
    }
}

/// How other programs get tokens for an EKS cluster: they run the `aws` program, and this provider does not.
fn helper(eks: &Eks) -> ExecConfig {
    let mut args = vec!["eks", "get-token", "--cluster-name", &eks.cluster_name];
    if let Some(region) = &eks.region {
        args.extend(["--region", region]);
    }
    if let Some(role) = &eks.role_arn {
        args.extend(["--role-arn", role.as_str()]);
    }
    ExecConfig {
        api_version: Some("client.authentication.k8s.io/v1beta1".to_owned()),
        command: Some("aws".to_owned()),
        args: Some(args.into_iter().map(str::to_owned).collect()),
        env: None,
        drop_env: None,
        install_hint: None,
        interactive_mode: Some(ExecInteractiveMode::Never),
        provide_cluster_info: false,
        cluster: None,
        other: std::collections::BTreeMap::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn call(kubernetes: Kubernetes) -> Result<Json, FunctionError> {
        let text = KubeconfigFunction { kubernetes }.call()?;
        // What reads a kubeconfig takes it for YAML.
        let read = Kubeconfig::from_yaml(&text).expect("a kubeconfig");
        assert_eq!(read.contexts.len(), 1);
        Ok(serde_json::from_str(&text).expect("JSON"))
    }

    fn with_token() -> Kubernetes {
        Kubernetes {
            host: Some("https://10.20.0.10:6443".to_owned()),
            token: Some("t0ken".to_owned().into()),
            ..Kubernetes::default()
        }
    }

    #[test]
    fn for_an_eks_cluster_others_run_the_program_of_aws() {
        let eks = Eks {
            cluster_name: "moh".to_owned(),
            region: Some("af-south-1".to_owned()),
            role_arn: None,
        };
        let kubernetes = Kubernetes {
            host: Some("https://ABC.gr7.af-south-1.eks.amazonaws.com".to_owned()),
            eks: Some(eks),
            ..Kubernetes::default()
        };
        let kubeconfig = call(kubernetes).unwrap();
        let expected = json!({
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": ["eks", "get-token", "--cluster-name", "moh", "--region", "af-south-1"],
            "interactiveMode": "Never",
            "provideClusterInfo": false,
        });
        assert_eq!(kubeconfig["users"][0]["user"], json!({ "exec": expected }));
    }

    #[test]
    fn a_kubeconfig_holds_what_the_value_has_and_nothing_else() {
        let expected = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "10.20.0.10:6443", "cluster": { "server": "https://10.20.0.10:6443" } }],
            "users": [{ "name": "10.20.0.10:6443", "user": { "token": "t0ken" } }],
            "contexts": [{
                "name": "10.20.0.10:6443",
                "context": { "cluster": "10.20.0.10:6443", "user": "10.20.0.10:6443" },
            }],
            "current-context": "10.20.0.10:6443",
        });
        assert_eq!(call(with_token()), Ok(expected));
    }

    #[test]
    fn certificates_are_encoded_and_verification_is_as_configured() {
        let authority = rcgen::generate_simple_self_signed(["cluster".to_owned()]).expect("a certificate");
        let (certificate, key) = (authority.cert.pem(), authority.signing_key.serialize_pem());
        let rendered = call(Kubernetes {
            host: Some("https://cluster.example".to_owned()),
            cluster_ca_certificate: Some(certificate.clone()),
            client_certificate: Some(certificate.clone()),
            client_key: Some(key.clone().into()),
            tls_server_name: Some("kubernetes".to_owned()),
            insecure: Some(false),
            ..Kubernetes::default()
        });
        let rendered = rendered.expect("a kubeconfig");
        assert_eq!(
            rendered["clusters"][0]["cluster"],
            json!({
                "server": "https://cluster.example",
                "certificate-authority-data": STANDARD.encode(&certificate),
                "tls-server-name": "kubernetes",
            })
        );
        assert_eq!(
            rendered["users"][0]["user"],
            json!({ "client-certificate-data": STANDARD.encode(&certificate), "client-key-data": STANDARD.encode(&key) })
        );
        let insecure = Kubernetes {
            insecure: Some(true),
            ..with_token()
        };
        let rendered = call(insecure).expect("a kubeconfig");
        assert_eq!(
            rendered["clusters"][0]["cluster"]["insecure-skip-tls-verify"],
            json!(true)
        );
    }

    #[test]
    fn what_cannot_stand_in_a_kubeconfig_is_refused_with_what_to_do() {
        let cases = [
            (
                Kubernetes {
                    config_path: Some("~/.kube/config".to_owned()),
                    ..Kubernetes::default()
                },
                "read that file instead",
            ),
            (
                Kubernetes::default(),
                "`kubernetes.host` must say where the cluster is.",
            ),
            (
                Kubernetes {
                    host: Some("http://10.0.0.1".to_owned()),
                    ..with_token()
                },
                "In `kubernetes`, `host` must be an https URL",
            ),
            (
                Kubernetes {
                    token: None,
                    ..with_token()
                },
                "`token` or client_certificate and client_key must say who we are.",
            ),
            (
                Kubernetes {
                    config_context: Some("production".to_owned()),
                    ..with_token()
                },
                "`config_context` needs config_path.",
            ),
        ];
        for (kubernetes, expected) in cases {
            let error = call(kubernetes).expect_err("it is refused");
            assert!(error.text().contains(expected), "{error}");
            assert_eq!(error.argument(), Some(KubeconfigFunction::KUBERNETES));
            assert!(!error.text().contains("t0ken"));
        }
    }
}
