//! Launch templates: what new machines are like. A version of one never changes; there can be more of them.
//!
//! API: [CreateLaunchTemplate](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html),
//! [CreateLaunchTemplateVersion](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html)
//! and what belongs to them.

use aws_sdk_ec2::types::{LaunchTemplate, LaunchTemplateVersion, RequestLaunchTemplateData, ResourceType};

use super::{SERVICE, filter, made, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, gone};
use crate::aws::tags::Tags;

impl Account {
    /// A launch template by its name; nothing if there is none.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn launch_template(&self, name: &str) -> Result<Option<LaunchTemplate>, Error> {
        let call = self.call(SERVICE, "DescribeLaunchTemplates");
        let asked = self.ec2().describe_launch_templates();
        let sent = asked.filters(filter("launch-template-name", [name])).send();
        let answer = self.run(&call, sent).await?;
        Ok(answer.launch_templates.unwrap_or_default().into_iter().next())
    }

    /// Makes a launch template. One that is there all the same, as an answer was lost, is read.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_launch_template(
        &self,
        name: &str,
        data: RequestLaunchTemplateData,
        tags: &Tags,
    ) -> Result<LaunchTemplate, Error> {
        let call = self.call(SERVICE, "CreateLaunchTemplate");
        let sent = self
            .ec2()
            .create_launch_template()
            .launch_template_name(name)
            .launch_template_data(data)
            .tag_specifications(tagged(ResourceType::LaunchTemplate, tags.clone()))
            .send();
        match self.run_once(&call, sent).await {
            Ok(answer) => made(call, answer.launch_template),
            Err(error) if error.is_unanswered() => self.launch_template(name).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// The versions of a launch template: that one, or all of them, the latest first; none if it is not there.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn launch_template_versions(
        &self,
        id: &str,
        version: Option<&str>,
    ) -> Result<Vec<LaunchTemplateVersion>, Error> {
        let call = self.call(SERVICE, "DescribeLaunchTemplateVersions");
        let asked = self.ec2().describe_launch_template_versions().launch_template_id(id);
        let asked = asked.set_versions(version.map(|version| vec![version.to_owned()]));
        let pages = asked.into_paginator().items().send();
        let mut versions: Vec<LaunchTemplateVersion> = match self.run(&call, pages.collect()).await {
            Ok(versions) => versions,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        versions.sort_by_key(|version| std::cmp::Reverse(version.version_number));
        Ok(versions)
    }

    /// Makes another version of a launch template: its number.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_launch_template_version(
        &self,
        id: &str,
        data: RequestLaunchTemplateData,
    ) -> Result<i64, Error> {
        let call = self.call(SERVICE, "CreateLaunchTemplateVersion");
        let sent = self
            .ec2()
            .create_launch_template_version()
            .launch_template_id(id)
            .launch_template_data(data)
            .send();
        let made = self.run(&call, sent).await?.launch_template_version;
        made.and_then(|version| version.version_number).ok_or(Error::Lacks {
            call,
            what: "the number of the version",
        })
    }

    /// Deletes a launch template with all its versions, if it is there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_launch_template(&self, id: &str) -> Result<(), Error> {
        let ec2 = self.ec2();
        let sent = ec2.delete_launch_template().launch_template_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteLaunchTemplate"), sent).await)
    }
}
