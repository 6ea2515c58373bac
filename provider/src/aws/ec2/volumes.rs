//! The calls of EC2 about volumes and snapshots.
//!
//! API: [CreateVolume](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html),
//! [CreateSnapshot](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html) and what belongs to
//! them. What is being deleted is not there any more.

use aws_sdk_ec2::types::{
    Filter, ResourceType, Snapshot, SnapshotState, Volume, VolumeModification, VolumeState, VolumeType,
};

use super::{SERVICE, filter, tagged};
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};
use crate::aws::tags::Tags;

/// What a new volume is.
#[derive(Clone, Debug)]
pub(in crate::aws) struct NewVolume {
    pub(in crate::aws) zone: String,
    pub(in crate::aws) kind: String,
    /// In GiB; that of the snapshot where it is not given.
    pub(in crate::aws) size: Option<i32>,
    pub(in crate::aws) iops: Option<i32>,
    pub(in crate::aws) throughput: Option<i32>,
    pub(in crate::aws) encrypted: bool,
    pub(in crate::aws) key: Option<String>,
    pub(in crate::aws) snapshot: Option<String>,
    pub(in crate::aws) tags: Tags,
    /// The same request with the same token makes no second volume.
    pub(in crate::aws) token: String,
}

/// What becomes of a volume; what is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::aws) struct VolumeChange {
    pub(in crate::aws) size: Option<i32>,
    pub(in crate::aws) kind: Option<String>,
    pub(in crate::aws) iops: Option<i32>,
    pub(in crate::aws) throughput: Option<i32>,
}

impl Account {
    /// Makes a volume.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_volume(&self, new: NewVolume) -> Result<String, Error> {
        let call = self.call(SERVICE, "CreateVolume");
        let sent = self
            .ec2()
            .create_volume()
            .availability_zone(new.zone)
            .volume_type(VolumeType::from(new.kind.as_str()))
            .set_size(new.size)
            .set_iops(new.iops)
            .set_throughput(new.throughput)
            .encrypted(new.encrypted)
            .set_kms_key_id(new.key)
            .set_snapshot_id(new.snapshot)
            .tag_specifications(tagged(ResourceType::Volume, new.tags))
            .client_token(new.token)
            .send();
        let answer = self.run(&call, sent).await?;
        answer.volume_id.ok_or(Error::Lacks { call, what: "the id" })
    }

    /// A volume; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn volume(&self, id: &str) -> Result<Option<Volume>, Error> {
        let sent = self.ec2().describe_volumes().volume_ids(id).send();
        let answer = found(self.run(&self.call(SERVICE, "DescribeVolumes"), sent).await)?;
        Ok(answer.and_then(|answer| {
            let mut volumes = answer.volumes.unwrap_or_default().into_iter();
            volumes.find(is_there)
        }))
    }

    /// The volumes that have a tag.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn volumes_tagged(&self, key: &str, value: &str) -> Result<Vec<Volume>, Error> {
        let asked = self
            .ec2()
            .describe_volumes()
            .filters(filter(format!("tag:{key}"), [value]));
        let pages = asked.into_paginator().items().send();
        let volumes: Vec<Volume> = self
            .run(&self.call(SERVICE, "DescribeVolumes"), pages.collect())
            .await?;
        Ok(volumes.into_iter().filter(is_there).collect())
    }

    /// Changes a volume while it is in use.
    ///
    /// # Errors
    /// The call failed, such as when the last change is not long ago.
    pub(in crate::aws) async fn modify_volume(&self, id: &str, change: VolumeChange) -> Result<(), Error> {
        let sent = self
            .ec2()
            .modify_volume()
            .volume_id(id)
            .set_size(change.size)
            .set_volume_type(change.kind.map(|kind| VolumeType::from(kind.as_str())))
            .set_iops(change.iops)
            .set_throughput(change.throughput)
            .send();
        let modified = self.run(&self.call(SERVICE, "ModifyVolume"), sent).await;
        modified.map(drop)
    }

    /// The last change of a volume; nothing if there was none lately.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn volume_modification(&self, id: &str) -> Result<Option<VolumeModification>, Error> {
        let sent = self.ec2().describe_volumes_modifications().volume_ids(id).send();
        let call = self.call(SERVICE, "DescribeVolumesModifications");
        let answer = found(self.run(&call, sent).await)?;
        Ok(answer.and_then(|answer| {
            let all = answer.volumes_modifications.unwrap_or_default().into_iter();
            all.max_by_key(|one| one.start_time().map(aws_smithy_types::DateTime::secs))
        }))
    }

    /// Deletes a volume, if it is there.
    ///
    /// # Errors
    /// It is attached, or the call failed.
    pub(in crate::aws) async fn delete_volume(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_volume().volume_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteVolume"), sent).await)
    }

    /// Makes a snapshot of a volume, and answers its id.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn create_snapshot(
        &self,
        volume: &str,
        description: Option<String>,
        tags: &Tags,
    ) -> Result<String, Error> {
        let call = self.call(SERVICE, "CreateSnapshot");
        let sent = self
            .ec2()
            .create_snapshot()
            .volume_id(volume)
            .set_description(description)
            .tag_specifications(tagged(ResourceType::Snapshot, tags.clone()))
            .send();
        let answer = self.run_once(&call, sent).await?;
        answer.snapshot_id.ok_or(Error::Lacks { call, what: "the id" })
    }

    /// A snapshot; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn snapshot(&self, id: &str) -> Result<Option<Snapshot>, Error> {
        let sent = self.ec2().describe_snapshots().snapshot_ids(id).send();
        let answer = found(self.run(&self.call(SERVICE, "DescribeSnapshots"), sent).await)?;
        Ok(answer.and_then(|answer| answer.snapshots.unwrap_or_default().into_iter().next()))
    }

    /// The snapshots of these owners that have all of these tags.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn snapshots(
        &self,
        owners: &[String],
        filters: Vec<(String, String)>,
    ) -> Result<Vec<Snapshot>, Error> {
        let filters: Vec<Filter> = filters.into_iter().map(|(name, value)| filter(name, [value])).collect();
        let asked = self
            .ec2()
            .describe_snapshots()
            .set_owner_ids(Some(owners.to_vec()))
            .set_filters((!filters.is_empty()).then_some(filters));
        let pages = asked.into_paginator().items().send();
        self.run(&self.call(SERVICE, "DescribeSnapshots"), pages.collect())
            .await
    }

    /// Deletes a snapshot, if it is there.
    ///
    /// # Errors
    /// Something uses it, or the call failed.
    pub(in crate::aws) async fn delete_snapshot(&self, id: &str) -> Result<(), Error> {
        let sent = self.ec2().delete_snapshot().snapshot_id(id).send();
        gone(self.run(&self.call(SERVICE, "DeleteSnapshot"), sent).await)
    }
}

/// Whether a snapshot can be used.
pub(in crate::aws) fn is_complete(snapshot: &Snapshot) -> bool {
    snapshot.state() == Some(&SnapshotState::Completed)
}

fn is_there(volume: &Volume) -> bool {
    !matches!(volume.state(), Some(VolumeState::Deleted | VolumeState::Deleting))
}
