//! Certificates as users have them: for a host, for some time, with a key.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// A day.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate with its key, in PEM.
pub(crate) struct Certificate {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Certificate {
    /// One that outlives these tests.
    pub(crate) fn lasting(host: &str) -> Self {
        Self::with(host, |params| params.not_after = date_time_ymd(2100, 1, 1))
    }

    /// One that was valid for a year, some time ago.
    pub(crate) fn expired(host: &str) -> Self {
        Self::with(host, |params| params.not_after = date_time_ymd(2021, 1, 1))
    }

    /// One that ends in a while.
    pub(crate) fn ending_in(host: &str, time: Duration) -> Self {
        Self::with(host, |params| params.not_after = (SystemTime::now() + time).into())
    }

    fn with(host: &str, lasting: impl Fn(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a host name");
        params.not_before = date_time_ymd(2020, 1, 1);
        lasting(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        let key = key.serialize_pem();
        Certificate { certificate, key }
    }

    /// Both as attributes of `tls`.
    pub(crate) fn hcl(&self) -> String {
        format!("certificate = {:?}\nprivate_key = {:?}", self.certificate, self.key)
    }

    /// Both as attributes of `tls`, with a key that is not stored.
    pub(crate) fn hcl_with_write_only_key(&self, version: u32) -> String {
        let Certificate { certificate, key } = self;
        format!("certificate = {certificate:?}\nprivate_key_wo = {key:?}\nprivate_key_wo_version = {version}")
    }
}
