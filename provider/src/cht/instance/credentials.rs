//! CouchDB's credentials: given, generated once, or found where they were put.
//!
//! CouchDB takes its administrator, its secret and its UUID from the environment only when it starts with an empty
//! volume; what is there later has no effect. So once made, they are never made again.

use std::fmt;

use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::model::{Couchdb, InstanceModel};

/// About 190 bits: nobody has to type it.
const GENERATED_LENGTH: usize = 32;

/// What CouchDB is first started with.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) admin_password: SecretString,
    pub(super) secret: SecretString,
    pub(super) uuid: SecretString,
}

/// What is known of credentials, from the configuration, the state, or the cluster.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub(super) admin_password: Option<SecretString>,
    pub(super) secret: Option<SecretString>,
    pub(super) uuid: Option<SecretString>,
}

impl Known {
    /// Those of a model: a configuration's while it is applied, else a state's.
    pub(super) fn of(couchdb: &Couchdb) -> Self {
        Known {
            admin_password: couchdb
                .admin_password_wo
                .get()
                .or(couchdb.admin_password.known())
                .cloned(),
            secret: couchdb.secret.known().cloned(),
            uuid: couchdb.uuid.known().cloned(),
        }
    }

    /// These credentials, with others where they are not known.
    pub(super) fn or(self, other: Known) -> Self {
        Known {
            admin_password: self.admin_password.or(other.admin_password),
            secret: self.secret.or(other.secret),
            uuid: self.uuid.or(other.uuid),
        }
    }

    /// These credentials, generated where they are not known.
    pub(super) fn or_generate(self) -> Credentials {
        Credentials {
            admin_password: self.admin_password.unwrap_or_else(generate),
            secret: self.secret.unwrap_or_else(generate),
            uuid: self
                .uuid
                .unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string().into()),
        }
    }

    /// These credentials, if all are known.
    pub(super) fn complete(self) -> Option<Credentials> {
        Some(Credentials {
            admin_password: self.admin_password?,
            secret: self.secret?,
            uuid: self.uuid?,
        })
    }

    /// Checks that what is wanted is what an earlier start of CouchDB may have been given already.
    ///
    /// # Errors
    /// Fails with one error for each credential that differs.
    pub(super) fn agree_with(&self, wanted: &Known) -> Result<(), Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let pairs = [
            (&self.admin_password, &wanted.admin_password, Couchdb::ADMIN_PASSWORD),
            (&self.secret, &wanted.secret, Couchdb::SECRET),
            (&self.uuid, &wanted.uuid, Couchdb::UUID),
        ];
        for (started, wanted, attribute) in pairs {
            let differs = matches!((started, wanted), (Some(a), Some(b)) if a.expose_secret() != b.expose_secret());
            if differs {
                let detail = format!(
                    "An earlier apply, which did not finish, started CouchDB with another value, and CouchDB keeps the first \
                     one. Put the earlier value back, or delete the namespace if there is no data in it yet. (`{attribute}`)"
                );
                let path = Path::new(InstanceModel::COUCHDB).attribute(attribute);
                diagnostics.push(Diagnostic::error("CouchDB has other credentials", detail).at(path));
            }
        }
        diagnostics.into_result(())
    }
}

impl Credentials {
    /// Something of the right shape, to try objects with before there are credentials.
    pub(super) fn placeholder() -> Self {
        let text = || SecretString::from("0".repeat(GENERATED_LENGTH));
        Credentials {
            admin_password: text(),
            secret: text(),
            uuid: text(),
        }
    }

    /// Puts into the model what has to be in the state: everything but a write-only password.
    pub(super) fn store(&self, couchdb: &mut Couchdb) {
        if couchdb.admin_password.is_unknown() {
            let write_only = couchdb.admin_password_wo.get().is_some();
            couchdb.admin_password = if write_only {
                Attr::Null
            } else {
                Attr::Known(self.admin_password.clone())
            };
        }
        couchdb.secret = Attr::Known(self.secret.clone());
        couchdb.uuid = Attr::Known(self.uuid.clone());
    }
}

impl From<Credentials> for Known {
    fn from(credentials: Credentials) -> Self {
        Known {
            admin_password: Some(credentials.admin_password),
            secret: Some(credentials.secret),
            uuid: Some(credentials.uuid),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([REDACTED])")
    }
}

fn generate() -> SecretString {
    Alphanumeric.sample_string(&mut rand::rng(), GENERATED_LENGTH).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(password: Option<&str>, secret: Option<&str>) -> Known {
        Known {
            admin_password: password.map(Into::into),
            secret: secret.map(Into::into),
            uuid: None,
        }
    }

    #[test]
    fn what_is_known_is_never_generated_again() {
        let credentials = known(Some("given"), None)
            .or(known(Some("found"), Some("kept")))
            .or_generate();
        assert_eq!(credentials.admin_password.expose_secret(), "given");
        assert_eq!(credentials.secret.expose_secret(), "kept");
        assert_eq!(credentials.uuid.expose_secret().len(), 32);
    }

    #[test]
    fn generated_credentials_differ_each_time() {
        let (one, other) = (Known::default().or_generate(), Known::default().or_generate());
        assert_ne!(one.admin_password.expose_secret(), other.admin_password.expose_secret());
        assert_ne!(one.uuid.expose_secret(), other.uuid.expose_secret());
    }

    #[test]
    fn another_password_than_couchdb_was_started_with_is_refused() {
        let started = known(Some("first"), Some("secret"));
        assert!(started.agree_with(&known(None, Some("secret"))).is_ok());
        let refused = started
            .agree_with(&known(Some("second"), None))
            .expect_err("it differs");
        assert!(
            !refused.to_string().contains("second"),
            "the password must not be told: {refused}"
        );
    }
}
