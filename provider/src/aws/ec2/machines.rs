//! What EC2 says of machines and of the network that they are to be in: what node groups are checked by.
//!
//! API: [DescribeInstanceTypes](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html) and
//! other calls that only look.

use aws_sdk_ec2::types::{
    Filter, Instance, InstanceTypeInfo, LocationType, RouteTable, Subnet, VpcAttributeName, VpcEndpoint,
};

use crate::aws::account::Account;
use crate::aws::error::Error;

const SERVICE: &str = "ec2";

impl Account {
    /// What is known of types of machines.
    ///
    /// # Errors
    /// One of them does not exist, or a call failed.
    pub(in crate::aws) async fn machine_types(&self, types: &[String]) -> Result<Vec<InstanceTypeInfo>, Error> {
        let types = types.iter().map(|kind| kind.as_str().into()).collect();
        let sent = self.services().ec2.describe_instance_types();
        let sent = sent.set_instance_types(Some(types)).send();
        let answer = self.run(&self.call(SERVICE, "DescribeInstanceTypes"), sent).await?;
        Ok(answer.instance_types.unwrap_or_default())
    }

    /// In which availability zones types of machines are offered: pairs of type and zone.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn zones_of_machines(&self, types: &[String]) -> Result<Vec<(String, String)>, Error> {
        let call = self.call(SERVICE, "DescribeInstanceTypeOfferings");
        let mut offered = Vec::new();
        let mut token = None;
        loop {
            let asked = self.services().ec2.describe_instance_type_offerings();
            let asked = asked
                .location_type(LocationType::AvailabilityZone)
                .filters(one_of("instance-type", types));
            let page = self.run(&call, asked.set_next_token(token).send()).await?;
            let offers = page.instance_type_offerings.unwrap_or_default().into_iter();
            offered
                .extend(offers.filter_map(|offer| Some((offer.instance_type?.as_str().to_owned(), offer.location?))));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(offered);
            }
        }
    }

    /// Subnets by their ids; those that do not exist are missing.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn subnets_of_machines(&self, ids: &[String]) -> Result<Vec<Subnet>, Error> {
        let sent = self
            .services()
            .ec2
            .describe_subnets()
            .filters(one_of("subnet-id", ids))
            .send();
        let answer = self.run(&self.call(SERVICE, "DescribeSubnets"), sent).await?;
        Ok(answer.subnets.unwrap_or_default())
    }

    /// The route tables of a network.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn routes_of_machines(&self, vpc_id: &str) -> Result<Vec<RouteTable>, Error> {
        let filter = one_of("vpc-id", &[vpc_id.to_owned()]);
        let sent = self.services().ec2.describe_route_tables().filters(filter).send();
        let answer = self.run(&self.call(SERVICE, "DescribeRouteTables"), sent).await?;
        Ok(answer.route_tables.unwrap_or_default())
    }

    /// The endpoints of a network, by which services of AWS are reached without the internet.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn endpoints_of_machines(&self, vpc_id: &str) -> Result<Vec<VpcEndpoint>, Error> {
        let filter = one_of("vpc-id", &[vpc_id.to_owned()]);
        let sent = self.services().ec2.describe_vpc_endpoints().filters(filter).send();
        let answer = self.run(&self.call(SERVICE, "DescribeVpcEndpoints"), sent).await?;
        Ok(answer.vpc_endpoints.unwrap_or_default())
    }

    /// Whether a network answers names, and gives names to its machines.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn names_of_machines(&self, vpc_id: &str) -> Result<(bool, bool), Error> {
        let call = self.call(SERVICE, "DescribeVpcAttribute");
        let ask = |attribute| {
            let asked = self.services().ec2.describe_vpc_attribute();
            self.run(&call, asked.vpc_id(vpc_id).attribute(attribute).send())
        };
        let support = ask(VpcAttributeName::EnableDnsSupport).await?;
        let hostnames = ask(VpcAttributeName::EnableDnsHostnames).await?;
        let is_on = |value: Option<aws_sdk_ec2::types::AttributeBooleanValue>| value.and_then(|value| value.value);
        Ok((
            is_on(support.enable_dns_support).unwrap_or(true),
            is_on(hostnames.enable_dns_hostnames).unwrap_or(true),
        ))
    }

    /// The machines of an Auto Scaling group, also those that ended a short time ago.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn machines_of_group(&self, group: &str) -> Result<Vec<Instance>, Error> {
        let filter = one_of("tag:aws:autoscaling:groupName", &[group.to_owned()]);
        let sent = self.services().ec2.describe_instances().filters(filter).send();
        let answer = self.run(&self.call(SERVICE, "DescribeInstances"), sent).await?;
        let reservations = answer.reservations.unwrap_or_default().into_iter();
        let instances = reservations.flat_map(|reservation| reservation.instances.unwrap_or_default());
        Ok(instances.collect())
    }
}

fn one_of(name: &str, values: &[String]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.to_vec())).build()
}
