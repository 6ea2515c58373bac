//! The `vsphere` attribute of the provider block: which vCenter it is, and how it is logged in to.
//!
//! What it does not say, the environment may say, by the names that other tools for vSphere use ([`environment`]), so
//! that a password need not stand in a file.

use std::fmt;

use secrecy::SecretString;
use tf_framework::Model;
use tf_framework::schema::Validator;

use super::environment;
use super::rules;

/// The vCenter, for resources of vSphere.
#[derive(Clone, Default, Model)]
pub struct VSphere {
    /// Name or IP address of the vCenter. Default: the environment variable `VSPHERE_SERVER`.
    #[tf(validate(rules::server()))]
    pub server: Option<String>,
    /// Port of its API. Default: 443.
    #[tf(validate(Validator::between(1..=65535)))]
    pub port: Option<u16>,
    /// Name of the user to log in as, with its domain, such as `cht@vsphere.local`. Default: the environment variable
    /// `VSPHERE_USER`.
    #[tf(validate(Validator::not_empty()))]
    pub user: Option<String>,
    /// Password of the user. Default: the environment variable `VSPHERE_PASSWORD`.
    #[tf(validate(Validator::not_empty()))]
    pub password: Option<SecretString>,
    /// Certificates of the authorities that may have signed the vCenter's certificate, in PEM. Default: those that this
    /// machine trusts.
    #[tf(conflicts_with(thumbprint), validate(Validator::pem_certificates()))]
    pub ca_certificate: Option<String>,
    /// SHA-256 thumbprint of the vCenter's certificate, as its administrators see it: 64 hexadecimal digits, with
    /// colons or without. Whoever signed it, only this certificate is trusted.
    #[tf(validate(rules::thumbprint()))]
    pub thumbprint: Option<String>,
    /// Trust any certificate. Whoever is on the way can then read the password and change what is asked for.
    pub insecure: Option<bool>,
    /// How many machines are cloned at once. Default: 4.
    #[tf(validate(Validator::between(1..=32)))]
    pub max_parallel_clones: Option<u16>,
}

/// What is still missing before a vCenter can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The attribute.
    pub attribute: &'static str,
    /// The environment variable that is asked where the attribute is not given.
    pub variable: &'static str,
}

/// A vCenter and the login to it.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its name or address.
    pub server: String,
    /// The port of its API.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
}

impl VSphere {
    /// The vCenter and the login, from the value and the environment.
    ///
    /// # Errors
    /// Says what neither of them has.
    pub fn login(&self) -> Result<Login, Vec<Missing>> {
        self.login_with(environment::variable)
    }

    fn login_with(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Login, Vec<Missing>> {
        let mut missing = Vec::new();
        let mut find = |own: Option<String>, attribute, name| {
            let found = own.or_else(|| variable(name));
            if found.is_none() {
                missing.push(Missing {
                    attribute,
                    variable: name,
                });
            }
            found
        };
        let server = find(self.server.clone(), Self::SERVER, environment::SERVER);
        let user = find(self.user.clone(), Self::USER, environment::USER);
        let password = match &self.password {
            Some(password) => Some(password.clone()),
            None => find(None, Self::PASSWORD, environment::PASSWORD).map(SecretString::from),
        };
        match (server, user, password) {
            (Some(server), Some(user), Some(password)) => Ok(Login {
                server,
                port: self.port.unwrap_or(443),
                user,
                password,
            }),
            _ => Err(missing),
        }
    }
}

impl fmt::Debug for VSphere {
    /// Tells which vCenter it is, and nothing that gives access to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VSphere")
            .field("server", &self.server)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn environment_says_what_the_value_does_not() {
        let value = VSphere {
            server: Some("vc.example".to_owned()),
            ..VSphere::default()
        };
        let login = value.login_with(|name| Some(format!("the {name}"))).unwrap();
        assert_eq!((login.server.as_str(), login.port), ("vc.example", 443));
        assert_eq!(login.user, "the VSPHERE_USER");
        assert_eq!(login.password.expose_secret(), "the VSPHERE_PASSWORD");
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once() {
        let missing = VSphere::default().login_with(|_| None).unwrap_err();
        let attributes: Vec<_> = missing.iter().map(|missing| missing.attribute).collect();
        assert_eq!(attributes, ["server", "user", "password"]);
    }
}
