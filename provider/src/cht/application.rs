//! The way into a CHT application, for what lives in it: users, settings, credentials.
//!
//! [`attribute`] is the value `instance`, which all of them take. [`Application::connect`] makes a client of it: with a
//! namespace, the administrator's login is read from the Secret that `cht_instance`, or the official chart, keeps
//! there, so that it is in no configuration and no state. [`Application::attempt`] repeats calls that may succeed a
//! moment later; [`diagnostics`] says what failed in a user's words. [`which_cluster`] tells the cluster of an instance
//! from another one, and [`claim`] which creation has made what lives there; [`creations`] lets those of one run take
//! turns.

pub mod attribute;
pub(in crate::cht) mod claim;
pub(crate) mod creations;
mod diagnostics;
mod import;
mod lookup;
pub(crate) mod releases;
mod transport;
pub(in crate::cht) mod which_cluster;

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Secret};
use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tokio::time::Instant;

pub use self::attribute::{InstanceAddress, InstanceAddressDraft};
pub use self::claim::{Claim, Kept};
pub(in crate::cht) use self::diagnostics::ATTRIBUTE;
pub(in crate::cht) use self::import::{ImportName, address_of, in_namespace};
pub(in crate::cht) use self::lookup::public_url;
pub(in crate::cht) use self::transport::Way;
pub use self::which_cluster::InCluster;
use crate::cht::client::{Client, Credentials};
use crate::cht::error::Error;
use crate::cht::https::HttpsTransport;
use crate::cht::port_forward::PortForwardTransport;
use crate::kubernetes::{Access, LiveObject, ObjectKey};
use crate::provider::Clients;

/// Where both `cht_instance` and the official chart keep the administrator's login.
const SECRET: &str = "cht-couchdb-credentials";
const SECRET_USER: &str = "COUCHDB_USER";
const SECRET_PASSWORD: &str = "COUCHDB_PASSWORD";

const DEFAULT_CLUSTER_DOMAIN: &str = "cluster.local";

/// How long an application that refuses for now is asked again: longer than the ten seconds for which the CHT refuses
/// log-ins after too many failures, and than its API takes to start again.
const PATIENCE: Duration = Duration::from_secs(45);

/// A CHT application, and how it is to be called when it fails.
pub struct Application {
    /// Calls its API.
    pub(in crate::cht) client: Client<Way>,
    has_url: bool,
}

/// Something that calls are made for.
#[derive(Clone, Copy, Debug)]
pub(in crate::cht) struct Task {
    summary: &'static str,
    blamed: fn(&Error) -> Option<&'static str>,
}

impl Task {
    /// A task whose failure has this summary.
    pub(in crate::cht) const fn new(summary: &'static str) -> Self {
        Task {
            summary,
            blamed: |_| None,
        }
    }

    /// The same, where some errors are the fault of an attribute.
    pub(in crate::cht) const fn blaming(mut self, blamed: fn(&Error) -> Option<&'static str>) -> Self {
        self.blamed = blamed;
        self
    }
}

impl Application {
    /// A client that is logged in; none if the namespace is known to be gone, and the application with it.
    ///
    /// # Errors
    /// Fails if the address cannot be used, or if the login is not where it should be.
    pub async fn connect(scope: &Scope<Clients>, address: &InstanceAddress) -> Result<Option<Self>, Diagnostics> {
        let Some(namespace) = &address.namespace else {
            let login = address.user.clone().zip(address.password.clone());
            let login = login.map(|(user, password)| Credentials { user, password });
            return Self::at_url(address, login).map(Some);
        };
        let access = Clients::access(scope, address.kubernetes.as_ref()).await?;
        let Some(login) = administrator(&access, namespace).await? else {
            return Ok(None);
        };
        Ok(Some(Self::in_namespace(scope, &access, address, Some(login))))
    }

    /// The same for what cannot go on without the application.
    ///
    /// # Errors
    /// As [`Self::connect`], and if the namespace is gone.
    pub async fn require(scope: &Scope<Clients>, address: &InstanceAddress) -> Result<Self, Diagnostics> {
        let connected = Self::connect(scope, address).await?;
        connected.ok_or_else(|| diagnostics::gone(address))
    }

