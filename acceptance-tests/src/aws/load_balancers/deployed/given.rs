//! Certificates and subnets: those that users give, or those that are found as AWS's own controller finds them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::super::groups::CONTROLLER;
use super::{Deployer, list};

impl Deployer<'_> {
    /// The certificates that are given; else those of ACM that are for the hosts. Without any, nothing is made.
    pub(super) async fn certificates(&self) -> Result<Vec<String>> {
        let parameter = match self.group.controller {
            CONTROLLER => "/certificateArn",
            _ => "/certificateARNs",
        };
        let given = self.group.list(parameter, "certificate-arn");
        if !given.is_empty() || !self.group.is_encrypted() {
            return Ok(given.into_iter().collect());
        }
        let mut found = BTreeSet::new();
        let listed = self
            .call("acm", "ListCertificates", json!({"CertificateStatuses": ["ISSUED"]}))
            .await?;
        for host in self.group.members.iter().flat_map(|member| &member.hosts) {
            let is_for = |certificate: &&Value| {
                let name = certificate["DomainName"].as_str().unwrap_or_default();
                name == host || name.strip_prefix('*').is_some_and(|rest| host.ends_with(rest))
            };
            let all = list(&listed["CertificateSummaryList"]);
            let certificate = all.iter().find(is_for);
            let certificate = certificate.with_context(|| format!("no certificate found for host: {host}"))?;
            found.extend(certificate["CertificateArn"].as_str().map(str::to_owned));
        }
        Ok(found.into_iter().collect())
    }

    /// The subnets that are given; else those of the network that have the tag.
    pub(super) async fn subnets(&self, scheme: &str) -> Result<Vec<Value>> {
        let given: Vec<String> = self.group.list("/subnets/ids", "subnets").into_iter().collect();
        let asked = match (given.is_empty(), &self.maker.vpc_id) {
            (false, _) => json!({"SubnetIds": given}),
            (true, vpc) => {
                let role = if scheme == "internal" { "internal-elb" } else { "elb" };
                let mut filters = vec![json!({"Name": format!("tag:kubernetes.io/role/{role}"), "Values": ["", "1"]})];
                filters.extend(vpc.as_ref().map(|vpc| json!({"Name": "vpc-id", "Values": [vpc]})));
                json!({"Filters": filters})
            }
        };
        let subnets = list(&self.call("ec2", "DescribeSubnets", asked).await?["Subnets"]);
        let zones: BTreeSet<String> = subnets.iter().map(|one| one["AvailabilityZone"].to_string()).collect();
        if zones.len() < 2 {
            bail!(
                "couldn't auto-discover subnets: {} zones have one for {scheme}",
                zones.len()
            );
        }
        Ok(subnets)
    }
}
