//! The calls about gateway endpoints: ways to services of AWS that do not leave a network.

use aws_sdk_ec2::types::{Filter, ResourceType, VpcEndpoint, VpcEndpointType};

use super::{SERVICE, made, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};
use crate::aws::failure;
use crate::aws::refusal::Refusal;
use crate::aws::tags::Tags;

/// What a new gateway endpoint is.
#[derive(Clone, Debug)]
pub(in crate::aws) struct NewEndpoint {
    /// Id of the network.
    pub(in crate::aws) vpc_id: String,
    /// The service in the region, such as `s3`.
    pub(in crate::aws) service: String,
    /// Ids of the tables that lead to it.
    pub(in crate::aws) route_table_ids: Vec<String>,
}

impl Account {
    /// The endpoints that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn vpc_endpoints(&self, filters: Vec<Filter>) -> Result<Vec<VpcEndpoint>, Error> {
        let asked = self.ec2().describe_vpc_endpoints().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        let call = self.call(SERVICE, "DescribeVpcEndpoints");
        self.run(&call, pages.collect()).await
    }

    /// Makes a gateway endpoint.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_vpc_endpoint(&self, new: NewEndpoint, tags: Tags) -> Result<VpcEndpoint, Error> {
        let call = self.call(SERVICE, "CreateVpcEndpoint");
        let sent = self
            .ec2()
            .create_vpc_endpoint()
            .vpc_id(new.vpc_id)
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .service_name(format!("com.amazonaws.{}.{}", self.region(), new.service))
            .set_route_table_ids(Some(new.route_table_ids))
            .tag_specifications(tagged(ResourceType::VpcEndpoint, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.vpc_endpoint)
    }

    /// Lets tables lead to a gateway endpoint.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn lead_to_vpc_endpoint(&self, id: &str, tables: Vec<String>) -> Result<(), Error> {
        let change = self.ec2().modify_vpc_endpoint().vpc_endpoint_id(id);
        let sent = change.set_add_route_table_ids(Some(tables)).send();
        let call = self.call(SERVICE, "ModifyVpcEndpoint");
        self.run(&call, sent).await.map(drop)
    }

    /// Lets tables lead to a gateway endpoint no more.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn lead_from_vpc_endpoint(&self, id: &str, tables: Vec<String>) -> Result<(), Error> {
        let change = self.ec2().modify_vpc_endpoint().vpc_endpoint_id(id);
        let sent = change.set_remove_route_table_ids(Some(tables)).send();
        gone(self.run(&self.call(SERVICE, "ModifyVpcEndpoint"), sent).await)
    }

    /// Removes endpoints. The call itself succeeds, and its answer says what did not.
    ///
    /// # Errors
    /// The call failed, or one of them is kept.
    pub(in crate::aws) async fn delete_vpc_endpoints(&self, ids: &[String]) -> Result<(), Error> {
        let call = self.call(SERVICE, "DeleteVpcEndpoints");
        let asked = self.ec2().delete_vpc_endpoints();
        let sent = asked.set_vpc_endpoint_ids(Some(ids.to_vec())).send();
        let answer = self.run(&call, sent).await?;
        let kept = answer.unsuccessful.unwrap_or_default().into_iter();
        for error in kept.filter_map(|one| one.error) {
            let refusal = Refusal {
                code: error.code.unwrap_or_default(),
                message: error.message.unwrap_or_default(),
                ..Refusal::default()
            };
            gone::<()>(Err(failure::of_refusal(call.clone(), refusal)))?;
        }
        Ok(())
    }
}
