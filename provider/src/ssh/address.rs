//! Where a host is: the address that errors name, and the name by which it is known.

use std::fmt;

/// Where a host is: what known hosts are matched with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or IP address.
    pub host: String,
    /// Port of the SSH server.
    pub port: u16,
}

impl Address {
    /// The host as OpenSSH writes it: alone for the usual port.
    pub(super) fn known_as(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        if self.port == 22 {
            host
        } else {
            format!("[{host}]:{}", self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
