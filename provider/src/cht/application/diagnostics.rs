//! Failures of calls to a CHT application, as users are told of them.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::attribute::{self, InstanceAddress};
use crate::cht::error::Error;
use crate::cht::transport::TransportError;

/// The attribute by which everything that lives in an application takes the way to it.
pub(in crate::cht) const ATTRIBUTE: &str = "instance";

/// Says what was attempted, why it failed, and what to do next.
pub(super) fn explain(summary: &str, error: &Error, has_url: bool) -> Diagnostics {
    let (attribute, advice) = advice(error, has_url);
    let detail = format!("{}.\n\n{advice}", sentence(&error_chain(error)));
    let diagnostic = Diagnostic::error(summary, detail);
    match attribute {
        Some(attribute) => diagnostic.at(attribute::path(attribute)).into(),
        None => diagnostic.into(),
    }
}

/// The address cannot be used at all.
pub(super) fn unusable(error: &TransportError, address: &InstanceAddress) -> Diagnostics {
    let attribute = match address.ca_certificate {
        Some(_) => InstanceAddress::CA_CERTIFICATE,
        None => InstanceAddress::URL,
    };
    let detail = format!(
        "{}.\n\nGive the certificates of the authorities to trust in `ca_certificate`.",
        sentence(&error_chain(error))
    );
    Diagnostic::error("Unable to use the way to the CHT instance", detail)
        .at(attribute::path(attribute))
        .into()
}

/// The namespace is not there, and something is to be done in it.
pub(super) fn gone(address: &InstanceAddress) -> Diagnostics {
    let namespace = address.namespace.as_deref().unwrap_or_default();
    let detail = format!(
        "There is no namespace `{namespace}` in the cluster. If the instance is made in the same configuration, take \
         `namespace` from it, such as `cht_instance.this.namespace`, so that it is made first."
    );
    Diagnostic::error("No CHT instance", detail)
        .at(attribute::path(InstanceAddress::NAMESPACE))
        .into()
}

/// The namespace is there, and the login is not in it.
pub(super) fn no_login(namespace: &str, secret: &str) -> Diagnostics {
    let detail = format!(
        "The namespace `{namespace}` has no Secret `{secret}` with the login of CouchDB's administrator, which `cht_instance` \
         and the official chart keep there. Is there an instance in it? If it was removed for good and its data kept, remove \
         this object from the state."
    );
    Diagnostic::error("No CHT login", detail)
        .at(attribute::path(InstanceAddress::NAMESPACE))
        .into()
}

/// The attribute to blame, if the way to the instance is, and what to do next.
fn advice(error: &Error, has_url: bool) -> (Option<&'static str>, &'static str) {
    let way = if has_url {
        InstanceAddress::URL
    } else {
        InstanceAddress::NAMESPACE
    };
    match error {
        Error::Send { source, .. } => match source {
            TransportError::Certificate { .. } | TransportError::Tls { .. } => (
                Some(InstanceAddress::URL),
                "If the certificate was signed by an authority of your own, give that in `ca_certificate`. If it is for another \
                 name, correct `url`.",
            ),
            TransportError::Forbidden { .. } => (
                Some(way),
                "Grant these credentials the permission named above, as the guide on permissions shows, and apply again.",
            ),
            _ => (
                Some(way),
                "What is in the instance is taken to be still there; apply again when it answers.",
            ),
        },
        Error::Unauthorized { .. } | Error::MissingCredentials { .. } if has_url => {
            (Some(InstanceAddress::PASSWORD), "Give the right `user` and `password`.")
        }
        Error::Unauthorized { .. } | Error::MissingCredentials { .. } => (
            Some(InstanceAddress::NAMESPACE),
            "The login in the Secret of the namespace is not the one that CouchDB knows. Plan the instance to see why.",
        ),
        Error::TooManyLogins { .. } => (
            Some(way),
            "Somebody, perhaps this configuration, tried wrong passwords. Wait a minute, and apply again.",
        ),
        Error::Forbidden { .. } => (
            has_url.then_some(InstanceAddress::USER),
            "Give the login of a user who may do this, such as an administrator.",
        ),
        Error::Starting { .. } | Error::DatabaseUnavailable { .. } => {
            (Some(way), "Apply again when the instance is up; nothing was lost.")
        }
        Error::NotJson { .. } | Error::UnexpectedShape { .. } | Error::UnexpectedAnswer { .. } => (
            Some(way),
            "Check that this leads to the API of a CHT instance, from release 4.9 on.",
        ),
        Error::Conflict { .. } => (None, "Apply again: what was done so far is kept and continued."),
        Error::Refused { .. } | Error::NotFound { .. } => (None, "Change what is refused, and apply again."),
        Error::UnexpectedStatus { .. } => (None, "Look at the log of the API for the cause, and apply again."),
    }
}

/// The text with its first letter in upper case.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
