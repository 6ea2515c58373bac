//! Amazon Resource Names: [ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).

use std::fmt;

use crate::custom_types::Notation;

/// A name of something in AWS: `arn:partition:service:region:account:resource`. Names are compared to the letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    partition: String,
    service: String,
    region: String,
    account: String,
    resource: String,
}

impl Arn {
    /// The group of regions, such as `aws` or `aws-cn`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The service, such as `iam`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The region; empty for what is in none.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account, twelve digits; empty for what is in none, and `aws` for what AWS offers in all of them.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The resource as its service names it, such as `role/reader`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The domain under which the partition's services are found.
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }
}

impl Notation for Arn {
    const EXPECTED: &'static str = "an ARN such as `arn:aws:iam::123456789012:role/reader`";

    fn parse(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "`{text}` is not an ARN: write `arn`, the partition, service, region, account and resource with colons between \
                 them, such as `arn:aws:iam::123456789012:role/reader`."
            )
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Arn {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

fn parse(text: &str) -> Option<Arn> {
    let mut parts = text.splitn(6, ':');
    let mut part = || parts.next();
    let (scheme, partition, service, region, account, resource) =
        (part()?, part()?, part()?, part()?, part()?, part()?);
    let is_word = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let fine = scheme == "arn"
        && (partition == "aws" || partition.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty()))
        && !service.is_empty()
        && [partition, service, region].into_iter().all(is_word)
        && (is_account || account.is_empty() || account == "aws")
        && !resource.is_empty()
        && !resource.contains(char::is_whitespace);
    fine.then(|| Arn {
        partition: partition.to_owned(),
        service: service.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
        resource: resource.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_types::check;

    #[test]
    fn names_are_compared_to_the_letter_in_every_partition() {
        let role = "arn:aws:iam::123456789012:role/Reader";
        check::<Arn>(
            &[
                (role, role, "arn:aws:iam::123456789012:role/reader"),
                (
                    "arn:aws-cn:eks:cn-north-1:123456789012:cluster/a",
                    "arn:aws-cn:eks:cn-north-1:123456789012:cluster/a",
                    "arn:aws:eks:cn-north-1:123456789012:cluster/a",
                ),
                (
                    "arn:aws:s3:::bucket/a:b",
                    "arn:aws:s3:::bucket/a:b",
                    "arn:aws:iam::aws:policy/A",
                ),
            ],
            &[
                "",
                "role/Reader",
                "arn:aws:iam::123456789012",
                "arn:aws:iam::123456789012:",
                "arn:gcp:iam::123456789012:role/a",
                "arn:aws-:iam::123456789012:role/a",
                "arn:aws:iam::12:role/a",
                "arn:aws:::123456789012:role/a",
                "urn:aws:iam::123456789012:role/a",
                "arn:aws:iam::123456789012:role/a b",
            ],
        );
    }

    #[test]
    fn a_name_has_its_parts() {
        let arn = Arn::parse("arn:aws-cn:eks:cn-north-1:123456789012:cluster/a:b").unwrap();
        let parts = [
            arn.partition(),
            arn.service(),
            arn.region(),
            arn.account(),
            arn.resource(),
        ];
        assert_eq!(parts, ["aws-cn", "eks", "cn-north-1", "123456789012", "cluster/a:b"]);
        assert_eq!(arn.dns_suffix(), "amazonaws.com.cn");
        assert_eq!(arn.to_string(), "arn:aws-cn:eks:cn-north-1:123456789012:cluster/a:b");
    }
}
