//! What is wrong with a certificate that is given for the ingress, at the attribute that is to blame.
//!
//! [`chain`] looks at it. Names, keys and chains are checked with the configuration; times only with a plan
//! that brings the certificate to the instance, so that one which has expired is in nobody's way when all ends.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity, error_chain};
use tf_framework::path::Path;

use crate::cht::instance::model::{Ingress, InstanceModel, InstanceModelDraft, Tls};
use crate::cht::instance::validate::certificate::chain::{Chain, Error, Lifetime};

mod chain;

/// How long before its end a certificate is worth a warning: what renews certificates usually does so earlier.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A certificate, and what has to fit it, as far as that is known.
pub(in crate::cht::instance) struct Given<'a> {
    certificate: &'a str,
    key: Option<(&'a SecretString, &'static str)>,
    host: Option<&'a str>,
}

impl<'a> Given<'a> {
    /// The certificate of a configuration or a plan, if there is one and it is known.
    pub(in crate::cht::instance) fn in_draft(draft: &'a InstanceModelDraft) -> Option<Self> {
        let tls = draft.ingress.known()?.tls.known()?;
        let write_only = tls.private_key_wo.known().map(|key| (key, Tls::PRIVATE_KEY_WO));
        Some(Given {
            certificate: tls.certificate.known()?,
            key: write_only.or(tls.private_key.known().map(|key| (key, Tls::PRIVATE_KEY))),
            host: draft.host.known().map(String::as_str),
        })
    }

    /// The certificate of an instance.
    pub(super) fn in_model(model: &'a InstanceModel) -> Option<Self> {
        let tls = model.ingress.as_ref()?.tls.as_ref()?;
        let write_only = tls.private_key_wo.get().map(|key| (key, Tls::PRIVATE_KEY_WO));
        Some(Given {
            certificate: tls.certificate.as_deref()?,
            key: write_only.or(tls.private_key.as_ref().map(|key| (key, Tls::PRIVATE_KEY))),
            host: Some(&model.host),
        })
    }

    /// Checks all but times.
    pub(super) fn check(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        let chain = match Chain::parse(self.certificate) {
            Ok(chain) => chain,
            Err(error) => {
                diagnostics.push(unusable_certificate(&error));
                return diagnostics;
            }
        };
        if let Some(Err(error)) = self.host.map(|host| chain.check_host(host)) {
            diagnostics.push(unusable_certificate(&error));
        }
        if let Some((key, attribute)) = self.key
            && let Err(error) = chain.check_key(key)
        {
            let detail = format!(
                "The private key cannot be used: {}. Give the key with which the certificate was requested.",
                error_chain(&error)
            );
            diagnostics.push(Diagnostic::error("Private key cannot be used", detail).at(path(attribute)));
        }
        diagnostics
    }

    /// What there is to say of the certificate at this time: an error if it cannot be used and is not in use already.
    pub(in crate::cht::instance) fn check_lifetime(
        &self,
        prior: Option<&InstanceModel>,
        now: Timestamp,
    ) -> Option<Diagnostic> {
        // What else is wrong with it has been reported with the configuration.
        let lifetime = Chain::parse(self.certificate).ok()?.lifetime(now).ok()?;
        let used = prior.and_then(Given::in_model);
        let in_use = used.is_some_and(|used| used.certificate == self.certificate);
        let (summary, detail) = match lifetime {
            Lifetime::Expired(end) => (
                "Certificate has expired",
                format!(
                    "The certificate was valid until {end}: phones refuse to synchronize with it. Give a renewed one."
                ),
            ),
            Lifetime::NotYet(begin) => (
                "Certificate is not valid yet",
                format!(
                    "The certificate is not valid before {begin}: phones refuse to synchronize with it until then."
                ),
            ),
            Lifetime::Until(end) if end.duration_since(now) < SOON => {
                let detail = format!("The certificate is valid until {end}. Give a renewed one before that.");
                return Some(Diagnostic::warning("Certificate expires soon", detail).at(path(Tls::CERTIFICATE)));
            }
            Lifetime::Until(_) => return None,
        };
        let diagnostic = if in_use {
            // Other changes may be more urgent, and refusing them would renew nothing.
            Diagnostic::warning(summary, detail)
        } else {
            Diagnostic::error(summary, detail)
        };
        Some(diagnostic.at(path(Tls::CERTIFICATE)))
    }
}

/// Checks the certificate of an instance before anything is changed: it may not have been known before.
///
/// # Errors
/// Fails if the certificate is new and cannot be used.
pub(in crate::cht::instance) fn check_before_apply(
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
    now: Timestamp,
) -> Result<(), Diagnostics> {
    let Some(given) = Given::in_model(model) else {
        return Ok(());
    };
    let mut diagnostics = given.check();
    let lifetime = given.check_lifetime(prior, now);
    // Warnings came with the plan, unless it did not know the certificate; the next one has them in any case.
    if let Some(error) = lifetime.filter(|one| one.severity == Severity::Error) {
        diagnostics.push(error);
    }
    diagnostics.into_result(())
}

fn unusable_certificate(error: &Error) -> Diagnostic {
    let detail = format!(
        "The certificate cannot be used: {}. Give the certificate for the host in PEM, followed by the authorities that signed \
         it, each after the one that it signed.",
        error_chain(error)
    );
    Diagnostic::error("Certificate cannot be used", detail).at(path(Tls::CERTIFICATE))
}

fn path(attribute: &str) -> Path {
    Path::new(InstanceModel::INGRESS)
        .attribute(Ingress::TLS)
        .attribute(attribute)
}

#[cfg(test)]
mod tests;
