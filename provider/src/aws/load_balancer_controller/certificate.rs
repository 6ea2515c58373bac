//! The certificate of the controller's webhooks, by which the API server knows them. It is made once, with an authority
//! of its own whose key is thrown away, and is kept in a Secret of the cluster and nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use secrecy::{ExposeSecret as _, SecretString};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use x509_parser::pem::parse_x509_pem;

use crate::kubernetes::LiveObject;

/// The keys in the Secret, as the controller reads them.
pub(super) const AUTHORITY: &str = "ca.crt";
pub(super) const CERTIFICATE: &str = "tls.crt";
pub(super) const PRIVATE_KEY: &str = "tls.key";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long it lasts, and how long before its end another one is made.
const LASTS: Duration = DAY.saturating_mul(5 * 365);
const RENEWED: Duration = DAY.saturating_mul(365);

/// A certificate with what belongs to it, in PEM.
#[derive(Clone, Debug)]
pub(super) struct WebhookCertificate {
    /// The certificate of the authority that signed it.
    pub(super) authority: String,
    pub(super) certificate: String,
    pub(super) private_key: SecretString,
}

impl WebhookCertificate {
    /// Makes one for a server of these names.
    ///
    /// # Errors
    /// Fails only for a defect of the provider.
    pub(super) fn made(names: &[String]) -> Result<Self, Diagnostics> {
        let made = sign(names, SystemTime::now());
        made.map_err(|error| Diagnostic::bug(format!("The certificate cannot be made: {error}.")).into())
    }

    /// The one that a Secret has, if it is complete.
    pub(super) fn of(secret: &LiveObject) -> Option<Self> {
        Some(WebhookCertificate {
            authority: secret.data_text(AUTHORITY)?,
            certificate: secret.data_text(CERTIFICATE)?,
            private_key: SecretString::from(secret.data_text(PRIVATE_KEY)?),
        })
    }

    /// Whether it is good for some time yet.
    pub(super) fn lasts(&self) -> bool {
        self.lasts_at(SystemTime::now())
    }

    fn lasts_at(&self, now: SystemTime) -> bool {
        let renewed = now + RENEWED;
        let renewed = renewed.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let key = self.private_key.expose_secret();
        let ends = [&self.authority, &self.certificate].map(|pem| end(pem));
        KeyPair::from_pem(key).is_ok() && ends.iter().all(|end| end.is_some_and(|end| end > renewed))
    }
}

/// The second in which a certificate ends.
fn end(pem: &str) -> Option<u64> {
    let (_, read) = parse_x509_pem(pem.as_bytes()).ok()?;
    let certificate = read.parse_x509().ok()?;
    certificate.validity().not_after.timestamp().try_into().ok()
}

fn sign(names: &[String], now: SystemTime) -> Result<WebhookCertificate, rcgen::Error> {
    let mut authority = params(&[], "aws-load-balancer-controller-ca", now)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut server = params(names, "aws-load-balancer-controller", now)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;
    Ok(WebhookCertificate {
        authority: authority.pem(),
        certificate: certificate.pem(),
        private_key: SecretString::from(key.serialize_pem()),
    })
}

fn params(names: &[String], common_name: &str, now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Clocks differ.
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
    params.not_after = date_time_ymd(1970, 1, 1) + now + LASTS;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralName;

    use super::*;

    #[test]
    fn a_certificate_is_renewed_a_year_before_it_ends() {
        let now = SystemTime::now();
        let made = sign(&["webhooks.kube-system.svc".to_owned()], now).unwrap();
        assert!(made.lasts() && made.lasts_at(now + DAY * (4 * 365 - 1)));
        assert!(!made.lasts_at(now + DAY * (4 * 365 + 1)));
        let other = sign(&[], now).unwrap();
        assert_ne!(made.authority, other.authority);
        let broken = WebhookCertificate {
            certificate: "-----BEGIN".to_owned(),
            ..made
        };
        assert!(!broken.lasts());
    }

    #[test]
    fn the_server_is_verified_by_its_authority() {
        let name = "webhooks.kube-system.svc";
        let made = sign(&[name.to_owned()], SystemTime::now()).unwrap();
        let (_, authority) = parse_x509_pem(made.authority.as_bytes()).unwrap();
        let (_, server) = parse_x509_pem(made.certificate.as_bytes()).unwrap();
        let (authority, server) = (authority.parse_x509().unwrap(), server.parse_x509().unwrap());
        assert!(server.verify_signature(Some(authority.public_key())).is_ok());
        let names = server.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names, [GeneralName::DNSName(name)]);
    }
}
