//! The calls about route tables: where traffic from subnets goes.

use aws_sdk_ec2::types::{Filter, ResourceType, RouteTable};

use super::{SERVICE, made, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};
use crate::aws::tags::Tags;

/// What a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::aws) enum Target {
    /// The internet, by the gateway of this id.
    InternetGateway(String),
    /// The internet, by the NAT gateway of this id.
    NatGateway(String),
}

impl Target {
    /// The id of what it leads to.
    pub(in crate::aws) fn id(&self) -> &str {
        let (Target::InternetGateway(id) | Target::NatGateway(id)) = self;
        id
    }

    /// The ids of the internet gateway and of the NAT gateway: one of them.
    fn ids(&self) -> (Option<String>, Option<String>) {
        match self {
            Target::InternetGateway(id) => (Some(id.clone()), None),
            Target::NatGateway(id) => (None, Some(id.clone())),
        }
    }
}

impl Account {
    /// The route tables that filters leave.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn route_tables(&self, filters: Vec<Filter>) -> Result<Vec<RouteTable>, Error> {
        let asked = self.ec2().describe_route_tables().set_filters(Some(filters));
        let pages = asked.into_paginator().items().send();
        self.run(&self.call(SERVICE, "DescribeRouteTables"), pages.collect())
            .await
    }

    /// Makes a route table.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_route_table(&self, vpc_id: &str, tags: Tags) -> Result<RouteTable, Error> {
        let call = self.call(SERVICE, "CreateRouteTable");
        let sent = self
            .ec2()
            .create_route_table()
            .vpc_id(vpc_id)
            .tag_specifications(tagged(ResourceType::RouteTable, tags))
            .send();
        let answer = self.run_once(&call, sent).await?;
        made(call, answer.route_table)
    }

    /// Removes a route table.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_route_table(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_route_table().route_table_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteRouteTable"), sent).await)
    }

    /// Makes a route to a network, if the table has none.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_route(&self, table: &str, to: &str, target: &Target) -> Result<(), Error> {
        let (gateway, nat_gateway) = target.ids();
        let sent = self
            .ec2()
            .create_route()
            .route_table_id(table)
            .destination_cidr_block(to)
            .set_gateway_id(gateway)
            .set_nat_gateway_id(nat_gateway)
            .send();
        match self.run(&self.call(SERVICE, "CreateRoute"), sent).await {
            // A lost answer to an earlier try.
            Err(error) if error.is_refused_with("RouteAlreadyExists") => Ok(()),
            made => made.map(drop),
        }
    }

    /// Lets a route to a network lead to something else.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn replace_route(&self, table: &str, to: &str, target: &Target) -> Result<(), Error> {
        let (gateway, nat_gateway) = target.ids();
        let sent = self
            .ec2()
            .replace_route()
            .route_table_id(table)
            .destination_cidr_block(to)
            .set_gateway_id(gateway)
            .set_nat_gateway_id(nat_gateway)
            .send();
        self.run(&self.call(SERVICE, "ReplaceRoute"), sent).await.map(drop)
    }

    /// Removes a route to a network.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_route(&self, table: &str, to: &str) -> Result<(), Error> {
        let change = self.ec2().delete_route();
        let sent = change.route_table_id(table).destination_cidr_block(to).send();
        gone(self.run(&self.call(SERVICE, "DeleteRoute"), sent).await)
    }

    /// Lets a subnet use a table.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn associate_route_table(&self, table: &str, subnet_id: &str) -> Result<(), Error> {
        let change = self.ec2().associate_route_table();
        let sent = change.route_table_id(table).subnet_id(subnet_id).send();
        let call = self.call(SERVICE, "AssociateRouteTable");
        self.run(&call, sent).await.map(drop)
    }

    /// Lets the subnet of an association use another table.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn replace_route_table_association(
        &self,
        association: &str,
        table: &str,
    ) -> Result<(), Error> {
        let change = self.ec2().replace_route_table_association();
        let sent = change.association_id(association).route_table_id(table).send();
        let call = self.call(SERVICE, "ReplaceRouteTableAssociation");
        self.run(&call, sent).await.map(drop)
    }

    /// Lets a subnet use the table of its network again.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn disassociate_route_table(&self, association: &str) -> Result<(), Error> {
        let sent = self.ec2().disassociate_route_table().association_id(association).send();
        gone(self.run(&self.call(SERVICE, "DisassociateRouteTable"), sent).await)
    }
}
