//! The cluster's authorities and the certificates that each host makes of them.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use x509_parser::pem::Pem;

use super::log;

/// k3s renews a certificate at a start when less than 120 days of it are left.
const RENEWED_BEFORE: i64 = 120 * 24 * 60 * 60;

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Who a client certificate names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) groups: Vec<String>,
}

/// A new authority. Its name carries the time, as k3s's do.
pub(crate) fn authority(name: &str) -> Result<Pair> {
    let key = KeyPair::generate()?;
    let certificate = authority_params(&format!("{name}@{}", log::unix_time())).self_signed(&key)?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// A certificate for a server with these names and addresses.
pub(crate) fn serving(authority: &Pair, name: &str, also: &[String]) -> Result<Pair> {
    let mut params = CertificateParams::new(also.to_vec())?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let subject = Subject {
        name: name.to_owned(),
        groups: Vec::new(),
    };
    sign(authority, params, &subject)
}

/// A certificate for a client of the API server.
pub(super) fn client(authority: &Pair, name: &str, group: Option<&str>) -> Result<Pair> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let subject = Subject {
        name: name.to_owned(),
        groups: group.map(str::to_owned).into_iter().collect(),
    };
    sign(authority, params, &subject)
}

/// Who a client certificate names.
pub(super) fn subject(der: &[u8]) -> Result<Subject> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der)?;
    let text = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| attribute.as_str().map(str::to_owned);
    let mut names = certificate
        .subject()
        .iter_common_name()
        .filter_map(|name| text(name).ok());
    let groups = certificate.subject().iter_organization();
    Ok(Subject {
        name: names.next().context("the certificate names nobody")?,
        groups: groups.filter_map(|group| text(group).ok()).collect(),
    })
}

/// When a certificate ends, in seconds since 1970.
pub(super) fn end(pem: &str) -> Result<i64> {
    let der = pem_contents(pem)?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der)?;
    Ok(certificate.validity().not_after.timestamp())
}

/// Whether a certificate is good for longer than k3s waits before it renews one, and signed by an authority.
pub(super) fn is_good(pem: &str, authority: &Pair) -> Result<bool> {
    let (der, by) = (pem_contents(pem)?, pem_contents(&authority.certificate)?);
    let (_, certificate) = x509_parser::parse_x509_certificate(&der)?;
    let (_, by) = x509_parser::parse_x509_certificate(&by)?;
    let lasts = certificate.validity().not_after.timestamp() - log::unix_time();
    Ok(lasts > RENEWED_BEFORE && certificate.verify_signature(Some(by.public_key())).is_ok())
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(log::unix_time().unsigned_abs());
    (params.not_before, params.not_after) = (now, now + days(3650));
    params
}

fn sign(authority: &Pair, mut params: CertificateParams, subject: &Subject) -> Result<Pair> {
    params.distinguished_name = DistinguishedName::new();
    for group in &subject.groups {
        params.distinguished_name.push(DnType::OrganizationName, group.as_str());
    }
    params
        .distinguished_name
        .push(DnType::CommonName, subject.name.as_str());
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(log::unix_time().unsigned_abs());
    (params.not_before, params.not_after) = (now - days(1), now + days(365));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.use_authority_key_identifier_extension = true;
    // A signature needs of the authority its name and its key.
    let der = pem_contents(&authority.certificate)?;
    let issuer = authority_params(&self::subject(&der)?.name);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &Issuer::new(issuer, KeyPair::from_pem(&authority.key)?))?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

fn pem_contents(pem: &str) -> Result<Vec<u8>> {
    let first = Pem::iter_from_buffer(pem.as_bytes()).next();
    Ok(first.context("there is no certificate")??.contents)
}

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 24 * 60 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_certificate_names_its_subject() {
        let authority = authority("k3s-client-ca").unwrap();
        let pair = client(&authority, "system:node:h1", Some("system:nodes")).unwrap();
        let subject = subject(&pem_contents(&pair.certificate).unwrap()).unwrap();
        assert_eq!(subject.name, "system:node:h1");
        assert_eq!(subject.groups, ["system:nodes"]);
        let left = end(&pair.certificate).unwrap() - log::unix_time();
        assert!((364 * 86_400..=365 * 86_400).contains(&left), "{left}");
    }
}
