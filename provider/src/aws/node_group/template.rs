//! The launch template of a node group: what its machines are like, in versions that never change.

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateHttpTokensState,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest, LaunchTemplateVersion,
    RequestLaunchTemplateData, ResourceType, VolumeType,
};

use super::super::account::Account;
use super::super::ec2::{by_key, listed};
use super::super::error::Error;
use super::super::short_name::short_name;
use super::super::tags::{self, Tags};
use super::machines::disk;
use super::model::NodeGroupModel;

/// Whose it is, on the launch template: the cluster and the group.
const GROUP: &str = "cht:node-group";

/// What a version says of machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The type, if the group itself does not say it.
    pub(super) instance_type: Option<String>,
    /// The size of the largest disk in GiB.
    pub(super) disk_size: Option<u16>,
}

/// A version of a launch template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Id of the template.
    pub(super) id: String,
    /// Number of the version.
    pub(super) version: String,
}

impl Contents {
    /// What is wanted.
    fn of(model: &NodeGroupModel) -> Self {
        Contents {
            instance_type: model.only_type().map(str::to_owned),
            disk_size: Some(model.disk_size),
        }
    }

    /// What a version says.
    pub(super) fn of_version(version: &LaunchTemplateVersion) -> Self {
        let Some(data) = version.launch_template_data() else {
            return Contents::default();
        };
        let sizes = data.block_device_mappings().iter();
        let sizes = sizes.filter_map(|mapping| mapping.ebs()?.volume_size());
        Contents {
            instance_type: data.instance_type().map(|kind| kind.as_str().to_owned()),
            disk_size: sizes.max().and_then(|size| u16::try_from(size).ok()),
        }
    }
}

/// The version that has what is wanted: one that is there, or else a new one.
///
/// # Errors
/// There is a launch template of this name that was made by somebody else, or a call failed.
pub(super) async fn ensure(account: &Account, model: &NodeGroupModel, wanted: &Tags) -> Result<Version, Error> {
    let name = name(model);
    let data = data(model, wanted);
    let marks = marks(model, wanted);
    let Some(found) = account.launch_template(&name).await? else {
        let made = account.create_launch_template(&name, data, &marks).await?;
        return Ok(Version {
            id: made.launch_template_id.unwrap_or_default(),
            version: made.latest_version_number.unwrap_or(1).to_string(),
        });
    };
    let tags = by_key(found.tags());
    if !tags::are_ours(&tags) || tags.get(GROUP) != marks.get(GROUP) {
        return Err(Error::Foreign {
            what: format!("a launch template `{name}`"),
        });
    }
    let id = found.launch_template_id.unwrap_or_default();
    let versions = account.launch_template_versions(&id, None).await?;
    let same = versions
        .iter()
        .find(|version| Contents::of_version(version) == Contents::of(model));
    let number = match same.and_then(|version| version.version_number) {
        Some(number) => number,
        None => account.create_launch_template_version(&id, data).await?,
    };
    Ok(Version {
        id,
        version: number.to_string(),
    })
}

/// What a launch template is called.
pub(super) fn name(model: &NodeGroupModel) -> String {
    short_name(&format!("cht-{}-{}", model.cluster_name, model.node_group_name), 120)
}

fn marks(model: &NodeGroupModel, wanted: &Tags) -> Tags {
    let mut marks = wanted.clone();
    let group = format!("{}/{}", model.cluster_name, model.node_group_name);
    marks.insert(GROUP.to_owned(), group);
    marks
}

fn data(model: &NodeGroupModel, wanted: &Tags) -> RequestLaunchTemplateData {
    let ami_type = model.ami_type.known().map(String::as_str).unwrap_or_default();
    let volume = LaunchTemplateEbsBlockDeviceRequest::builder()
        .volume_size(model.disk_size.into())
        .volume_type(VolumeType::Gp3)
        .encrypted(true)
        .delete_on_termination(true)
        .build();
    let mapping = LaunchTemplateBlockDeviceMappingRequest::builder()
        .device_name(disk(ami_type))
        .ebs(volume)
        .build();
    // Pods have roles of their own; without this they could take that of the machine.
    let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_tokens(LaunchTemplateHttpTokensState::Required)
        .http_put_response_hop_limit(1)
        .build();
    let mut tags = wanted.clone();
    let name = format!("{}-{}", model.cluster_name, model.node_group_name);
    tags.entry("Name".to_owned()).or_insert(name);
    let tagged = |kind: ResourceType| {
        LaunchTemplateTagSpecificationRequest::builder()
            .resource_type(kind)
            .set_tags(Some(listed(tags)))
            .build()
    };
    RequestLaunchTemplateData::builder()
        .set_instance_type(model.only_type().map(Into::into))
        .block_device_mappings(mapping)
        .metadata_options(metadata)
        .tag_specifications(tagged(ResourceType::Instance))
        .tag_specifications(tagged(ResourceType::Volume))
        .build()
}
