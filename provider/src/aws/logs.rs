//! Log groups of CloudWatch: where services write what they do, and how long it is kept.
//!
//! API: CreateLogGroup, DescribeLogGroups, PutRetentionPolicy, DeleteRetentionPolicy, DeleteLogGroup.

use aws_sdk_cloudwatchlogs::types::LogGroup;

use super::account::Account;
use super::error::{Error, gone};
use super::tags::{self, Tags};

const SERVICE: &str = "logs";

/// What the service refuses to make twice.
const EXISTS: &str = "ResourceAlreadyExistsException";

/// For how many days logs can be kept.
pub(super) const RETENTIONS: [u16; 23] = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/// For ever, as we say it; AWS says nothing then.
const FOR_EVER: u16 = 0;

impl Account {
    /// For how many days a log group keeps what is in it, 0 if for ever; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn log_retention(&self, name: &str) -> Result<Option<u16>, Error> {
        Ok(self.log_group(name).await?.map(|group| retention(&group)))
    }

    /// Makes a log group, or brings the one that is there to keep what is in it for so many days. The tags are those of
    /// a new one: one that is there belongs to whoever has made it.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn ensure_log_group(&self, name: &str, days: u16, tags: &Tags) -> Result<(), Error> {
        let has = match self.log_retention(name).await? {
            Some(has) => has,
            None => {
                self.create_log_group(name, tags).await?;
                FOR_EVER
            }
        };
        if has == days {
            return Ok(());
        }
        let logs = &self.services().logs;
        if days == FOR_EVER {
            let sent = logs.delete_retention_policy().log_group_name(name).send();
            return self
                .run(&self.call(SERVICE, "DeleteRetentionPolicy"), sent)
                .await
                .map(drop);
        }
        let put = logs.put_retention_policy().log_group_name(name);
        let sent = put.retention_in_days(i32::from(days)).send();
        self.run(&self.call(SERVICE, "PutRetentionPolicy"), sent)
            .await
            .map(drop)
    }

    /// Whether a log group is there, and this provider has made it.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn has_log_group(&self, name: &str) -> Result<bool, Error> {
        match self.log_group(name).await? {
            Some(group) => Ok(tags::are_ours(&self.log_group_tags(&group).await?)),
            None => Ok(false),
        }
    }

    /// Removes a log group with all that is in it, if it is there and this provider has made it.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn delete_log_group(&self, name: &str) -> Result<(), Error> {
        if !self.has_log_group(name).await? {
            return Ok(());
        }
        let sent = self.services().logs.delete_log_group().log_group_name(name).send();
        gone(self.run(&self.call(SERVICE, "DeleteLogGroup"), sent).await)
    }

    async fn create_log_group(&self, name: &str, tags: &Tags) -> Result<(), Error> {
        let new = self.services().logs.create_log_group().log_group_name(name);
        let sent = new.set_tags(Some(tags.clone().into_iter().collect())).send();
        match self.run(&self.call(SERVICE, "CreateLogGroup"), sent).await {
            // A lost answer to an earlier try.
            Err(error) if !error.is_refused_with(EXISTS) => Err(error),
            _ => Ok(()),
        }
    }

    /// A log group by its name. Only those are listed whose names begin with it, and it is the first of them.
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>, Error> {
        let listed = self.services().logs.describe_log_groups();
        let sent = listed.log_group_name_prefix(name).send();
        let answer = self.run(&self.call(SERVICE, "DescribeLogGroups"), sent).await?;
        let mut groups = answer.log_groups.unwrap_or_default().into_iter();
        Ok(groups.find(|group| group.log_group_name() == Some(name)))
    }

    async fn log_group_tags(&self, group: &LogGroup) -> Result<Tags, Error> {
        // The older of the two ends with `:*`, which stands for the streams in it.
        let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
        let asked = self.services().logs.list_tags_for_resource();
        let sent = asked.resource_arn(arn.trim_end_matches(":*")).send();
        let answer = self.run(&self.call(SERVICE, "ListTagsForResource"), sent).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }
}

fn retention(group: &LogGroup) -> u16 {
    let days = group.retention_in_days().unwrap_or_default();
    u16::try_from(days).unwrap_or(FOR_EVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_a_retention_keeps_everything() {
        assert_eq!(retention(&LogGroup::builder().build()), FOR_EVER);
        assert_eq!(retention(&LogGroup::builder().retention_in_days(90).build()), 90);
    }
}
