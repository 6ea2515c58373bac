//! Types of machines, and the machines that there are.

use aws_sdk_ec2::types::{Filter, Instance, InstanceTypeInfo, Reservation};

use super::{SERVICE, filter};
use crate::aws::account::Account;
use crate::aws::error::Error;

impl Account {
    /// What is known of types of machines.
    ///
    /// # Errors
    /// One of them does not exist, or the call failed.
    pub(in crate::aws) async fn machine_types(&self, types: &[String]) -> Result<Vec<InstanceTypeInfo>, Error> {
        let asked = self.ec2().describe_instance_types();
        let asked = asked.filters(filter("instance-type", types));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeInstanceTypes");
        self.run(&call, pages.collect()).await
    }

    /// The machines of an Auto Scaling group, also those that ended a short time ago.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn machines_of_group(&self, group: &str) -> Result<Vec<Instance>, Error> {
        self.machines(filter("tag:aws:autoscaling:groupName", [group])).await
    }

    /// The machines of the region that run, or are about to.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn machines_that_run(&self) -> Result<Vec<Instance>, Error> {
        self.machines(filter("instance-state-name", ["pending", "running"]))
            .await
    }

    async fn machines(&self, filter: Filter) -> Result<Vec<Instance>, Error> {
        let asked = self.ec2().describe_instances().filters(filter);
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeInstances");
        let reservations: Vec<Reservation> = self.run(&call, pages.collect()).await?;
        let reservations = reservations.into_iter();
        Ok(reservations
            .flat_map(|reservation| reservation.instances.unwrap_or_default())
            .collect())
    }
}
