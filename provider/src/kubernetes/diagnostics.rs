//! Failures on the way to a cluster, as users are told of them: what was attempted, why it failed, which attribute of
//! the [`kubernetes`](crate::kubernetes::attribute) value is to blame, and what to do next.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tokio_util::sync::CancellationToken;

use crate::kubernetes::attribute::Kubernetes;
use crate::kubernetes::{Cluster, Clusters, Error};
use crate::wording::sentence;

/// The attribute by which every resource in a cluster takes the way to it.
pub const ATTRIBUTE: &str = "kubernetes";

/// A cluster, and how it is to be called when it fails.
#[derive(Clone, Debug)]
pub struct Access {
    /// The cluster.
    pub cluster: Cluster,
    /// The resource's own way to it; none if it is the provider's default.
    way: Option<Way>,
}

/// Which form the value has.
#[derive(Clone, Copy, Debug)]
struct Way {
    kubeconfig: bool,
    certificate: bool,
    eks: bool,
}

impl Access {
    /// Finds or makes a client, without calling the cluster.
    ///
    /// # Errors
    /// Fails if the value does not describe a way to a cluster, or names a kubeconfig that cannot be used.
    pub async fn new(
        clusters: &Clusters,
        own: Option<&Kubernetes>,
        default: Option<&Kubernetes>,
    ) -> Result<Self, Diagnostics> {
        let Some(kubernetes) = own.or(default) else {
            return Err(Diagnostic::error(
                "No way to the cluster",
                "Neither the resource nor the provider block says how the cluster is reached. Set `kubernetes`, for example \
                 to the value that a cluster resource exports, or to `{ config_path = \"~/.kube/config\" }`.",
            )
            .at(ATTRIBUTE)
            .into());
        };
        let way = own.map(Way::of);
        match clusters.connect(kubernetes).await {
            Ok(cluster) => Ok(Access { cluster, way }),
            Err(error) => Err(explain("Unable to use the way to the cluster", &error, way)),
        }
    }

    /// The same, with calls that end when this is cancelled.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: &CancellationToken) -> Self {
        self.cluster = self.cluster.with_cancellation(cancellation.clone());
        self
    }

    /// What turns errors into diagnostics with this summary, for `map_err`.
    pub fn explain<'a>(&'a self, summary: &'a str) -> impl Fn(Error) -> Diagnostics + 'a {
        move |error| explain(summary, &error, self.way)
    }
}

impl Way {
    fn of(kubernetes: &Kubernetes) -> Self {
        Way {
            kubeconfig: kubernetes.config_path.is_some(),
            certificate: kubernetes.client_certificate.is_some(),
            eks: kubernetes.eks.is_some(),
        }
    }

    /// The attribute that holds what is wrong; a kubeconfig holds everything, and so does an EKS cluster.
    fn path(self, attribute: &str) -> Path {
        let in_kubeconfig = self.kubeconfig && attribute != Kubernetes::CONFIG_CONTEXT;
        Path::new(ATTRIBUTE).attribute(match (in_kubeconfig, self.eks) {
            (true, _) => Kubernetes::CONFIG_PATH,
            (false, true) => Kubernetes::EKS,
            (false, false) => attribute,
        })
    }
}

/// An error for which no attribute is to blame: the way to the cluster is not one that somebody has written.
pub fn explain_unblamed(summary: &str, error: &Error) -> Diagnostics {
    explain(summary, error, None)
}

fn explain(summary: &str, error: &Error, way: Option<Way>) -> Diagnostics {
    if let Error::InvalidConnection(problems) = error {
        let mut diagnostics = Diagnostics::new();
        for problem in problems {
            let message = Diagnostic::error("Invalid way to the cluster", problem.sentence());
            diagnostics.push(match way {
                Some(_) => message.at(Path::new(ATTRIBUTE).attribute(problem.attribute)),
                None => message,
            });
        }
        return diagnostics;
    }
    if error.is_interrupted() {
        return Diagnostics::error(
            "Operation cancelled",
            format!(
                "{}.\n\nNothing is lost: what an apply had done so far is kept, and the next one goes on.",
                sentence(&error_chain(error))
            ),
        );
    }
    let (attribute, advice) = advice(error, way);
    let diagnostic = Diagnostic::error(summary, format!("{}.\n\n{advice}", sentence(&error_chain(error))));
    match (way, attribute) {
        (Some(way), Some(attribute)) => diagnostic.at(way.path(attribute)).into(),
        // Which of the credentials lacks the permission is for the cluster to know.
        (Some(_), None) if error.is_forbidden() => diagnostic.at(ATTRIBUTE).into(),
        _ => diagnostic.into(),
    }
}

