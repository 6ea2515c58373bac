//! The attribute `vcenter`: which vCenter it is, and the user that programs in the cluster log in to it as.
//!
//! That user is not the one of the provider block, who may do far more than the nodes of a cluster should be able to.

use std::fmt;

use secrecy::SecretString;
use tf_framework::schema::Validator;
use tf_framework::{Model, WriteOnly};

use super::super::attribute::{Login, VSphere};
use super::super::rules;
use super::super::tls::Thumbprint;

/// The vCenter, and the user that a program in the cluster logs in as.
#[derive(Clone, Model)]
pub struct VCenterLogin {
    /// Name or IP address of the vCenter, as the nodes of the cluster reach it.
    #[tf(validate(rules::server()))]
    pub server: String,
    /// Port of its API.
    #[tf(default = 443, validate(Validator::between(1..=65535)))]
    pub port: u16,
    /// Name of a user that may do no more than is needed, with its domain: `cht-k8s@vsphere.local` or
    /// `VSPHERE.LOCAL\cht-k8s`.
    #[tf(validate(user()))]
    pub user: String,
    /// Password of the user, stored in the state.
    #[tf(
        conflicts_with(password_wo),
        prefer_write_only(password_wo),
        validate(Validator::not_empty())
    )]
    pub password: Option<SecretString>,
    /// Password of the user, never stored in a plan or the state. Without `password_wo_version` it is used only when
    /// the resource is made.
    #[tf(validate(Validator::not_empty()))]
    pub password_wo: WriteOnly<SecretString>,
    /// Version of `password_wo`, of your own choice: changing it sets the password again.
    #[tf(requires(password_wo))]
    pub password_wo_version: Option<i64>,
    /// Datacenters that have nodes of the cluster, by name or inventory path.
    #[tf(validate(Validator::not_empty(), Validator::unique(), Validator::each(datacenter())))]
    pub datacenters: Vec<String>,
    /// Certificates of the authorities that may have signed the vCenter's certificate, in PEM. Default: those that the
    /// image trusts.
    #[tf(conflicts_with(thumbprint), validate(Validator::pem_certificates()))]
    pub ca_certificate: Option<String>,
    /// SHA-256 thumbprint of the vCenter's certificate: 64 hexadecimal digits, with colons or without.
    #[tf(validate(rules::thumbprint()))]
    pub thumbprint: Option<String>,
    /// Trust any certificate. Whoever is on the way can then read the password.
    #[tf(default = false)]
    pub insecure: bool,
}

impl VCenterLogin {
    /// The password to use: the one that is configured, unless it is write-only and its version is the same as before;
    /// then the one that the cluster has.
    pub(in crate::vsphere) fn password(
        &self,
        prior: Option<&Self>,
        live: Option<SecretString>,
    ) -> Option<SecretString> {
        if self.password.is_some() {
            return self.password.clone();
        }
        let given = self.password_wo.get().cloned();
        let is_new =
            prior.is_none_or(|prior| prior.password_wo_version != self.password_wo_version || prior.password.is_some());
        if is_new { given.or(live) } else { live.or(given) }
    }

    /// The thumbprint as programs in the cluster compare it.
    pub(in crate::vsphere) fn pinned(&self) -> Option<String> {
        let parsed = Thumbprint::parse(self.thumbprint.as_deref()?).ok()?;
        Some(parsed.to_string())
    }

    /// The same for calls of our own.
    pub(super) fn login(&self, password: SecretString) -> (Login, VSphere) {
        let login = Login {
            server: self.server.clone(),
            port: self.port,
            user: self.user.clone(),
            password,
        };
        let trust = VSphere {
            ca_certificate: self.ca_certificate.clone(),
            thumbprint: self.thumbprint.clone(),
            insecure: Some(self.insecure),
            ..VSphere::default()
        };
        (login, trust)
    }
}

impl VCenterLoginDraft {
    /// The password that the configuration has, in either way.
    pub(in crate::vsphere) fn given_password(&self) -> Option<&SecretString> {
        self.password.known().or_else(|| self.password_wo.known())
    }

    /// Whether the configuration says no password, in neither way.
    pub(in crate::vsphere) fn has_no_password(&self) -> bool {
        self.password.is_null() && self.password_wo.is_null()
    }
}

impl fmt::Debug for VCenterLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VCenterLogin")
            .field("server", &self.server)
            .field("datacenters", &self.datacenters)
            .finish_non_exhaustive()
    }
}

/// A user as both programs take it; the CSI driver ends at any other.
fn user() -> Validator {
    Validator::string("a user with its domain, such as `cht-k8s@vsphere.local`", |text| {
        let halves = text.split_once('@').or_else(|| text.split_once('\\'));
        let is_half =
            |half: &str| !half.is_empty() && !half.contains(['@', '\\']) && !half.contains(char::is_whitespace);
        match halves {
            Some((first, second)) if is_half(first) && is_half(second) => Ok(()),
            _ => Err("It must be `user@domain` or `DOMAIN\\user`.".to_owned()),
        }
    })
}

/// The CSI driver takes a list with commas between the names.
fn datacenter() -> Validator {
    Validator::string("the name or inventory path of a datacenter", |text| {
        if text.trim().is_empty() || text.contains(',') {
            return Err("It must be one name or path, without a comma.".to_owned());
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn a_user_has_a_domain_in_one_of_two_forms() {
        for accepted in ["cht@vsphere.local", "VSPHERE.LOCAL\\cht", "a.b-c@x"] {
            assert_eq!(user().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        for refused in [
            "cht",
            "@vsphere.local",
            "cht@",
            "a@b@c",
            "VSPHERE\\LOCAL\\cht",
            "a b@c",
            "",
        ] {
            assert!(user().check(&Value::from(refused)).is_err(), "{refused}");
        }
    }
}
