//! Addresses of network cards: an address with the length of its network's prefix.

use std::fmt;
use std::net::IpAddr;

use tf_framework::custom_types::{Cidr, Notation};

/// An address of a guest, such as `10.20.0.21/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The address.
    pub address: IpAddr,
    /// The network that it is in.
    pub network: Cidr,
}

impl Notation for InterfaceAddress {
    const EXPECTED: &'static str = "an address with the length of its prefix, such as `10.20.0.21/24`";

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address with the length of its prefix, such as `10.20.0.21/24`.");
        let (address, length) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let length: u8 = length.parse().map_err(|_| wrong())?;
        let network = Cidr::containing(address, length).ok_or_else(wrong)?;
        let is_first = network.first() == address && network.contains(address);
        let has_hosts = match address {
            IpAddr::V4(_) => length < 31,
            IpAddr::V6(_) => length < 127,
        };
        if is_first && has_hosts {
            return Err(format!("`{text}` is a network, not an address in one."));
        }
        Ok(InterfaceAddress { address, network })
    }
}

impl fmt::Display for InterfaceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.network.prefix_length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_the_length_of_its_prefix() {
        for text in ["10.20.0.21/24", "fd00::5/64", "10.0.0.0/31", "10.0.0.7/32"] {
            assert_eq!(InterfaceAddress::parse(text).unwrap().to_string(), text);
        }
        for (text, hint) in [
            ("10.20.0.0/24", "network"),
            ("10.20.0.21", "prefix"),
            ("10.20.0.21/33", "prefix"),
            ("x/24", "prefix"),
        ] {
            assert!(InterfaceAddress::parse(text).unwrap_err().contains(hint), "{text}");
        }
    }
}
