//! What a network consists of, as a function of what is configured: its parts by name, and which addresses each has.
//!
//! Pure. A part's name is its mark in AWS, such as `private-subnet/eu-west-2a`, so it stays the same whatever else
//! changes.

use std::net::{IpAddr, Ipv4Addr};

use tf_framework::custom_types::Cidr;

/// How many zones there can be: as many as there are blocks for private subnets.
pub(super) const MOST_ZONES: usize = 6;

/// The smallest subnet of EC2.
const LONGEST_PREFIX: u8 = 28;

/// The zones of a network, each with its subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// In the order in which they are configured.
    pub(super) zones: Vec<ZoneLayout>,
    /// Where machines without public addresses reach the internet.
    pub(super) nat: Nat,
    /// The services with gateway endpoints.
    pub(super) endpoints: Vec<String>,
}

/// The subnets of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ZoneLayout {
    /// The zone, such as `eu-west-2a`.
    pub(super) zone: String,
    /// Addresses of the public subnet.
    pub(super) public_cidr: String,
    /// Addresses of the private subnet.
    pub(super) private_cidr: String,
}

/// How many NAT gateways there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Nat {
    /// None: private subnets have no way out.
    #[default]
    None,
    /// One, in the first zone.
    Single,
    /// One in each zone.
    PerZone,
}

impl Nat {
    /// As it is configured.
    pub(super) fn of(text: &str) -> Self {
        match text {
            "none" => Nat::None,
            "per_az" => Nat::PerZone,
            _ => Nat::Single,
        }
    }
}

impl Layout {
    /// The zones that have a NAT gateway.
    pub(super) fn nat_zones(&self) -> &[ZoneLayout] {
        let count = match self.nat {
            Nat::None => 0,
            Nat::Single => 1.min(self.zones.len()),
            Nat::PerZone => self.zones.len(),
        };
        self.zones.get(..count).unwrap_or_default()
    }

    /// The zone whose NAT gateway the private subnet of a zone uses.
    pub(super) fn nat_zone_of(&self, zone: &str) -> Option<&str> {
        let zones = self.nat_zones();
        let own = zones.iter().find(|candidate| candidate.zone == zone);
        own.or(zones.first()).map(|found| found.zone.as_str())
    }

    /// The names of all parts, in the order in which they are made.
    pub(super) fn parts(&self) -> Vec<String> {
        let mut parts = vec![INTERNET_GATEWAY.to_owned(), PUBLIC_ROUTE_TABLE.to_owned()];
        for zone in &self.zones {
            parts.extend([
                public_subnet(&zone.zone),
                private_subnet(&zone.zone),
                route_table(&zone.zone),
            ]);
        }
        for zone in self.nat_zones() {
            parts.extend([address(&zone.zone), nat_gateway(&zone.zone)]);
        }
        parts.extend(self.endpoints.iter().map(|service| endpoint(service)));
        parts
    }
}

/// The way to the internet.
pub(super) const INTERNET_GATEWAY: &str = "internet-gateway";

/// The route table of all public subnets.
pub(super) const PUBLIC_ROUTE_TABLE: &str = "route-table/public";

/// What the names of public subnets begin with.
pub(super) const PUBLIC_SUBNET: &str = "public-subnet/";

/// What the names of private subnets begin with.
pub(super) const PRIVATE_SUBNET: &str = "private-subnet/";

/// The public subnet of a zone.
pub(super) fn public_subnet(zone: &str) -> String {
    format!("{PUBLIC_SUBNET}{zone}")
}

/// The private subnet of a zone.
pub(super) fn private_subnet(zone: &str) -> String {
    format!("{PRIVATE_SUBNET}{zone}")
}

/// The route table of the private subnet of a zone.
pub(super) fn route_table(zone: &str) -> String {
    format!("route-table/{zone}")
}

/// The public address of the NAT gateway of a zone.
pub(super) fn address(zone: &str) -> String {
    format!("address/{zone}")
}

/// The NAT gateway of a zone.
pub(super) fn nat_gateway(zone: &str) -> String {
    format!("nat-gateway/{zone}")
}

/// The gateway endpoint of a service.
pub(super) fn endpoint(service: &str) -> String {
    format!("endpoint/{service}")
}