    /// A client for calls that need no log-in; it has one only if the address has one.
    ///
    /// # Errors
    /// Fails if the address cannot be used, or if the namespace is gone.
    pub async fn visit(scope: &Scope<Clients>, address: &InstanceAddress) -> Result<Self, Diagnostics> {
        let Some(namespace) = &address.namespace else {
            let login = address.user.clone().zip(address.password.clone());
            return Self::at_url(address, login.map(|(user, password)| Credentials { user, password }));
        };
        let access = Clients::access(scope, address.kubernetes.as_ref()).await?;
        let key = ObjectKey::cluster::<Namespace>(namespace);
        match access.cluster.find_object(&key).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(diagnostics::gone(address)),
            // Whoever may not look at namespaces finds out by asking the application.
            Err(error) if error.is_forbidden() => {}
            Err(error) => return Err(access.explain("Unable to look at the CHT namespace")(error)),
        }
        Ok(Self::in_namespace(scope, &access, address, None))
    }

    /// A client that is logged in, if there is any login: one in the address, or one in the cluster that these
    /// credentials may read.
    ///
    /// # Errors
    /// Fails if the address cannot be used.
    pub(in crate::cht) async fn with_any_login(
        scope: &Scope<Clients>,
        address: &InstanceAddress,
    ) -> Result<Option<Self>, Diagnostics> {
        let Some(namespace) = &address.namespace else {
            let application = Self::visit(scope, address).await?;
            return Ok(Some(application).filter(|application| application.client.has_credentials()));
        };
        let access = Clients::access(scope, address.kubernetes.as_ref()).await?;
        let looked = access
            .cluster
            .look_at(&ObjectKey::namespaced::<Secret>(namespace, SECRET))
            .await
            .map_err(access.explain("Unable to read the CHT login"))?;
        let login = looked.known().flatten().as_ref().and_then(login);
        Ok(login.map(|login| Self::in_namespace(scope, &access, address, Some(login))))
    }

    fn at_url(address: &InstanceAddress, login: Option<Credentials>) -> Result<Self, Diagnostics> {
        let url = address.url.as_deref().unwrap_or_default();
        let transport = HttpsTransport::new(url, address.ca_certificate.as_deref())
            .map_err(|error| diagnostics::unusable(&error, address))?;
        Ok(Application {
            client: Client::new(Way::Https(transport), login),
            has_url: true,
        })
    }

    fn in_namespace(
        scope: &Scope<Clients>,
        access: &Access,
        address: &InstanceAddress,
        login: Option<Credentials>,
    ) -> Self {
        let namespace = address.namespace.as_deref().unwrap_or_default();
        let domain = address.cluster_domain.as_deref().unwrap_or(DEFAULT_CLUSTER_DOMAIN);
        let transport = PortForwardTransport::new(scope.clients().forwards(), &access.cluster, namespace, domain);
        Application {
            client: Client::new(Way::PortForward(Box::new(transport)), login),
            has_url: false,
        }
    }

    /// Makes calls, again and again while they fail for a reason that passes: too many log-ins, a server error,
    /// somebody else's write at the same moment.
    ///
    /// # Errors
    /// Fails with the last error, once it is not worth to try again.
    pub(in crate::cht) async fn attempt<T, F>(
        &self,
        scope: &Scope<Clients>,
        task: &Task,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Diagnostics>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let began = Instant::now();
        scope
            .wait("the CHT application", Backoff::QUICK, || {
                let answer = call();
                async move {
                    match answer.await {
                        Ok(found) => Ok(Progress::Ready(found)),
                        Err(error) if error.is_retryable() && began.elapsed() < PATIENCE => {
                            tracing::debug!(error = error_chain(&error), "the CHT is asked again");
                            Ok(Progress::Pending(error_chain(&error)))
                        }
                        Err(error) => Err(self.explain(task, &error)),
                    }
                }
            })
            .await
    }

    /// What an error means to a user.
    fn explain(&self, task: &Task, error: &Error) -> Diagnostics {
        let failure = diagnostics::explain(task.summary, error, self.has_url);
        match (task.blamed)(error) {
            Some(attribute) => failure.at(attribute),
            None => failure,
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("has_url", &self.has_url)
            .finish_non_exhaustive()
    }
}

/// The administrator's login; none if there is no such namespace.
async fn administrator(access: &Access, namespace: &str) -> Result<Option<Credentials>, Diagnostics> {
    let explain = access.explain("Unable to read the CHT login");
    let key = ObjectKey::namespaced::<Secret>(namespace, SECRET);
    let found = access.cluster.find_object(&key).await.map_err(&explain)?;
    let Some(secret) = found else {
        // A Secret that is missing may only have been deleted by mistake; without its namespace, nothing is left.
        let key = ObjectKey::cluster::<Namespace>(namespace);
        let found = access.cluster.find_object(&key).await.map_err(&explain)?;
        return match found {
            Some(_) => Err(diagnostics::no_login(namespace, SECRET)),
            None => Ok(None),
        };
    };
    match login(&secret) {
        Some(login) => Ok(Some(login)),
        None => Err(diagnostics::no_login(namespace, SECRET)),
    }
}

/// The login in a Secret, if that holds one.
fn login(secret: &LiveObject) -> Option<Credentials> {
    let (user, password) = secret.data_text(SECRET_USER).zip(secret.data_text(SECRET_PASSWORD))?;
    Some(Credentials {
        user,
        password: password.into(),
    })
}

/// Refuses an address without a login, which only what is public can do without.
pub(in crate::cht) fn needs_login(address: &InstanceAddressDraft, diagnostics: &mut Diagnostics) {
    if address.url.known().is_some() && address.user.is_null() {
        let detail = "The CHT lets only its users do this. Give `user` and `password` beside `url`, or `namespace` in its \
                      place: then the login is read from the cluster.";
        diagnostics.push(Diagnostic::error("Login is missing", detail).at(attribute::path(InstanceAddress::URL)));
    }
}

#[cfg(test)]
mod tests;
