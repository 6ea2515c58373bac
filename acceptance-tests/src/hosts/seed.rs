//! What an empty place is told before it boots for the first time: what cloud-init tells a machine.
//!
//! Without a seed, a host has the name and the users of the lab (`host.sh`).

use std::fs;

use anyhow::{Context, Result};

use super::Host;

/// Who a new machine is, and who may log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    /// Its name.
    pub host_name: String,
    /// The users besides root, who cannot log in.
    pub users: Vec<SeedUser>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedUser {
    /// What the user is called.
    pub name: String,
    /// Whether `sudo` may be used, without a password.
    pub sudo: bool,
    /// Public keys to log in with.
    pub authorized_keys: Vec<String>,
}

impl Host {
    /// Says what the machine is that boots next from an empty disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn seed(&self, seed: &Seed) -> Result<()> {
        let directory = self.site.slot.directory.join(self.name()).join("seed");
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        let users = directory.join("users");
        fs::create_dir_all(&users).with_context(|| format!("create {}", users.display()))?;
        fs::write(directory.join("host_name"), &seed.host_name)?;
        for user in &seed.users {
            fs::write(users.join(&user.name), user.authorized_keys.join("\n") + "\n")?;
            if user.sudo {
                fs::write(directory.join(format!("{}.sudo", user.name)), "")?;
            }
        }
        Ok(())
    }
}
