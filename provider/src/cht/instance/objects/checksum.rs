//! Annotations of pods that change with the Secret's and the ConfigMap's content, so that a change restarts the pods.
//!
//! Variables are read only when a container starts; without this a pod would keep the old values. A plain hash of the
//! content would let anybody who may read Deployments try passwords against it, so the hash is keyed with the
//! instance's secret, which such a reader does not have.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::hmac;
use secrecy::ExposeSecret;

use super::{config, secret};
use crate::cht::instance::spec::InstanceSpec;

/// The annotation for values of the Secret.
pub(super) const SECRET_ANNOTATION: &str = "checksum/secret";
/// The annotation for values of the ConfigMap.
pub(super) const CONFIG_ANNOTATION: &str = "checksum/config";

/// The checksums of those keys that a pod reads; of no others, so that it restarts only for what concerns it.
pub(super) fn checksums(spec: &InstanceSpec, secret_keys: &[&str], config_keys: &[&str]) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    if !secret_keys.is_empty() {
        annotations.insert(
            SECRET_ANNOTATION.to_owned(),
            checksum(spec, &secret::content(spec), secret_keys),
        );
    }
    if !config_keys.is_empty() {
        annotations.insert(
            CONFIG_ANNOTATION.to_owned(),
            checksum(spec, &config::content(spec), config_keys),
        );
    }
    annotations
}

fn checksum(spec: &InstanceSpec, content: &BTreeMap<&'static str, String>, keys: &[&str]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, spec.secret.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for (name, value) in content.iter().filter(|(name, _)| keys.contains(name)) {
        for part in [name.as_bytes(), value.as_bytes()] {
            // The length goes first, so that no two contents are the same row of bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    }
    context.sign().as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
