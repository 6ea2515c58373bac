//! The Secret with CouchDB's credentials, and the URL of CouchDB that holds them too.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{EnvVar, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::Manifest;
use super::metadata::Labels;
use super::workload::env_from_secret;
use crate::cht::instance::spec::InstanceSpec;

pub(in crate::cht::instance) const NAME: &str = "cht-couchdb-credentials";

pub(super) const COUCH_URL: &str = "COUCH_URL";
pub(in crate::cht::instance) const PASSWORD: &str = "COUCHDB_PASSWORD";
pub(in crate::cht::instance) const SECRET: &str = "COUCHDB_SECRET";
pub(in crate::cht::instance) const USER: &str = "COUCHDB_USER";
pub(in crate::cht::instance) const UUID: &str = "COUCHDB_UUID";

/// Everything but the characters that RFC 3986 calls unreserved, so that no name or password changes the URL's shape.
const USERINFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    // `data`, not `stringData`: the API server never returns the latter, so a change of it could not be noticed.
    let data = content(labels.spec)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes())));
    vec![Manifest::from_typed(&Secret {
        metadata: labels.metadata(NAME, None),
        type_: Some("Opaque".to_owned()),
        data: Some(data.collect()),
        ..Secret::default()
    })]
}

/// The variable that takes its value from this Secret.
pub(super) fn env(key: &str) -> EnvVar {
    env_from_secret(NAME, key)
}

/// One value of a Secret that was read from the cluster.
pub(in crate::cht::instance) fn entry(secret: &serde_json::Value, key: &str) -> Option<SecretString> {
    let encoded = secret.get("data")?.get(key)?.as_str()?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    Some(text.into())
}

/// The Secret's content in clear.
pub(super) fn content(spec: &InstanceSpec) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        (COUCH_URL, couch_url(spec)),
        (PASSWORD, spec.admin_password.expose_secret().to_owned()),
        (SECRET, spec.secret.expose_secret().to_owned()),
        (USER, spec.admin_user.clone()),
        (UUID, spec.uuid.expose_secret().to_owned()),
    ])
}

fn couch_url(spec: &InstanceSpec) -> String {
    let user = utf8_percent_encode(&spec.admin_user, USERINFO);
    let password = utf8_percent_encode(spec.admin_password.expose_secret(), USERINFO);
    format!("http://{user}:{password}@{}:5984/medic", spec.service_host("haproxy"))
}
