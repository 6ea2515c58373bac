//! IP addresses, by value: `::1` is `0:0:0:0:0:0:0:1`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::custom_types::Notation;

impl Notation for IpAddr {
    const EXPECTED: &'static str = "an IP address such as `10.0.0.1` or `2001:db8::1`";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| refusal(text, Self::EXPECTED))
    }
}

impl Notation for Ipv4Addr {
    const EXPECTED: &'static str = "an IPv4 address such as `10.0.0.1`";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| refusal(text, Self::EXPECTED))
    }
}

impl Notation for Ipv6Addr {
    const EXPECTED: &'static str = "an IPv6 address such as `2001:db8::1`";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| refusal(text, Self::EXPECTED))
    }
}

fn refusal(text: &str, expected: &str) -> String {
    format!("`{text}` is not {expected}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_types::{Text, check};

    #[test]
    fn addresses_are_compared_by_value() {
        check::<IpAddr>(
            &[
                ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
                ("2001:db8::1", "2001:0DB8:0::0:1", "2001:db8::2"),
                ("::ffff:10.0.0.1", "::ffff:a00:1", "10.0.0.1"),
            ],
            &[
                "",
                "10.0.0",
                "10.0.0.256",
                "010.0.0.1",
                "10.0.0.0/8",
                "fe80::1%eth0",
                "[::1]",
            ],
        );
        check::<Ipv4Addr>(&[("10.0.0.1", "10.0.0.1", "10.0.0.2")], &["::1"]);
        check::<Ipv6Addr>(&[("::1", "0::1", "::2")], &["10.0.0.1"]);
        assert_eq!(Text::from(IpAddr::from([10, 0, 0, 1])).as_str(), "10.0.0.1");
    }
}
