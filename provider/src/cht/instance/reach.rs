//! How the application is asked: through the API server, which needs neither DNS nor an ingress, or by its public address.
//!
//! CouchDB itself is always asked through the API server: it is in no public address.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;

use crate::cht::application::Way;
use crate::cht::client::{Client, Credentials as Login};
use crate::cht::https::HttpsTransport;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::model::{ApiAccess, InstanceModel};
use crate::cht::port_forward::PortForwardTransport;
use crate::cht::transport::TransportError;
use crate::kubernetes::Access;

/// A client of the API, for one look: the pod may be another one at the next.
pub(super) fn client(
    access: &Access,
    model: &InstanceModel,
    credentials: Option<&Credentials>,
) -> Result<Client<Way>, Diagnostics> {
    let way = match &model.api_access {
        None => {
            let kube_client = access.cluster.client().clone();
            let transport = PortForwardTransport::new(kube_client, &model.namespace, &model.cluster_domain);
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

fn unusable(error: &TransportError) -> Diagnostics {
    let path = Path::new(InstanceModel::API_ACCESS).attribute(ApiAccess::CA_CERTIFICATE);
    Diagnostic::error("Address of the API cannot be used", format!("{}.", error_chain(error)))
        .at(path)
        .into()
}
