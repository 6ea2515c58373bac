//! What the cluster tells of an instance that the application itself does not know: where its users reach it.

use k8s_openapi::api::networking::v1::Ingress;
use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostics;

use super::attribute::InstanceAddress;
use crate::kubernetes::ObjectKey;
use crate::provider::Clients;

/// The ingress of `cht_instance` and of the official chart.
const INGRESS: &str = "api-ingress";

/// The address of an instance for its users; none if it has none, as far as the cluster tells.
///
/// # Errors
/// Fails if that cannot be told.
pub(in crate::cht) async fn public_url(
    scope: &Scope<Clients>,
    address: &InstanceAddress,
) -> Result<Option<String>, Diagnostics> {
    let Some(namespace) = &address.namespace else {
        return Ok(address
            .url
            .as_ref()
            .map(|url| format!("{}/", url.trim_end_matches('/'))));
    };
    let access = Clients::access(scope, address.kubernetes.as_ref()).await?;
    let explain = access.explain("Unable to read the CHT ingress");
    let key = ObjectKey::namespaced::<Ingress>(namespace, INGRESS);
    let ingress = access.cluster.find_object(&key).await.map_err(&explain)?;
    let host = ingress.as_ref().and_then(|ingress| {
        let host = ingress.json().pointer("/spec/rules/0/host")?;
        host.as_str()
    });
    Ok(host.map(|host| format!("https://{host}/")))
}
