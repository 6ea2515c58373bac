//! The attributes of `cht_credential`, in schema order.

use secrecy::SecretString;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts, WriteOnly};

use crate::cht::application::InstanceAddress;

/// Manages a credential of a CHT instance: a secret with which the instance logs in to another system, or another
/// system to it, such as an SMS gateway, a single sign-on provider, or a target of outbound pushes.
///
/// The instance keeps it encrypted and never shows it. A credential that somebody else writes shows as a change of
/// `revision`, and the next apply stores the configured value again. So does one that the instance cannot read any
/// more: the key of the encryption follows from CouchDB's secret, which may have become another one.
///
/// Only an administrator of the database may store credentials.
#[derive(Clone, Model)]
#[tf(
    exactly_one_of(value, value_wo),
    timeouts(create = "5m", read = "2m", update = "5m", delete = "5m")
)]
pub struct CredentialModel {
    /// The CHT instance.
    pub instance: InstanceAddress,
    /// Name by which the instance looks it up: `oidc:client-secret`, `rapidpro:incoming`, `rapidpro:outgoing`,
    /// `africastalking.com:incoming`, `africastalking.com:outgoing`, `nepal_doit_sms:outgoing`, or what `password_key`
    /// of an outbound push says. Changing it replaces the credential.
    #[tf(replace, validate(Validator::length(1..=256), Validator::no_whitespace()))]
    pub key: String,
    /// Value, stored in the state.
    #[tf(prefer_write_only(value_wo), validate(Validator::not_empty()))]
    pub value: Option<SecretString>,
    /// Value, never stored in a plan or the state. Without `value_wo_version` it is used only when the credential is
    /// made or repaired.
    #[tf(validate(Validator::not_empty()))]
    pub value_wo: WriteOnly<SecretString>,
    /// Version of `value_wo`, of your own choice: changing it stores the value again.
    #[tf(requires(value_wo))]
    pub value_wo_version: Option<i64>,
    /// Revision that storing the value made in the instance's database; null if the credential was changed from
    /// outside, or if the instance has another secret than the one with which it was encrypted.
    #[tf(keep_non_null)]
    pub revision: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a credential.
#[derive(Clone, Debug, Identity)]
pub struct CredentialIdentity {
    /// Namespace of the instance, or its public address.
    pub instance: String,
    /// Name of the credential.
    pub key: String,
}

impl IdentityOf<CredentialModel> for CredentialIdentity {
    fn of(credential: &CredentialModel) -> Option<Self> {
        Some(CredentialIdentity {
            instance: credential.instance.name()?,
            key: credential.key.clone(),
        })
    }
}

impl CredentialModel {
    /// The value, from wherever it is given.
    pub(super) fn secret(&self) -> Option<&SecretString> {
        self.value_wo.get().or(self.value.as_ref())
    }

    /// The state of a credential that was found.
    pub(super) fn imported(instance: InstanceAddress, key: String, revision: String) -> Self {
        CredentialModel {
            instance,
            key,
            value: None,
            value_wo: WriteOnly::default(),
            value_wo_version: None,
            revision: Attr::Known(revision),
            timeouts: Timeouts::default(),
        }
    }
}
