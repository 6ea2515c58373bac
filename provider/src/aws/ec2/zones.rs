//! The calls about availability zones, and what is offered there.

use aws_sdk_ec2::types::{AvailabilityZone, Filter, InstanceTypeOffering, LocationType};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::Error;

impl Account {
    /// The zones of the region. EC2 has no pages of them.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn availability_zones(&self) -> Result<Vec<AvailabilityZone>, Error> {
        let sent = self.ec2().describe_availability_zones().send();
        let answer = self.run(&self.call(SERVICE, "DescribeAvailabilityZones"), sent).await?;
        Ok(answer.availability_zones.unwrap_or_default())
    }

    /// Which types of machines are offered in which zones, as far as filters leave them.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn offerings_in_zones(
        &self,
        filters: Vec<Filter>,
    ) -> Result<Vec<InstanceTypeOffering>, Error> {
        let asked = self.ec2().describe_instance_type_offerings();
        let asked = asked
            .location_type(LocationType::AvailabilityZone)
            .set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeInstanceTypeOfferings");
        self.run(&call, pages.collect()).await
    }
}
