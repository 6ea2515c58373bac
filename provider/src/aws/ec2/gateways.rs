//! The calls about the ways from a network to the internet: internet gateways, and NAT gateways with their addresses.

use aws_sdk_ec2::types::{Address, DomainType, Filter, InternetGateway, NatGateway, ResourceType};

use super::{SERVICE, made, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};
use crate::aws::tags::Tags;

impl Account {
    /// The internet gateways that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn internet_gateways(&self, filters: Vec<Filter>) -> Result<Vec<InternetGateway>, Error> {
        let asked = self.ec2().describe_internet_gateways().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeInternetGateways");
        self.run(&call, pages.collect()).await
    }

    /// Makes an internet gateway, which is attached to nothing.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_internet_gateway(&self, tags: Tags) -> Result<InternetGateway, Error> {
        let call = self.call(SERVICE, "CreateInternetGateway");
        let tags = tagged(ResourceType::InternetGateway, tags);
        let sent = self.ec2().create_internet_gateway().tag_specifications(tags).send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.internet_gateway)
    }

    /// Attaches an internet gateway to a network, if it is not attached.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn attach_internet_gateway(&self, id: &str, vpc_id: &str) -> Result<(), Error> {
        let change = self.ec2().attach_internet_gateway();
        let sent = change.internet_gateway_id(id).vpc_id(vpc_id).send();
        match self.run(&self.call(SERVICE, "AttachInternetGateway"), sent).await {
            // A lost answer to an earlier try.
            Err(error) if error.is_refused_with("Resource.AlreadyAssociated") => Ok(()),
            attached => attached.map(drop),
        }
    }

    /// Detaches an internet gateway from a network, if it is attached.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn detach_internet_gateway(&self, id: &str, vpc_id: &str) -> Result<(), Error> {
        let change = self.ec2().detach_internet_gateway();
        let sent = change.internet_gateway_id(id).vpc_id(vpc_id).send();
        match self.run(&self.call(SERVICE, "DetachInternetGateway"), sent).await {
            Err(error) if error.is_refused_with("Gateway.NotAttached") => Ok(()),
            detached => gone(detached),
        }
    }

    /// Removes an internet gateway.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_internet_gateway(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_internet_gateway().internet_gateway_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteInternetGateway"), sent).await)
    }

    /// The public addresses that filters leave. EC2 has no pages of them.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn addresses(&self, filters: Vec<Filter>) -> Result<Vec<Address>, Error> {
        let sent = self.ec2().describe_addresses().set_filters(Some(filters)).send();
        let answer = self.run(&self.call(SERVICE, "DescribeAddresses"), sent).await?;
        Ok(answer.addresses.unwrap_or_default())
    }

    /// Makes a public address.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn allocate_address(&self, tags: Tags) -> Result<Address, Error> {
        let call = self.call(SERVICE, "AllocateAddress");
        let sent = self
            .ec2()
            .allocate_address()
            .domain(DomainType::Vpc)
            .tag_specifications(tagged(ResourceType::ElasticIp, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        let id = made(call, answer.allocation_id)?;
        let address = Address::builder().allocation_id(id).set_public_ip(answer.public_ip);
        Ok(address.build())
    }

    /// Gives a public address back.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn release_address(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().release_address().allocation_id(id).send();
        gone(self.run(&self.call(SERVICE, "ReleaseAddress"), sent).await)
    }

    /// The NAT gateways that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn nat_gateways(&self, filters: Vec<Filter>) -> Result<Vec<NatGateway>, Error> {
        let asked = self.ec2().describe_nat_gateways().set_filter(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeNatGateways");
        self.run(&call, pages.collect()).await
    }

    /// Begins to make a NAT gateway in a subnet, with a public address.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_nat_gateway(
        &self,
        subnet_id: &str,
        allocation_id: &str,
        tags: Tags,
    ) -> Result<NatGateway, Error> {
        let call = self.call(SERVICE, "CreateNatGateway");
        let sent = self
            .ec2()
            .create_nat_gateway()
            .subnet_id(subnet_id)
            .allocation_id(allocation_id)
            .tag_specifications(tagged(ResourceType::Natgateway, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.nat_gateway)
    }

    /// Begins to remove a NAT gateway.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_nat_gateway(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_nat_gateway().nat_gateway_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteNatGateway"), sent).await)
    }
}
