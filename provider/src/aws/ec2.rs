//! What EC2 is asked and told: a method of [`Account`] for each kind of call, in a file for each kind of thing.
//!
//! API: [EC2](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html). Lists are read to their end. What
//! is not there is missing in a list where there was a filter, and an error where there was an id. To remove what is
//! not there is success.
//!
//! What EC2 makes without knowing a call again is made by [`Account::run_once`].

mod endpoints;
mod gateways;
mod interfaces;
pub(super) mod launch_templates;
mod machines;
mod networks;
pub(super) mod quotas;
pub(super) mod room;
mod routes;
mod tagging;
pub(super) mod volumes;
mod zones;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

use super::account::Account;
use super::error::{Call, Error};
use super::tags::Tags;

pub(super) use self::endpoints::NewEndpoint;
pub(super) use self::networks::{Dns, NewSubnet};
pub(super) use self::routes::Target;

const SERVICE: &str = "ec2";

impl Account {
    /// The client of EC2.
    fn ec2(&self) -> &aws_sdk_ec2::Client {
        &self.services().ec2
    }
}

/// What a list is to have: where this is one of these values.
pub(super) fn filter<V: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Tags by their keys.
pub(super) fn by_key(tags: &[Tag]) -> Tags {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

/// The value of a tag.
pub(super) fn tag<'t>(tags: &'t [Tag], key: &str) -> Option<&'t str> {
    let found = tags.iter().find(|tag| tag.key() == Some(key));
    found.map(|tag| tag.value().unwrap_or_default())
}

/// Tags as EC2 has them.
pub(super) fn listed(tags: Tags) -> Vec<Tag> {
    let tags = tags.into_iter();
    tags.map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// The tags of what is made.
fn tagged(kind: ResourceType, tags: Tags) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(listed(tags)))
        .build()
}

/// What was made, as the answer to a call has it.
fn made<T>(call: Call, answer: Option<T>) -> Result<T, Error> {
    answer.ok_or(Error::Lacks {
        call,
        what: "what was made",
    })
}

#[cfg(test)]
mod tests;
