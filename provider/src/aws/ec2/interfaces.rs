//! The calls about what others have in a network: network interfaces, and security groups.

use aws_sdk_ec2::types::{Filter, NetworkInterface, SecurityGroup};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};

impl Account {
    /// The network interfaces that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn network_interfaces(
        &self,
        filters: Vec<Filter>,
    ) -> Result<Vec<NetworkInterface>, Error> {
        let asked = self.ec2().describe_network_interfaces().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeNetworkInterfaces");
        self.run(&call, pages.collect()).await
    }

    /// Removes a network interface.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_network_interface(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_network_interface().network_interface_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteNetworkInterface"), sent).await)
    }

    /// The security groups that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn security_groups(&self, filters: Vec<Filter>) -> Result<Vec<SecurityGroup>, Error> {
        let asked = self.ec2().describe_security_groups().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeSecurityGroups");
        self.run(&call, pages.collect()).await
    }

    /// Removes a security group.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_security_group(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_security_group().group_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteSecurityGroup"), sent).await)
    }
}
