//! Rules for configurations that concern more than one attribute.

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Draft;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{Couchdb, CouchdbDraft, InstanceModel};
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;

pub(super) mod certificate;
mod ingress;
mod pods;
mod topology;

/// Checks what concerns more than one attribute of a configuration.
pub(super) fn validate(config: &Draft<InstanceResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(kubernetes) = &config.kubernetes {
        kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
    }
    if let Attr::Known(couchdb) = &config.couchdb {
        validate_password(couchdb, diagnostics);
    }
    topology::validate(config, diagnostics);
    if let Attr::Known(ingress) = &config.ingress {
        ingress::validate(ingress, diagnostics);
    }
    pods::validate(config, diagnostics);
    if let Some(certificate) = certificate::Given::in_draft(config) {
        diagnostics.append(certificate.check());
    }
}

fn validate_password(couchdb: &CouchdbDraft, diagnostics: &mut Diagnostics) {
    let path = |attribute: &str| Path::new(InstanceModel::COUCHDB).attribute(attribute);
    let given = |attr: &Attr<_>| !attr.is_null();
    if given(&couchdb.admin_password) && given(&couchdb.admin_password_wo) {
        diagnostics.push(
            Diagnostic::error(
                "Two admin passwords",
                "Give either `admin_password` or `admin_password_wo`, not both.",
            )
            .at(path(Couchdb::ADMIN_PASSWORD_WO)),
        );
    }
    if given(&couchdb.admin_password_wo) && couchdb.admin_password_wo_version.is_null() {
        diagnostics.push(
            Diagnostic::error(
                "Version of the admin password is missing",
                "`admin_password_wo` is not stored, so `admin_password_wo_version` has to tell which password it is: start \
                 with 1.",
            )
            .at(path(Couchdb::ADMIN_PASSWORD_WO_VERSION)),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{couchdb, draft, with};

    #[track_caller]
    pub(super) fn check(changes: serde_json::Value, expected: &[&str]) {
        let mut diagnostics = Diagnostics::new();
        validate(&draft(&with(changes)), &mut diagnostics);
        let paths: Vec<String> = diagnostics
            .iter()
            .map(|diagnostic| diagnostic.path.as_ref().expect("a path").to_string())
            .collect();
        assert_eq!(paths, expected, "{diagnostics}");
    }

    #[test]
    fn a_minimal_configuration_is_valid() {
        check(json!({}), &[]);
    }

    #[test]
    fn a_password_is_given_once_and_a_write_only_one_with_its_version() {
        check(couchdb(json!({"admin_password": "12345678"})), &[]);
        check(
            couchdb(json!({"admin_password_wo": "12345678", "admin_password_wo_version": 1})),
            &[],
        );
        check(
            couchdb(json!({"admin_password_wo": "12345678"})),
            &["couchdb.admin_password_wo_version"],
        );
        check(
            couchdb(json!({"admin_password": "1", "admin_password_wo": "2", "admin_password_wo_version": 1})),
            &["couchdb.admin_password_wo"],
        );
    }

    #[test]
    fn everything_that_is_wrong_with_the_way_to_the_cluster_is_reported_at_once() {
        check(
            json!({"kubernetes": {"host": "http://a.example", "client_certificate": "c", "config_context": "x"}}),
            &[
                "kubernetes.host",
                "kubernetes.client_certificate",
                "kubernetes.config_context",
                "kubernetes.client_certificate",
            ],
        );
    }
}
