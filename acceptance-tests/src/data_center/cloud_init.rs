//! What cloud-init makes of what a machine is told: its name, its address, and who may log in.
//!
//! Read are those parts of its documentation that a host of the lab can follow: of the metadata, `local-hostname`,
//! `public-keys-data` and the addresses of the network; of the user data, if it is a `#cloud-config`,
//! `ssh_authorized_keys` and `users`. The network itself is in the hands of the lab.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::hosts::{Seed, SeedUser};

/// The user that an image has by default.
pub const DEFAULT_USER: &str = "ubuntu";

/// What a guest has been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name and its users.
    pub seed: Seed,
    /// Its addresses, in the order of its cards.
    pub addresses: Vec<IpAddr>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(rename = "local-hostname")]
    host_name: String,
    #[serde(rename = "public-keys-data")]
    public_keys: String,
    network: Network,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Network {
    ethernets: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserData {
    ssh_authorized_keys: Vec<String>,
    users: Option<Vec<Value>>,
}

/// Reads metadata and user data.
///
/// # Errors
/// If one of them cannot be read, or names nobody.
pub fn read(metadata: &str, user_data: &str) -> Result<Told> {
    let metadata: Metadata = serde_saphyr::from_str(metadata).context("read the metadata")?;
    ensure!(!metadata.host_name.is_empty(), "the metadata has no local-hostname");
    let told: UserData = match user_data.starts_with("#cloud-config") {
        true => serde_saphyr::from_str(user_data).context("read the user data")?,
        false => UserData::default(),
    };
    let keys = metadata.public_keys.lines().map(str::to_owned);
    let keys: Vec<String> = keys.chain(told.ssh_authorized_keys).collect();
    let users = told.users.unwrap_or_else(|| vec!["default".into()]);
    let users: Option<Vec<SeedUser>> = users.iter().map(|user| read_user(user, &keys)).collect();
    let addresses = metadata.network.ethernets.values().flat_map(addresses).collect();
    Ok(Told {
        seed: Seed {
            host_name: metadata.host_name,
            users: users.context("a user of the user data has no name")?,
        },
        addresses,
    })
}

/// A user, of whom `default` is the image's own.
fn read_user(user: &Value, keys: &[String]) -> Option<SeedUser> {
    if user == "default" {
        return Some(SeedUser {
            name: DEFAULT_USER.to_owned(),
            sudo: true,
            authorized_keys: keys.to_vec(),
        });
    }
    let own = user.get("ssh_authorized_keys").and_then(Value::as_array);
    let own = own.into_iter().flatten().filter_map(Value::as_str);
    Some(SeedUser {
        name: user.get("name")?.as_str()?.to_owned(),
        sudo: user
            .get("sudo")
            .is_some_and(|sudo| sudo.to_string().contains("NOPASSWD")),
        authorized_keys: own.map(str::to_owned).collect(),
    })
}

fn addresses(card: &Value) -> Vec<IpAddr> {
    let given = card.get("addresses").and_then(Value::as_array).into_iter().flatten();
    given
        .filter_map(|address| address.as_str()?.split('/').next()?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"local-hostname": "agent-1", "public-keys-data": "ssh-ed25519 AAAA a\nssh-ed25519 BBBB b",
        "network": {"version": 2, "ethernets": {"id0": {"addresses": ["198.18.0.11/24", "fd00::11/64"]}}}}"#;

    #[test]
    fn keys_of_the_metadata_are_for_the_user_of_the_image() {
        let told = read(METADATA, "").unwrap();
        assert_eq!(told.seed.host_name, "agent-1");
        let [user] = &told.seed.users[..] else {
            panic!("{told:?}")
        };
        assert_eq!((user.name.as_str(), user.sudo), (DEFAULT_USER, true));
        assert_eq!(user.authorized_keys, ["ssh-ed25519 AAAA a", "ssh-ed25519 BBBB b"]);
        let addresses: Vec<String> = told.addresses.iter().map(IpAddr::to_string).collect();
        assert_eq!(addresses, ["198.18.0.11", "fd00::11"]);
    }

    #[test]
    fn users_of_the_user_data_take_the_place_of_that_user() {
        let told = read(
            METADATA,
            "#cloud-config\nusers:\n- name: operator\n  sudo: ALL=(ALL) NOPASSWD:ALL\n  ssh_authorized_keys: [ssh-ed25519 CCCC]\n",
        );
        let users = told.unwrap().seed.users;
        let expected = SeedUser {
            name: "operator".to_owned(),
            sudo: true,
            authorized_keys: vec!["ssh-ed25519 CCCC".to_owned()],
        };
        assert_eq!(users, [expected]);
        assert!(read(METADATA, "#cloud-config\nusers: [{sudo: x}]\n").is_err());
        assert!(read("{}", "").is_err());
    }
}