/// The networks of the public and the private subnets of so many zones. What a zone has does not depend on how many
/// there are: private subnets have an eighth of the network each, and public ones are small parts of its last quarter.
pub(super) fn subnets(network: &Cidr, count: usize) -> Option<(Vec<String>, Vec<String>)> {
    let prefix = network.prefix_length();
    let private = (prefix + 3).min(LONGEST_PREFIX);
    let public = (prefix + 6).min(LONGEST_PREFIX);
    // Where public subnets begin, in subnets of their size.
    let begin = 3 << (public - prefix - 2);
    let of = |prefix, first: usize| -> Option<Vec<String>> {
        let nth = |index| Some(block(network, prefix, first + index)?.to_string());
        (0..count).map(nth).collect()
    };
    (count <= most_zones(network)).then_some(())?;
    Some((of(public, begin)?, of(private, 0)?))
}

/// How many zones a network has room for.
pub(super) fn most_zones(network: &Cidr) -> usize {
    let public = (network.prefix_length() + 6).min(LONGEST_PREFIX);
    let in_last_quarter = 1_usize << public.saturating_sub(network.prefix_length() + 2);
    in_last_quarter.min(MOST_ZONES)
}

/// The block of this number, of those with this prefix that a network has.
fn block(network: &Cidr, prefix: u8, number: usize) -> Option<Cidr> {
    let IpAddr::V4(first) = network.first() else {
        return None;
    };
    let size = 1_u32.checked_shl(32_u32.checked_sub(u32::from(prefix))?)?;
    let offset = u32::try_from(number).ok()?.checked_mul(size)?;
    let address = Ipv4Addr::from_bits(first.to_bits().checked_add(offset)?);
    let inside = network.contains(IpAddr::V4(address));
    inside.then(|| Cidr::containing(IpAddr::V4(address), prefix)).flatten()
}

/// Whether two networks have an address in common.
pub(super) fn overlap(one: &Cidr, other: &Cidr) -> bool {
    one.contains(other.first()) || other.contains(one.first())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tf_framework::custom_types::Notation as _;

    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    fn layout(nat: Nat) -> Layout {
        let zone = |zone: &str| ZoneLayout {
            zone: zone.to_owned(),
            public_cidr: String::new(),
            private_cidr: String::new(),
        };
        Layout {
            zones: vec![zone("a"), zone("b")],
            nat,
            endpoints: vec!["s3".to_owned()],
        }
    }

    #[test]
    fn a_large_network_has_large_private_subnets_and_small_public_ones() {
        let (public, private) = subnets(&cidr("10.42.0.0/16"), 3).unwrap();
        assert_eq!(public, ["10.42.192.0/22", "10.42.196.0/22", "10.42.200.0/22"]);
        assert_eq!(private, ["10.42.0.0/19", "10.42.32.0/19", "10.42.64.0/19"]);
        let (public, private) = subnets(&cidr("10.42.7.0/24"), 2).unwrap();
        assert_eq!(public, ["10.42.7.192/28", "10.42.7.208/28"]);
        assert_eq!(private, ["10.42.7.0/27", "10.42.7.32/27"]);
        assert_eq!(subnets(&cidr("10.42.7.0/24"), 5), None);
    }

    #[test]
    fn private_subnets_use_the_gateway_of_their_zone_or_the_only_one() {
        assert_eq!(layout(Nat::Single).nat_zone_of("b"), Some("a"));
        assert_eq!(layout(Nat::PerZone).nat_zone_of("b"), Some("b"));
        assert_eq!(layout(Nat::None).nat_zone_of("b"), None);
        assert_eq!(layout(Nat::None).parts().len(), 9);
        assert_eq!(layout(Nat::PerZone).parts().len(), 13);
    }

    proptest! {
        #[test]
        fn subnets_never_overlap_and_stay_when_zones_are_added(prefix in 16_u8..=24, second in 0_u8..=255) {
            let network = Cidr::containing(IpAddr::from([10, second, 0, 0]), prefix).unwrap();
            let most = most_zones(&network);
            let (public, private) = subnets(&network, most).unwrap();
            let all: Vec<Cidr> = public.iter().chain(&private).map(|text| cidr(text)).collect();
            for (index, one) in all.iter().enumerate() {
                prop_assert!(network.contains(one.first()) && one.prefix_length() <= LONGEST_PREFIX);
                prop_assert!(all.iter().skip(index + 1).all(|other| !overlap(one, other)), "{all:?}");
            }
            let (fewer, _) = subnets(&network, most - 1).unwrap();
            prop_assert_eq!(fewer.as_slice(), &public[..most - 1]);
        }
    }
}
