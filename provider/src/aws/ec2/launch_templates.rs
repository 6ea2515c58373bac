//! Launch templates: what new machines are like. A version of one never changes; there can be more of them.
//!
//! API: [CreateLaunchTemplate](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html),
//! [CreateLaunchTemplateVersion](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html)
//! and what belongs to them.

use aws_sdk_ec2::types::{
    Filter, LaunchTemplate, LaunchTemplateVersion, RequestLaunchTemplateData, ResourceType, Tag, TagSpecification,
};

use crate::aws::account::Account;
use crate::aws::error::Error;
use crate::aws::tags::Tags;

const SERVICE: &str = "ec2";

impl Account {
    /// A launch template by its name; nothing if there is none.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn launch_template(&self, name: &str) -> Result<Option<LaunchTemplate>, Error> {
        let call = self.call(SERVICE, "DescribeLaunchTemplates");
        let by_name = Filter::builder().name("launch-template-name").values(name).build();
        let ec2 = &self.services().ec2;
        let answer = self
            .run(&call, ec2.describe_launch_templates().filters(by_name).send())
            .await?;
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
        let specification = TagSpecification::builder()
            .resource_type(ResourceType::LaunchTemplate)
            .set_tags(Some(as_list(tags)))
            .build();
        let sent = self
            .services()
            .ec2
            .create_launch_template()
            .launch_template_name(name)
            .launch_template_data(data)
            .tag_specifications(specification)
            .send();
        match self.run(&call, sent).await {
            Ok(answer) => answer.launch_template.ok_or(Error::Lacks {
                call,
                what: "the launch template",
            }),
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
        let mut versions = Vec::new();
        let mut token = None;
        loop {
            let ec2 = &self.services().ec2;
            let asked = ec2.describe_launch_template_versions().launch_template_id(id);
            let asked = asked.set_versions(version.map(|version| vec![version.to_owned()]));
            let page = match self.run(&call, asked.set_next_token(token).send()).await {
                Ok(page) => page,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            versions.extend(page.launch_template_versions.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                versions.sort_by_key(|version| std::cmp::Reverse(version.version_number));
                return Ok(versions);
            }
        }
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
            .services()
            .ec2
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
        let ec2 = &self.services().ec2;
        let sent = ec2.delete_launch_template().launch_template_id(id).send();
        match self.run(&self.call(SERVICE, "DeleteLaunchTemplate"), sent).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Tags as EC2 has them.
pub(in crate::aws) fn as_list(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect()
}

/// Tags by their keys.
pub(in crate::aws) fn by_key(tags: &[Tag]) -> Tags {
    let pair = |tag: &Tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()));
    tags.iter().filter_map(pair).collect()
}
