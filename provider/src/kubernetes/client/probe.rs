//! The first call to a cluster, which proves that it can be talked to.

use http::Method;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use serde_json::{Value, json};

use super::Cluster;
use crate::kubernetes::error::Error;
use crate::kubernetes::kind::Kind;
use crate::kubernetes::request::{Call, Outgoing};
use crate::kubernetes::status;

/// What [`Cluster::probe`] learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The server's version, `v1.36.3`.
    pub version: String,
    /// The name that the server knows the credentials by; `None` from servers older than 1.28, which cannot tell.
    pub user: Option<String>,
}

impl Cluster {
    /// Asks the server for its version and for whom it takes us, which proves the address, the certificate and the
    /// credentials in turn. A cluster that has answered, to any clone, is not asked again.
    ///
    /// # Errors
    /// The cluster cannot be reached, its certificate is not trusted, or the credentials are refused.
    pub async fn probe(&self) -> Result<Probe, Error> {
        if let Some(probe) = self.probed.get() {
            return Ok(probe.clone());
        }
        // Whoever comes before the first answer asks too: they would wait for each other's retries else.
        let probe = self.ask().await?;
        Ok(self.probed.get_or_init(|| probe).clone())
    }

    async fn ask(&self) -> Result<Probe, Error> {
        let call = Call {
            verb: "get",
            resource: "/version".into(),
            namespace: None,
            name: None,
        };
        let answer = self.json(&Outgoing::get(call.clone(), "/version".to_owned())).await?;
        let Some(version) = answer.pointer("/gitVersion").and_then(Value::as_str).map(str::to_owned) else {
            return Err(status::no_kubernetes(call, answer.to_string().as_bytes()));
        };
        let kind = Kind::cluster::<SelfSubjectReview>();
        let review = json!({"apiVersion": kind.api_version(), "kind": kind.kind});
        let outgoing = Outgoing {
            call: Call {
                verb: "create",
                resource: kind.resource().into(),
                namespace: None,
                name: None,
            },
            method: Method::POST,
            target: kind.path(None),
            content_type: "application/json",
            body: review.to_string().into_bytes(),
        };
        let user = match self.json(&outgoing).await {
            Ok(review) => review
                .pointer("/status/userInfo/username")
                .and_then(Value::as_str)
                .map(str::to_owned),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        Ok(Probe { version, user })
    }
}
