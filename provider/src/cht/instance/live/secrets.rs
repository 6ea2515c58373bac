//! The secrets of an instance, as they are in the cluster.

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use crate::cht::instance::credentials::Known;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::objects::{self, secret};
use crate::kubernetes::{Found, ObjectKey};

/// CouchDB's credentials.
pub(in crate::cht::instance) fn credentials(found: &Found, namespace: &str) -> Known {
    let key = ObjectKey::namespaced::<Secret>(namespace, secret::NAME);
    let Some(live) = found.get(&key) else {
        return Known::default();
    };
    let entry = |name: &str| secret::entry(live.json(), name);
    Known {
        admin_password: entry(secret::PASSWORD),
        secret: entry(secret::SECRET),
        uuid: entry(secret::UUID),
    }
}

/// Puts into an imported model what its record does not hold: the secrets, as they are in the cluster.
pub(in crate::cht::instance) fn restore(model: &mut InstanceModel, found: &Found) {
    let known = credentials(found, &model.namespace);
    // Whoever set a version for it keeps the password out of the state.
    if model.couchdb.admin_password_wo_version.is_none() {
        model.couchdb.admin_password = known.admin_password.into();
    }
    model.couchdb.secret = known.secret.into();
    model.couchdb.uuid = known.uuid.into();
    let tls = model.ingress.as_mut().and_then(|ingress| ingress.tls.as_mut());
    if let Some(tls) = tls.filter(|tls| tls.certificate.is_some() && tls.private_key_wo_version.is_none()) {
        tls.private_key = live_key(&model.namespace, found);
    }
}

/// The state with the certificate's key that is in the cluster, where it is write-only: it can only be compared with
/// itself.
pub(super) fn with_key(state: &InstanceModel, found: &Found) -> InstanceModel {
    let mut state = state.clone();
    let tls = state.ingress.as_mut().and_then(|ingress| ingress.tls.as_mut());
    if let Some(tls) = tls.filter(|tls| tls.certificate.is_some() && tls.private_key.is_none()) {
        tls.private_key = live_key(&state.namespace, found);
    }
    state
}

fn live_key(namespace: &str, found: &Found) -> Option<SecretString> {
    let key = ObjectKey::namespaced::<Secret>(namespace, objects::TLS_SECRET);
    objects::live_key(found.get(&key)?.json())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{self, cluster, with};
    use crate::cht::instance::record::{self, Record, Stage};

    #[test]
    fn the_record_holds_no_secret_and_an_import_gets_them_from_the_cluster() {
        let tls = json!({"ingress": {"tls": {"certificate": "the certificate", "private_key": "the private key"}}});
        let original = fixtures::state(&with(tls));
        let found = cluster(&original, Stage::Created, &[]);
        let record = found
            .get(&record::key("cht-kisumu"))
            .expect("the record")
            .json()
            .to_string();
        for secret in [
            "correct horse battery",
            "0f0e0d0c0b0a0908",
            "00112233445566778899",
            "the private key",
        ] {
            assert!(!record.contains(secret), "{record}");
        }
        let mut imported = Record::find(&found, "cht-kisumu")
            .expect("the record")
            .model()
            .expect("it can be read");
        restore(&mut imported, &found);
        assert_eq!(
            tf_framework::ToValue::to_value(&imported),
            tf_framework::ToValue::to_value(&original)
        );
    }
}
