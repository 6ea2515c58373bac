//! Whether a certificate holds for a host, in the form of
//! [OpenSSH](https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.certkeys). Whether its authority counts
//! is judged by [`super::host_key`].

use russh::keys::Certificate;
use russh::keys::ssh_key::certificate::CertType;

use super::address::Address;
use super::known_hosts::matches;

/// What is wrong with a certificate whose authority counts for the host.
pub(super) fn unfit(certificate: &Certificate, address: &Address, now: u64) -> Option<&'static str> {
    let principals = certificate.valid_principals();
    let host = address.host.to_ascii_lowercase();
    if certificate.cert_type() != CertType::Host {
        Some("it is one for users")
    } else if certificate.verify_signature().is_err() {
        Some("its signature is wrong")
    } else if now < certificate.valid_after() {
        Some("it is not valid yet")
    } else if now >= certificate.valid_before() {
        Some("it has expired")
    } else if certificate.critical_options().iter().next().is_some() {
        Some("it has critical options, of which none is known for hosts")
    } else if !principals.iter().any(|name| matches(&name.to_ascii_lowercase(), &host)) {
        Some("it is for hosts of other names")
    } else {
        None
    }
}
