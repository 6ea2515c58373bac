//! The calls about networks and their subnets.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Subnet, Vpc, VpcAttributeName};

use super::{SERVICE, made, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};
use crate::aws::tags::Tags;

/// How machines of a network have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::aws) enum Dns {
    /// They can look names up.
    Support,
    /// They have names themselves.
    Hostnames,
}

/// What a new subnet is.
#[derive(Clone, Debug)]
pub(in crate::aws) struct NewSubnet {
    /// Id of the network.
    pub(in crate::aws) vpc_id: String,
    /// The availability zone.
    pub(in crate::aws) zone: String,
    /// Its addresses.
    pub(in crate::aws) cidr_block: String,
}

impl Account {
    /// The networks that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn vpcs(&self, filters: Vec<Filter>) -> Result<Vec<Vpc>, Error> {
        let asked = self.ec2().describe_vpcs().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        self.run(&self.call(SERVICE, "DescribeVpcs"), pages.collect()).await
    }

    /// Makes a network.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_vpc(&self, cidr_block: &str, tags: Tags) -> Result<Vpc, Error> {
        let call = self.call(SERVICE, "CreateVpc");
        let sent = self
            .ec2()
            .create_vpc()
            .cidr_block(cidr_block)
            .tag_specifications(tagged(ResourceType::Vpc, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.vpc)
    }

    /// Whether machines of a network have names in this way.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn vpc_has_dns(&self, id: &str, dns: Dns) -> Result<bool, Error> {
        let call = self.call(SERVICE, "DescribeVpcAttribute");
        let attribute = match dns {
            Dns::Support => VpcAttributeName::EnableDnsSupport,
            Dns::Hostnames => VpcAttributeName::EnableDnsHostnames,
        };
        let asked = self.ec2().describe_vpc_attribute().vpc_id(id).attribute(attribute);
        let answer = self.run(&call, asked.send()).await?;
        let found = match dns {
            Dns::Support => answer.enable_dns_support,
            Dns::Hostnames => answer.enable_dns_hostnames,
        };
        found.and_then(|found| found.value).ok_or(Error::Lacks {
            call,
            what: "the attribute",
        })
    }

    /// Gives names to machines of a network.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn enable_vpc_dns(&self, id: &str, dns: Dns) -> Result<(), Error> {
        let on = AttributeBooleanValue::builder().value(true).build();
        let change = self.ec2().modify_vpc_attribute().vpc_id(id);
        let change = match dns {
            Dns::Support => change.enable_dns_support(on),
            Dns::Hostnames => change.enable_dns_hostnames(on),
        };
        let call = self.call(SERVICE, "ModifyVpcAttribute");
        self.run(&call, change.send()).await.map(drop)
    }

    /// Removes a network.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_vpc(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_vpc().vpc_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteVpc"), sent).await)
    }

    /// The subnets that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn subnets(&self, filters: Vec<Filter>) -> Result<Vec<Subnet>, Error> {
        let asked = self.ec2().describe_subnets().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        self.run(&self.call(SERVICE, "DescribeSubnets"), pages.collect()).await
    }

    /// Makes a subnet.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_subnet(&self, new: NewSubnet, tags: Tags) -> Result<Subnet, Error> {
        let call = self.call(SERVICE, "CreateSubnet");
        let sent = self
            .ec2()
            .create_subnet()
            .vpc_id(new.vpc_id)
            .availability_zone(new.zone)
            .cidr_block(new.cidr_block)
            .tag_specifications(tagged(ResourceType::Subnet, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.subnet)
    }

    /// Removes a subnet.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_subnet(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_subnet().subnet_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteSubnet"), sent).await)
    }
}