/// The attribute to blame, if the way to the cluster is, and what to do next.
fn advice(error: &Error, way: Option<Way>) -> (Option<&'static str>, &'static str) {
    if let Some((attribute, advice)) = advice_on_the_way(error, way) {
        return (Some(attribute), advice);
    }
    match error {
        Error::ReadKubeconfig { .. } => (
            Some(Kubernetes::CONFIG_PATH),
            "Give the path of a kubeconfig file that can be read.",
        ),
        Error::UnknownContext { .. } | Error::NoCurrentContext { .. } => (
            Some(Kubernetes::CONFIG_CONTEXT),
            "Give the name of one of these contexts.",
        ),
        Error::CredentialHelper { .. } => (
            Some(Kubernetes::CONFIG_PATH),
            "No other program is run to reach a cluster, so it works the same everywhere.",
        ),
        Error::Eks(error) => (Some(Kubernetes::EKS), error.advice),
        error => (None, advice_on_objects(error)),
    }
}

/// What to do next where the server was reached and let us in. Several failures are asked for what weighs most in them.
fn advice_on_objects(error: &Error) -> &'static str {
    match () {
        () if error.is_forbidden() => {
            "Grant these credentials the permission named above, or use others, and apply again."
        }
        () if error.is_taken() => {
            "What this provider did not make is never taken over silently. Import it, remove it, or choose another namespace."
        }
        () if error.is_field_conflict() => {
            "Another tool manages these fields. Let it leave them alone; a plan that shows the difference as `drift` takes \
             them back when it is applied."
        }
        () if error.is_namespace_terminating() => {
            "Something in the namespace keeps it from going, such as a finalizer whose controller is gone. Apply again when it \
             is gone."
        }
        () if error.is_rejected() => {
            "The server, or a policy of the cluster, does not take it as it is. Change what is named above, and apply again."
        }
        () if error.is_overloaded() => {
            "It was tried several times. Apply again when the cluster has recovered: what was done so far is kept and continued."
        }
        () => "Apply again once the cause is removed: what was done so far is kept and continued.",
    }
}

/// The attribute to blame, if the server could not be reached or did not let us in, and what to do next.
fn advice_on_the_way(error: &Error, way: Option<Way>) -> Option<(&'static str, &'static str)> {
    let is_eks = way.is_some_and(|way| way.eks);
    if error.is_unauthorized() && is_eks {
        return Some((
            Kubernetes::EKS,
            "The cluster has no access entry for whoever the provider is in AWS: it must name the user or the role itself, with its \
             path, and not a session of the role. Or the clock of this machine is wrong. `cht_aws_caller_identity` says who it is.",
        ));
    }
    if error.is_unauthorized() {
        let attribute = if way.is_some_and(|way| way.certificate) {
            Kubernetes::CLIENT_CERTIFICATE
        } else {
            Kubernetes::TOKEN
        };
        return Some((
            attribute,
            "The credentials may be wrong or expired. Give new ones and apply again; nothing was lost.",
        ));
    }
    if error.is_certificate() {
        return Some((
            Kubernetes::CLUSTER_CA_CERTIFICATE,
            "Give the certificate of the authority that signed the API server's certificate in `cluster_ca_certificate`. If \
             the certificate is for another name than the one in `host`, give that name in `tls_server_name`.",
        ));
    }
    if error.is_unreachable() && is_eks {
        return Some((
            Kubernetes::EKS,
            "If the cluster has a private endpoint only, this machine has to be in its network; if it has a public one, this \
             machine's address has to be among those that it lets in. What is in the cluster is taken to be still there.",
        ));
    }
    if error.is_unreachable() {
        return Some((
            Kubernetes::HOST,
            "Check the address, and that the API server can be reached from this machine. What is in the cluster is taken to \
             be still there; apply again when it answers.",
        ));
    }
    if error.is_of_another_server() {
        return Some((
            Kubernetes::HOST,
            "Something else answers in place of the API server, such as a proxy or a load balancer without a server behind it. \
             Check the address. What is in the cluster is taken to be still there.",
        ));
    }
    None
}
