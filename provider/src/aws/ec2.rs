//! What EC2 is asked about networks, and what it answers: one method for each kind of call.
//!
//! API: [EC2](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html), by [`super::query`]. Lists are read
//! to their end. What is not there is an empty list where there was a filter, and an error where there was an id.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account::Account;
use super::error::Error;
use super::query::{self, Form};
use super::tags::Tags;

pub(super) mod launch_templates;
mod machines;
mod network;

pub(super) use self::network::{
    Address, InternetGateway, NatGateway, NetworkInterface, Offering, Route, RouteTable, SecurityGroup, Subnet, Vpc,
    VpcEndpoint, Zone,
};

/// A list in an answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Items<T> {
    /// Its elements.
    #[serde(default = "Vec::new")]
    pub(super) item: Vec<T>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Tag {
    /// Its key.
    #[serde(default)]
    pub(super) key: String,
    /// Its value.
    #[serde(default)]
    pub(super) value: String,
}

/// A page of a list. The name of the list is the only thing in which the answers differ.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(
        default,
        alias = "addressesSet",
        alias = "availabilityZoneInfo",
        alias = "instanceTypeOfferingSet",
        alias = "internetGatewaySet",
        alias = "natGatewaySet",
        alias = "networkInterfaceSet",
        alias = "routeTableSet",
        alias = "securityGroupInfo",
        alias = "subnetSet",
        alias = "vpcEndpointSet",
        alias = "vpcSet"
    )]
    items: Items<T>,
    next_token: Option<String>,
}

impl Account {
    /// Reads a whole list.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn list<T: DeserializeOwned>(&self, form: Form) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut next = form.clone();
        loop {
            let page: Page<T> = self.ask(&next).await?;
            all.extend(page.items.item);
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => next = form.clone().with("NextToken", token),
                None => return Ok(all),
            }
        }
    }

    /// Makes a call, and reads its answer.
    ///
    /// # Errors
    /// It failed, or the answer has another form.
    pub(super) async fn ask<T: DeserializeOwned>(&self, form: &Form) -> Result<T, Error> {
        let text = self.send(form).await?;
        query::read(&text).map_err(|source| Error::Answer {
            call: self.call(form.service.name(), form.operation),
            source: std::sync::Arc::new(source),
        })
    }

    /// Makes a call of which nothing is to be learned.
    ///
    /// # Errors
    /// It failed.
    pub(super) async fn order(&self, form: &Form) -> Result<(), Error> {
        self.send(form).await.map(|_| ())
    }
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Items { item: Vec::new() }
    }
}

/// Tags by their keys.
pub(super) fn by_key(tags: &Items<Tag>) -> Tags {
    let tags = tags.item.iter();
    tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// The value of a tag.
pub(super) fn tag<'t>(tags: &'t Items<Tag>, key: &str) -> Option<&'t str> {
    let found = tags.item.iter().find(|tag| tag.key == key);
    found.map(|tag| tag.value.as_str())
}
