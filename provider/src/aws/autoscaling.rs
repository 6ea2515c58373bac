//! What Auto Scaling says of the machines that it was to launch.
//!
//! API: [DescribeScalingActivities](https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html).

use aws_sdk_autoscaling::types::ScalingActivityStatusCode;

use super::account::Account;
use super::error::Error;

/// How many of the last activities are looked at.
const LAST: i32 = 20;

impl Account {
    /// Why launches of a group failed lately, the last first; the same words once.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn failed_launches(&self, group: &str) -> Result<Vec<String>, Error> {
        let call = self.call("autoscaling", "DescribeScalingActivities");
        let asked = self.services().autoscaling.describe_scaling_activities();
        let sent = asked.auto_scaling_group_name(group).max_records(LAST).send();
        let activities = self.run(&call, sent).await?.activities.unwrap_or_default();
        let mut said = Vec::new();
        for activity in activities {
            let is_failed = activity.status_code == Some(ScalingActivityStatusCode::Failed);
            let words = activity
                .status_message
                .filter(|words| is_failed && !said.contains(words));
            said.extend(words);
        }
        Ok(said)
    }
}
