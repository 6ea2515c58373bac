//! One client for each way to a cluster, for as long as the process lives.
//!
//! Every operation has the way as a value of its own, and a core runs many at once. With a client for each, every one
//! of them would shake hands anew for all of its connections; this way they share the connections and what TLS
//! remembers. Nothing is learned of a cluster here, so one that cannot be reached now is simply tried again by the next
//! call.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::attribute::Kubernetes;
use super::client::Cluster;
use super::eks::{Eks, EksClusters, EksEndpoint, EksLogin};
use super::error::Error;
use super::identity;

/// The clusters that this process has a client for.
#[derive(Default)]
pub struct Clusters {
    known: Mutex<Vec<Known>>,
    /// Who knows those of EKS.
    eks: Option<Arc<dyn EksClusters>>,
}

struct Known {
    way: Kubernetes,
    kubeconfig: Option<SecretString>,
    cluster: Cluster,
}

impl Clusters {
    /// Clusters, of which this one knows those of EKS.
    pub fn with_eks(eks: Arc<dyn EksClusters>) -> Self {
        Clusters {
            known: Mutex::default(),
            eks: Some(eks),
        }
    }

    /// The client for a way, made if there is none yet. A kubeconfig that was written anew, as one is that belongs to a
    /// cluster of the same apply, is another way; so is an EKS cluster that was made anew.
    ///
    /// # Errors
    /// As [`Kubernetes::connect`]; a failure is not remembered.
    pub async fn connect(&self, way: &Kubernetes) -> Result<Cluster, Error> {
        let (way, login) = match &way.eks {
            Some(eks) => self.complete(way, eks).await?,
            None => (way.clone(), None),
        };
        let kubeconfig = way.kubeconfig_text();
        let mut clusters = self.known.lock().await;
        if let Some(known) = clusters.iter().find(|known| known.is(&way, kubeconfig.as_ref())) {
            return Ok(known.cluster.clone());
        }
        let cluster = way.connect_as(login).await?;
        clusters.push(Known {
            way,
            kubeconfig,
            cluster: cluster.clone(),
        });
        Ok(cluster)
    }

    /// Whether the EKS cluster that a way leads to does not exist any more, by the identity that was kept of it.
    pub async fn is_gone(&self, way: &Kubernetes, kept: &str) -> bool {
        match (&self.eks, &way.eks, identity::arn(kept)) {
            (Some(clusters), Some(eks), Some(arn)) => clusters.is_gone(eks, arn).await,
            _ => false,
        }
    }

    /// The way to an EKS cluster with where its API server is, and how requests say who we are.
    async fn complete(&self, way: &Kubernetes, eks: &Eks) -> Result<(Kubernetes, Option<EksLogin>), Error> {
        let problems = way.validate();
        if !problems.is_empty() {
            return Err(Error::InvalidConnection(problems));
        }
        let mut way = way.clone();
        let Some(clusters) = &self.eks else {
            return Ok((way, None));
        };
        let mut login = EksLogin {
            clusters: Arc::clone(clusters),
            eks: eks.clone(),
            arn: None,
        };
        let is_trusted = way.cluster_ca_certificate.is_some() || way.insecure == Some(true);
        if way.host.is_none() || !is_trusted {
            let EksEndpoint {
                host,
                cluster_ca_certificate,
                arn,
            } = clusters.endpoint(eks).await?;
            login.arn = Some(arn);
            way.host.get_or_insert(host);
            if !is_trusted {
                way.cluster_ca_certificate = Some(cluster_ca_certificate);
            }
        }
        Ok((way, Some(login)))
    }
}

impl Known {
    fn is(&self, way: &Kubernetes, kubeconfig: Option<&SecretString>) -> bool {
        parts(&self.way) == parts(way) && exposed(self.kubeconfig.as_ref()) == exposed(kubeconfig)
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clusters").finish_non_exhaustive()
    }
}

/// Everything that makes a way what it is, to be compared.
fn parts(way: &Kubernetes) -> ([Option<&str>; 11], Option<bool>) {
    let Kubernetes {
        host,
        cluster_ca_certificate,
        client_certificate,
        client_key,
        token,
        config_path,
        config_context,
        insecure,
        tls_server_name,
        eks,
    } = way;
    let [cluster_name, region, role_arn] = eks.as_ref().map(Eks::parts).unwrap_or_default();
    let texts = [
        host.as_deref(),
        cluster_ca_certificate.as_deref(),
        client_certificate.as_deref(),
        exposed(client_key.as_ref()),
        exposed(token.as_ref()),
        config_path.as_deref(),
        config_context.as_deref(),
        tls_server_name.as_deref(),
        cluster_name,
        region,
        role_arn,
    ];
    (texts, *insecure)
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(|secret| secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn way(token: &str) -> Kubernetes {
        Kubernetes {
            host: Some("https://10.0.0.9:6443".to_owned()),
            token: Some(token.into()),
            insecure: Some(true),
            ..Kubernetes::default()
        }
    }

    async fn count(clusters: &Clusters) -> usize {
        clusters.known.lock().await.len()
    }

    #[tokio::test]
    async fn the_same_way_has_one_client_and_another_token_another_one() {
        let clusters = Clusters::default();
        for (token, expected) in [("a", 1), ("a", 1), ("b", 2), ("a", 2)] {
            clusters.connect(&way(token)).await.unwrap();
            assert_eq!(count(&clusters).await, expected, "{token}");
        }
    }

    #[tokio::test]
    async fn a_way_that_leads_nowhere_is_not_remembered() {
        let clusters = Clusters::default();
        assert!(clusters.connect(&Kubernetes::default()).await.is_err());
        assert_eq!(count(&clusters).await, 0);
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_written_anew_leads_to_another_cluster() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kubeconfig");
        let way = Kubernetes {
            config_path: Some(path.display().to_string()),
            ..Kubernetes::default()
        };
        let clusters = Clusters::default();
        assert!(clusters.connect(&way).await.is_err(), "it is not there yet");
        for host in ["https://10.0.0.8:6443", "https://10.0.0.9:6443"] {
            let kubeconfig = serde_json::json!({
                "apiVersion": "v1", "kind": "Config", "current-context": "one",
                "clusters": [{"name": "one", "cluster": {"server": host, "insecure-skip-tls-verify": true}}],
                "users": [{"name": "one", "user": {"token": "secret"}}],
                "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
            });
            fs::write(&path, kubeconfig.to_string()).unwrap();
            assert_eq!(clusters.connect(&way).await.unwrap().host(), host);
        }
    }
}
