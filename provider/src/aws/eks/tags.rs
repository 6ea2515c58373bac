//! The calls about tags of what is in EKS.

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::Error;
use crate::aws::tags::{self, Tags};

impl Account {
    /// Brings the tags of something to what is wanted. Of the others, only those are taken away that were ours before.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn set_eks_tags(
        &self,
        arn: &str,
        is: &Tags,
        wanted: &Tags,
        ours: &[String],
    ) -> Result<(), Error> {
        let missing = tags::missing(wanted, is);
        if !missing.is_empty() {
            let sent = self
                .eks()
                .tag_resource()
                .resource_arn(arn)
                .set_tags(Some(missing.into_iter().collect()))
                .send();
            self.run(&self.call(SERVICE, "TagResource"), sent).await?;
        }
        let surplus = tags::surplus(wanted, is, ours);
        if !surplus.is_empty() {
            let sent = self
                .eks()
                .untag_resource()
                .resource_arn(arn)
                .set_tag_keys(Some(surplus))
                .send();
            self.run(&self.call(SERVICE, "UntagResource"), sent).await?;
        }
        Ok(())
    }
}
