//! The ingress of an instance: the address that its controller gave it, and the one that users take.

use k8s_openapi::api::networking::v1::Ingress;
use tf_framework::Attr;

use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::objects;
use crate::kubernetes::{Found, LiveObject, ObjectKey};

/// The ingress.
pub(in crate::cht::instance) fn key(namespace: &str) -> ObjectKey {
    ObjectKey::namespaced::<Ingress>(namespace, objects::INGRESS)
}

/// Puts the addresses into the model.
pub(super) fn store(model: &mut InstanceModel, found: &Found) {
    model.ingress_address = match &model.ingress {
        Some(_) => address(found, &model.namespace).into(),
        // One that is still there is about to be removed.
        None => Attr::Null,
    };
    model.url = match &model.ingress {
        Some(_) => Attr::Known(url(&model.host)),
        None => Attr::Null,
    };
}

/// The address of an instance for users.
pub(in crate::cht::instance) fn url(host: &str) -> String {
    format!("https://{host}/")
}

/// The address that the controller gave the ingress.
pub(in crate::cht::instance) fn address(found: &Found, namespace: &str) -> Option<String> {
    address_of(found.get(&key(namespace))?)
}

/// The address in an ingress.
pub(in crate::cht::instance) fn address_of(ingress: &LiveObject) -> Option<String> {
    let first = ingress.json().pointer("/status/loadBalancer/ingress/0")?;
    let address = first.get("hostname").or_else(|| first.get("ip"))?;
    Some(address.as_str()?.to_owned())
}
