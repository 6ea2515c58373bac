//! The attributes of `cht_ebs_snapshot`, in schema order.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Snapshot;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::ec2::by_key;
use super::super::tags::{self, Tags};
use super::super::time::rfc3339;
use super::super::{blocks, rules};

/// The tag with the name.
pub(super) const NAME: &str = "Name";

/// Manages a snapshot of a volume of Amazon EBS: what was on it at one moment, from which other volumes can be made,
/// also in other zones.
///
/// It has what CouchDB had written when it was begun; CouchDB starts on such a copy as after a failure of power. The
/// first snapshot of a large volume takes AWS hours, later ones only what has changed; the volume can be used
/// meanwhile. For snapshots every day there is `cht_snapshot_policy`.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "12h", read = "5m", update = "12h", delete = "10m"))]
pub struct SnapshotModel {
    /// Name of the snapshot, as the consoles of AWS show it. By it a snapshot is found again that an apply has begun
    /// which was killed. A change renames it.
    #[tf(validate(blocks::name()))]
    pub name: String,
    /// Id of the volume, such as `cht_ebs_volume.NAME.id`. Another volume is another snapshot.
    #[tf(replace, validate(blocks::volume_id()))]
    pub volume_id: String,
    /// What it is for. A change makes another snapshot.
    #[tf(replace, validate(Validator::length(1..=255)))]
    pub description: Option<String>,
    /// Refuses to destroy or replace the snapshot.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Tags, beside the provider's `default_tags`.
    #[tf(validate(rules::tags(), blocks::no_name()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Id of the snapshot, such as `snap-0a1b2c3d4e5f60718`.
    #[tf(keep_non_null)]
    pub id: Attr<String>,
    /// How far it is: `pending`, `completed`, or `error`, after which the next apply makes another one.
    pub state: Attr<String>,
    /// When it was begun.
    #[tf(keep_non_null)]
    pub start_time: Attr<String>,
    /// Size of the volume in GiB: one that is made of it is at least as large.
    #[tf(keep_non_null)]
    pub volume_size: Attr<u32>,
    /// Whether it is encrypted, as its volume is.
    #[tf(keep_non_null)]
    pub encrypted: Attr<bool>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a snapshot.
#[derive(Clone, Debug, Identity)]
pub struct SnapshotIdentity {
    /// Id of the snapshot.
    pub id: String,
}

impl IdentityOf<SnapshotModel> for SnapshotIdentity {
    fn of(snapshot: &SnapshotModel) -> Option<Self> {
        let id = snapshot.id.known()?.clone();
        Some(SnapshotIdentity { id })
    }
}

impl SnapshotModel {
    /// The id; empty as long as there is none.
    pub(super) fn id(&self) -> &str {
        self.id.known().map(String::as_str).unwrap_or_default()
    }

    /// The tags that it is to have.
    pub(super) fn wanted_tags(&self, defaults: &Tags) -> Tags {
        let mut tags = tags::wanted(self.tags.as_ref(), defaults);
        tags.insert(NAME.to_owned(), self.name.clone());
        tags
    }

    /// With what EC2 says.
    pub(super) fn observed(mut self, snapshot: &Snapshot) -> Self {
        let tags = by_key(snapshot.tags());
        self.name = tags.get(NAME).cloned().unwrap_or_default();
        self.tags = tags::observed(self.tags.as_ref(), &tags);
        self.id = snapshot.snapshot_id().map(str::to_owned).into();
        self.state = snapshot.state().map(|state| state.as_str().to_owned()).into();
        self.start_time = snapshot.start_time().and_then(rfc3339).into();
        self.volume_size = snapshot.volume_size().and_then(|size| u32::try_from(size).ok()).into();
        self.encrypted = snapshot.encrypted().into();
        self
    }

    /// A snapshot of which only what EC2 knows is known.
    pub(super) fn imported(snapshot: &Snapshot, defaults: &Tags) -> Self {
        let mut tags = tags::of_user(&by_key(snapshot.tags()), defaults).unwrap_or_default();
        tags.remove(NAME);
        let model = SnapshotModel {
            name: String::new(),
            volume_id: snapshot.volume_id().unwrap_or_default().to_owned(),
            description: snapshot
                .description()
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            deletion_protection: true,
            tags: (!tags.is_empty()).then_some(tags),
            id: Attr::Null,
            state: Attr::Null,
            start_time: Attr::Null,
            volume_size: Attr::Null,
            encrypted: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.observed(snapshot)
    }
}
