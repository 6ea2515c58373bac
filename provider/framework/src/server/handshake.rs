//! go-plugin's handshake: what the client tells in the environment, and the one line that answers it on stdout.
//!
//! Protocol: <https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md>. The socket that the line names is in
//! `listener`, the certificate in `tls`.

use std::num::ParseIntError;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What a person reads who starts the provider by hand.
pub const NOT_STARTED_BY_CORE: &str = "\
This program is a plugin: Terraform or OpenTofu starts it when a configuration needs it. It does nothing on its own.\n\
Name the provider in the `required_providers` block of a configuration, then run `terraform init` or `tofu init`.\n";

/// The version of go-plugin's own protocol.
const CORE_PROTOCOL: u32 = 1;

/// The only version of the plugin protocol that is served.
const PROTOCOL: u32 = 6;

/// Set by every core; it tells a core from a person, nothing more.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// What the client says in the environment of the process.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The magic cookie is there and right.
    pub started_by_core: bool,
    /// Protocol 6 is among the versions that the client speaks.
    pub offers_protocol_6: bool,
    /// The client waits for the field of the line that says whether connections are multiplexed.
    pub multiplex: bool,
    /// The client's certificate in PEM. Without it, the connection is plaintext.
    pub client_certificate: Option<String>,
    /// The folder for the unix socket.
    pub socket_directory: PathBuf,
    /// The group, by name or id, that may use the unix socket.
    pub socket_group: Option<String>,
    /// The ports to try where there is no unix socket. Port 0 lets the system choose.
    pub ports: RangeInclusive<u16>,
}

/// A value of the environment that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A port is no port number.
    #[error("{variable} is not a port number")]
    ParsePort {
        /// The variable with the port.
        variable: &'static str,
        /// What is wrong with it.
        #[source]
        source: ParseIntError,
    },
    /// The range of ports is empty.
    #[error("PLUGIN_MIN_PORT {min} is above PLUGIN_MAX_PORT {max}")]
    EmptyPortRange {
        /// The first port.
        min: u16,
        /// The last port.
        max: u16,
    },
}

/// Where the server listens, in go-plugin's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `unix` or `tcp`.
    pub network: &'static str,
    /// The path of the socket, or host and port.
    pub address: String,
}

impl Environment {
    /// Reads the environment variables that `lookup` finds. Empty ones count as absent.
    ///
    /// # Errors
    /// If the range of ports makes no sense.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let port = |variable| match lookup(variable) {
            Some(text) => text
                .parse()
                .map_err(|source| EnvironmentError::ParsePort { variable, source }),
            None => Ok(0),
        };
        let (min, max) = (port("PLUGIN_MIN_PORT")?, port("PLUGIN_MAX_PORT")?);
        if min > max {
            return Err(EnvironmentError::EmptyPortRange { min, max });
        }
        let versions = lookup("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_default();
        Ok(Self {
            started_by_core: lookup(COOKIE.0).is_some_and(|cookie| cookie == COOKIE.1),
            offers_protocol_6: versions
                .split(',')
                .any(|version| version.trim().parse() == Ok(PROTOCOL)),
            multiplex: lookup("PLUGIN_MULTIPLEX_GRPC").is_some(),
            client_certificate: lookup("PLUGIN_CLIENT_CERT"),
            socket_directory: lookup("PLUGIN_UNIX_SOCKET_DIR")
                .or_else(|| lookup("TMPDIR"))
                .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
            socket_group: lookup("PLUGIN_UNIX_SOCKET_GROUP"),
            ports: min..=max,
        })
    }
}

/// The line by which the client finds the server. `certificate` is the server's, in DER; without it the client speaks
/// plaintext. The version is 6 even if the client does not offer it, as the client then tells the user why.
pub(super) fn line(address: &Address, certificate: Option<&[u8]>, multiplex: bool) -> String {
    let Address { network, address } = address;
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplexed = if multiplex { "|false" } else { "" };
    format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}{multiplexed}\n")
}

/// The assignment, ready for a shell, by which cores find a server that they did not start.
pub(super) fn reattach_line(provider_address: &str, address: &Address) -> String {
    let servers = serde_json::json!({
        provider_address: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            // The process is not the client's to kill.
            "Test": true,
            "Addr": { "Network": address.network, "String": address.address },
        }
    });
    format!(
        "TF_REATTACH_PROVIDERS='{}'\n",
        servers.to_string().replace('\'', r"'\''")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::read(|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn unix() -> Address {
        Address {
            network: "unix",
            address: "/tmp/plugin1/socket".to_owned(),
        }
    }

    #[test]
    fn certificate_is_standard_base64_without_padding() {
        assert_eq!(
            line(&unix(), Some(&[0xfb, 0xff, 0xfe, 0x00]), false),
            "1|6|unix|/tmp/plugin1/socket|grpc|+//+AA\n"
        );
    }

    #[test]
    fn plaintext_leaves_the_certificate_empty() {
        assert_eq!(line(&unix(), None, false), "1|6|unix|/tmp/plugin1/socket|grpc|\n");
    }

    #[test]
    fn multiplexing_is_declined_only_if_the_client_asks() {
        assert_eq!(line(&unix(), None, true), "1|6|unix|/tmp/plugin1/socket|grpc||false\n");
    }

    #[test]
    fn reattach_line_is_json_that_a_shell_takes_verbatim() {
        let address = Address {
            network: "unix",
            address: "/tmp/it's/socket".to_owned(),
        };
        let line = reattach_line("registry.terraform.io/medic/cht", &address);
        let quoted = line
            .strip_prefix("TF_REATTACH_PROVIDERS='")
            .and_then(|rest| rest.strip_suffix("'\n"))
            .unwrap();
        let servers: serde_json::Value = serde_json::from_str(&quoted.replace(r"'\''", "'")).unwrap();
        let server = &servers["registry.terraform.io/medic/cht"];
        assert_eq!(server["ProtocolVersion"], 6);
        assert_eq!(server["Pid"], std::process::id());
        assert_eq!(server["Addr"]["String"], "/tmp/it's/socket");
    }

    #[test]
    fn versions_are_a_set_in_any_order() {
        for (versions, offered) in [
            ("5,6", true),
            ("6,5", true),
            ("6", true),
            ("5", false),
            ("16,60", false),
        ] {
            let environment = read(&[("PLUGIN_PROTOCOL_VERSIONS", versions)]).unwrap();
            assert_eq!(environment.offers_protocol_6, offered, "{versions}");
        }
        assert!(!read(&[]).unwrap().offers_protocol_6);
    }

    #[test]
    fn wrong_and_missing_cookies_are_not_a_core() {
        assert!(!read(&[]).unwrap().started_by_core);
        assert!(!read(&[(COOKIE.0, "yes")]).unwrap().started_by_core);
        assert!(read(&[COOKIE]).unwrap().started_by_core);
    }

    #[test]
    fn empty_client_certificate_counts_as_absent() {
        assert!(
            read(&[("PLUGIN_CLIENT_CERT", "")])
                .unwrap()
                .client_certificate
                .is_none()
        );
    }

    #[test]
    fn senseless_ports_are_errors() {
        let error = read(&[("PLUGIN_MIN_PORT", "20"), ("PLUGIN_MAX_PORT", "10")]).unwrap_err();
        assert_eq!(error.to_string(), "PLUGIN_MIN_PORT 20 is above PLUGIN_MAX_PORT 10");
        let error = read(&[("PLUGIN_MIN_PORT", "70000"), ("PLUGIN_MAX_PORT", "70001")]).unwrap_err();
        assert_eq!(error.to_string(), "PLUGIN_MIN_PORT is not a port number");
    }
}
