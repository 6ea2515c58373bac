//! The attribute `ssh` of the provider, for a host of the lab.

use anyhow::Result;

use super::{Host, User};

impl Host {
    /// How the provider logs in to this host as the user, as an object of a configuration: by the key of the lab,
    /// knowing the host by its key, with the password for `sudo` if the user is asked for one, and through the bastion
    /// if one is given.
    ///
    /// # Errors
    /// If a host has no key yet.
    pub fn ssh_attribute(&self, user: User, bastion: Option<&Host>) -> Result<String> {
        let key = self.site.key().display().to_string();
        let mut attributes = vec![
            format!("user = {:?}", user.name()),
            format!("private_key = file({key:?})"),
            format!("host_key = [{:?}]", self.host_key()?),
        ];
        if user == User::Deputy {
            attributes.push(format!("sudo_password = {:?}", self.site.password));
        }
        if let Some(bastion) = bastion {
            attributes.push(format!(
                "bastion = [{{ host = \"{}\", host_key = [{:?}] }}]",
                bastion.ip(),
                bastion.host_key()?
            ));
        }
        Ok(format!("{{\n  {}\n}}", attributes.join("\n  ")))
    }
}
