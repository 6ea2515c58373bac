//! The calls about tags of what is there.

use aws_sdk_ec2::types::Tag;

use super::{SERVICE, listed};
use crate::aws::account::Account;
use crate::aws::error::Error;
use crate::aws::tags::{self, Tags};

impl Account {
    /// Brings the tags of something to what is wanted. Of the others, only those are taken away that were ours before.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn set_ec2_tags(
        &self,
        id: &str,
        is: &Tags,
        wanted: &Tags,
        ours: &[String],
    ) -> Result<(), Error> {
        let missing = tags::missing(wanted, is);
        if !missing.is_empty() {
            let sent = self.ec2().create_tags().resources(id).set_tags(Some(listed(missing)));
            self.run(&self.call(SERVICE, "CreateTags"), sent.send()).await?;
        }
        let surplus = tags::surplus(wanted, is, ours);
        if !surplus.is_empty() {
            self.delete_ec2_tags(id, surplus).await?;
        }
        Ok(())
    }

    /// Takes the tags with these keys away, whatever their values.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_ec2_tags(&self, id: &str, keys: Vec<String>) -> Result<(), Error> {
        let tags = keys.into_iter().map(|key| Tag::builder().key(key).build());
        let change = self.ec2().delete_tags().resources(id);
        let sent = change.set_tags(Some(tags.collect())).send();
        self.run(&self.call(SERVICE, "DeleteTags"), sent).await.map(drop)
    }
}
