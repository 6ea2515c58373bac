//! How the application is asked: through the API server, which needs neither DNS nor an ingress, or by its public address.
//!
//! CouchDB itself is always asked through the API server: it is in no public address.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::cht::application::Way;
use crate::cht::client::{Client, Credentials as Login};
use crate::cht::error::Error;
use crate::cht::https::HttpsTransport;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::model::{ApiAccess, InstanceModel};
use crate::cht::port_forward::PortForwardTransport;
use crate::cht::transport::TransportError;
use crate::kubernetes::Access;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;

/// A client of the API, for one look: the pod may be another one at the next.
pub(super) fn client(
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

/// What an error says to a wait: its words.
///
/// # Errors
/// No waiting helps against a missing permission.
pub(super) fn status(error: &Error) -> Result<String, Diagnostics> {
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

fn unusable(error: &TransportError) -> Diagnostics {
    let path = Path::new(InstanceModel::API_ACCESS).attribute(ApiAccess::CA_CERTIFICATE);
    Diagnostic::error("Address of the API cannot be used", format!("{}.", error_chain(error)))
        .at(path)
        .into()
}
