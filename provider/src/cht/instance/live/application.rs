//! How the application is asked: through the API server, which needs neither DNS nor an ingress, or by its public
//! address.
//!
//! CouchDB itself is always asked through the API server: it is in no public address.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::cht::application::Way;
use crate::cht::client::{Client, Credentials as Login};
use crate::cht::error::Error;
use crate::cht::https::HttpsTransport;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::model::{ApiAccess, Couchdb, InstanceModel};
use crate::cht::port_forward::PortForwardTransport;
use crate::cht::readiness::{Readiness, readiness};
use crate::cht::transport::TransportError;
use crate::kubernetes::Access;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;

/// A client of the API, for one look: the pod may be another one at the next.
pub(in crate::cht::instance) fn client(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    credentials: Option<&Credentials>,
) -> Result<Client<Way>, Diagnostics> {
    let way = match &model.api_access {
        None => {
            let (namespace, domain) = (&model.namespace, &model.cluster_domain);
            let transport = PortForwardTransport::new(cx.clients().forwards(), &access.cluster, namespace, domain);
            Way::PortForward(Box::new(transport))
        }
        Some(ApiAccess { url, ca_certificate }) => {
            let transport = HttpsTransport::new(url, ca_certificate.as_deref());
            Way::Https(transport.map_err(|error| unusable(&error))?)
        }
    };
    let login = credentials.map(|credentials| Login {
        user: model.couchdb.admin_user.clone(),
        password: credentials.admin_password.clone(),
    });
    Ok(Client::new(way, login))
}

/// Asks whether CHT serves requests, for a refresh: the version that it reports, if it does. A connection that broke is
/// no answer, so it is asked once more then.
pub(in crate::cht::instance) async fn live_version(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
) -> Result<Option<String>, Diagnostics> {
    let client = client(cx, access, model, None)?;
    let mut asked_before = false;
    cx.wait("the CHT application to tell its version", Backoff::QUICK, || {
        let is_last = std::mem::replace(&mut asked_before, true);
        let client = &client;
        async move {
            let status = match readiness(client, None).await {
                Ok(Readiness::Ready { version, .. }) => return Ok(Progress::Ready(Some(version))),
                Ok(Readiness::Closed) if !is_last => Readiness::Closed.to_string(),
                Err(error) if !is_last => status(&error)?,
                Ok(other) => {
                    tracing::info!(state = %other, "the instance does not serve requests");
                    return Ok(Progress::Ready(None));
                }
                Err(error) => {
                    tracing::warn!(error = error_chain(&error), "the instance's state cannot be told");
                    return Ok(Progress::Ready(None));
                }
            };
            Ok::<_, Diagnostics>(Progress::Pending(status))
        }
    })
    .await
}

/// What an error says to a wait: its words.
///
/// # Errors
/// No waiting helps against a missing permission.
pub(in crate::cht::instance) fn status(error: &Error) -> Result<String, Diagnostics> {
    if !error.is_forbidden_by_cluster() {
        return Ok(error_chain(error));
    }
    let detail = format!(
        "{}.\n\nGrant these credentials the permission named above, as the guide on permissions shows, and apply again. Where \
         nobody may forward ports, give the public address of the instance in `api_access`; CouchDB has none, so changing the \
         password, checking a cluster of CouchDB and checking existing data always need the permission.",
        error_chain(error)
    );
    Err(Diagnostic::error("Unable to ask the CHT instance", detail)
        .at(KUBERNETES)
        .into())
}

/// The words for a password that CouchDB does not take.
pub(in crate::cht::instance) fn unauthorized() -> Diagnostics {
    Diagnostic::error(
        "CHT refuses the admin password",
        "CouchDB does not accept the administrator's password. It keeps the password with which its volume was first used: give \
         that one, or use an empty volume. If it was the right one before, CouchDB lost its administrator in a restart, which \
         could happen before CHT 5.2: remove the administrator's line from `local.d/cluster-credentials.ini` in the volume and \
         restart CouchDB, which then takes the password of the instance.",
    )
    .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::ADMIN_PASSWORD))
    .into()
}

fn unusable(error: &TransportError) -> Diagnostics {
    let path = Path::new(InstanceModel::API_ACCESS).attribute(ApiAccess::CA_CERTIFICATE);
    Diagnostic::error("Address of the API cannot be used", format!("{}.", error_chain(error)))
        .at(path)
        .into()
}
