//! How a request reaches the CHT API: the seam between [`super::client`] and the network.
//!
//! The ways in use are [`super::port_forward`] and [`super::https`]; tests have a scripted one.

use std::time::Duration;

use hyper::body::Bytes;
use kube::client::UpgradeConnectionError;

/// Carries one request to the API and its whole answer back.
pub trait Transport: Send + Sync {
    /// Sends the request, whose URI is a path; the transport knows the host.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, TransportError>> + Send;
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The pods could not be listed.
    #[error("unable to list the pods of {service} in namespace {namespace}")]
    ListPods {
        /// The service of the CHT, such as `api`.
        service: String,
        /// The instance's namespace.
        namespace: String,
        /// What Kubernetes answered.
        #[source]
        source: Box<kube::Error>,
    },
    /// The cluster does not allow it.
    #[error("not allowed to {verb} {resource} in namespace \"{namespace}\"")]
    Forbidden {
        /// What is not allowed, in RBAC's words.
        verb: &'static str,
        /// What it is not allowed for.
        resource: &'static str,
        /// The instance's namespace.
        namespace: String,
    },
    /// There is no pod to which a port could be forwarded.
    #[error("no pod of {service} is running in namespace {namespace}")]
    NoPod {
        /// The service of the CHT, such as `api`.
        service: String,
        /// The instance's namespace.
        namespace: String,
    },
    /// Kubernetes did not open the port-forward.
    #[error("unable to forward a port to pod {pod}")]
    Forward {
        /// The pod.
        pod: String,
        /// What Kubernetes answered.
        #[source]
        source: Box<kube::Error>,
    },
    /// The pod did not accept the connection.
    #[error("pod {pod} does not accept connections: {message}")]
    Refused {
        /// The pod.
        pod: String,
        /// The kubelet's words.
        message: String,
    },
    /// The connection ended without an answer.
    #[error("the connection to pod {pod} ended before an answer came")]
    Exchange {
        /// The pod.
        pod: String,
        /// How it ended.
        #[source]
        source: hyper::Error,
    },
    /// The answer was cut off, or is longer than any answer of the API.
    #[error("unable to read the answer of pod {pod}")]
    ReadAnswer {
        /// The pod.
        pod: String,
        /// How it ended.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The authorities to trust cannot be used.
    #[error("unable to prepare TLS")]
    Tls {
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {host} is not trusted")]
    Certificate {
        /// The server.
        host: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The server was not reached, or did not answer.
    #[error("unable to reach {host}")]
    Https {
        /// The server.
        host: String,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is longer than any answer of the API.
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLong {
        /// The server.
        host: String,
        /// What is read at most.
        limit: usize,
    },
    /// It took too long.
    #[error("no answer came within {waited:?}")]
    Timeout {
        /// How long it took.
        waited: Duration,
    },
}

impl TransportError {
    /// Whether the reason is that the API does not listen: it opens its port only once it has reached CouchDB.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self {
            Self::NoPod { .. } | Self::Refused { .. } | Self::Exchange { .. } => true,
            // The pod that was listed a moment ago is gone.
            Self::Forward { source, .. } => forward_status(source) == Some(404),
            Self::ListPods { .. } | Self::ReadAnswer { .. } | Self::Timeout { .. } | Self::Forbidden { .. } => false,
            Self::Tls { .. } | Self::Certificate { .. } | Self::Https { .. } | Self::TooLong { .. } => false,
        }
    }

    /// Whether the credentials lack a permission in the cluster.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NoPod { .. } | Self::Refused { .. } | Self::Exchange { .. } => true,
            Self::ReadAnswer { .. } | Self::Timeout { .. } | Self::Https { .. } => true,
            Self::Tls { .. } | Self::Certificate { .. } | Self::TooLong { .. } | Self::Forbidden { .. } => false,
            Self::Forward { source, .. } => {
                forward_status(source).is_none_or(|status| status == 404 || status == 429 || status >= 500)
            }
            Self::ListPods { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => status.code == 429 || status.code >= 500,
                _ => true,
            },
        }
    }
}

/// The status with which Kubernetes refused the port-forward, if it did answer.
pub(super) fn forward_status(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::UpgradeConnection(UpgradeConnectionError::ProtocolSwitch(status)) => Some(status.as_u16()),
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}
