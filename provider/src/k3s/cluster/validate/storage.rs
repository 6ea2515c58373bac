//! Rules for where the state of the cluster is, and for its snapshots.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Draft;

use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::{ClusterModel, Datastore, DatastoreDraft, S3, S3Draft, Snapshots};

pub(super) fn validate(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(datastore) = &config.datastore {
        validate_datastore(config, datastore, diagnostics);
    }
    let s3 = config.snapshots.known().and_then(|snapshots| snapshots.s3.known());
    if let Some(s3) = s3 {
        validate_s3(s3, diagnostics);
    }
}

fn validate_datastore(config: &Draft<ClusterResource>, datastore: &DatastoreDraft, diagnostics: &mut Diagnostics) {
    let Some(kind) = datastore.kind.known().map(String::as_str) else {
        return;
    };
    let path = |attribute| Path::new(ClusterModel::DATASTORE).attribute(attribute);
    if kind == "external" && datastore.endpoint.is_null() {
        let detail = "A database elsewhere needs `endpoint`: its address, with the login.";
        diagnostics.push(Diagnostic::error("Datastore is not described", detail).at(path(Datastore::ENDPOINT)));
    }
    let only_external = [
        (Datastore::ENDPOINT, datastore.endpoint.is_null()),
        (Datastore::CA_FILE, datastore.ca_file.is_null()),
        (Datastore::CERT_FILE, datastore.cert_file.is_null()),
        (Datastore::KEY_FILE, datastore.key_file.is_null()),
    ];
    for (attribute, _) in only_external
        .into_iter()
        .filter(|(_, is_null)| kind != "external" && !is_null)
    {
        let detail = format!("`{attribute}` is for a database elsewhere: remove it, or set `type = \"external\"`.");
        diagnostics.push(Diagnostic::error("Datastore is not described", detail).at(path(attribute)));
    }
    let servers = config.servers.known().map_or(0, |servers| servers.len());
    if kind == "sqlite" && servers > 1 {
        let detail = format!(
            "SQLite is a file on a single server, and there are {servers}. Leave `datastore` out, so that they have etcd, or give \
             one server."
        );
        diagnostics.push(Diagnostic::error("Datastore is not described", detail).at(path(Datastore::KIND)));
    }
    let of_etcd = [
        (ClusterModel::SNAPSHOTS, config.snapshots.is_null()),
        (ClusterModel::RESTORE_FROM, config.restore_from.is_null()),
    ];
    for (attribute, _) in of_etcd.into_iter().filter(|(_, is_null)| kind != "etcd" && !is_null) {
        let detail = format!(
            "Snapshots are those of etcd, which this cluster does not have. Remove `{attribute}`, and back the database up by its own \
             means."
        );
        diagnostics.push(Diagnostic::error("Datastore is not described", detail).at(attribute));
    }
}

fn validate_s3(s3: &S3Draft, diagnostics: &mut Diagnostics) {
    let path = |attribute| {
        Path::new(ClusterModel::SNAPSHOTS)
            .attribute(Snapshots::S3)
            .attribute(attribute)
    };
    for (attribute, on) in [(S3::SKIP_SSL_VERIFY, &s3.skip_ssl_verify), (S3::INSECURE, &s3.insecure)] {
        if on.known() == Some(&true) {
            let detail = "Whoever can intercept the connection can read the snapshots, which hold every Secret of the cluster. Give \
                          `endpoint_ca` instead.";
            diagnostics.push(Diagnostic::warning("Certificate is not verified", detail).at(path(attribute)));
        }
    }
}
