//! Networks in CIDR notation, such as `10.0.0.0/16`.

use std::fmt;
use std::net::IpAddr;

use crate::custom_types::Notation;

/// A network: its first address, and how many bits of it all its addresses share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    first: IpAddr,
    prefix_length: u8,
}

impl Cidr {
    /// The network of that prefix length that an address is in; none if the length is more than an address has bits.
    pub fn containing(address: IpAddr, prefix_length: u8) -> Option<Self> {
        let free = u32::from(bits(address)).checked_sub(u32::from(prefix_length))?;
        let first = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(free).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(free).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Some(Cidr { first, prefix_length })
    }

    /// The first address of the network.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// How many bits the addresses of the network share.
    pub fn prefix_length(&self) -> u8 {
        self.prefix_length
    }

    /// Whether an address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(address) == bits(self.first) && Cidr::containing(address, self.prefix_length) == Some(*self)
    }
}

impl Notation for Cidr {
    const EXPECTED: &'static str = "a network in CIDR notation such as `10.0.0.0/16`";

    fn parse(text: &str) -> Result<Self, String> {
        let (address, network) = parse(text).ok_or_else(|| {
            format!("`{text}` is not a network in CIDR notation, such as `10.0.0.0/16` or `2001:db8::/32`.")
        })?;
        if address == network.first {
            return Ok(network);
        }
        Err(format!(
            "`{text}` is an address in a network, not a network. Use the network's first address, such as `{network}`."
        ))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_length)
    }
}

/// The address and the network that it is in.
fn parse(text: &str) -> Option<(IpAddr, Cidr)> {
    let (address, length) = text.split_once('/')?;
    let address = address.parse().ok()?;
    let is_plain = length == "0" || !length.starts_with(['0', '+']);
    let length = length.parse().ok().filter(|_| is_plain)?;
    Some((address, Cidr::containing(address, length)?))
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custom_types::check;

    #[test]
    fn networks_are_compared_by_value() {
        check::<Cidr>(
            &[
                ("10.0.0.0/16", "10.0.0.0/16", "10.0.0.0/17"),
                ("0.0.0.0/0", "0.0.0.0/0", "::/0"),
                ("2001:db8::/32", "2001:0db8:0::/32", "2001:db9::/32"),
                ("10.0.0.1/32", "10.0.0.1/32", "10.0.0.2/32"),
            ],
            &[
                "",
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0.0/",
                "10.0.0.0/08",
                "10.0.0.0/+8",
                "/8",
                "::/129",
                "10.0.1.5/16",
            ],
        );
        let problem = Cidr::parse("10.0.1.5/16").unwrap_err();
        assert!(problem.contains("`10.0.0.0/16`"), "{problem}");
    }

    proptest! {
        #[test]
        fn a_network_contains_the_address_that_it_was_made_for(bytes: [u8; 16], length in 0_u8..=128) {
            for (address, length) in [(IpAddr::from(bytes), length), (IpAddr::from([bytes[0], bytes[1], bytes[2], 3]), length % 33)] {
                let network = Cidr::containing(address, length).unwrap();
                prop_assert!(network.contains(address) && network.contains(network.first()));
                prop_assert_eq!(Cidr::parse(&network.to_string()), Ok(network));
            }
        }
    }
}
