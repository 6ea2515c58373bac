//! The attributes of `cht_ebs_volume`, in schema order.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Volume;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::value::Value;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::ec2::by_key;
use super::super::ec2::volumes::{NewVolume, VolumeChange};
use super::super::rules;
use super::super::tags::{self, Tags};
use super::super::{blocks, creation::Creation};
use super::marks;

/// The kind that has its IOPS and its throughput apart from its size.
pub(super) const GP3: &str = "gp3";

/// The kinds whose IOPS can be asked for.
pub(super) const WITH_IOPS: [&str; 3] = [GP3, "io1", "io2"];

/// Manages a volume of Amazon EBS: a disk for the data of one CouchDB node, empty or made of a snapshot, that lives
/// longer than the instance and the cluster that use it.
///
/// A `cht_instance` takes it in `couchdb.nodes[*].storage`, with `ebs_volume_id = cht_ebs_volume.NAME.id` and
/// `zone = cht_ebs_volume.NAME.availability_zone`: a volume can be used by nodes of its zone only. It has the tags
/// without which the CSI driver of EKS may not attach it.
///
/// It grows, and gets faster, while it is in use; it never shrinks. AWS takes no other change of a volume for some
/// hours after one. The file system on it grows with the claim of Kubernetes that uses it.
///
/// A volume of a snapshot has all data at once, but reads them for the first time slowly.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "20m", read = "5m", update = "60m", delete = "20m"))]
pub struct VolumeModel {
    /// Name of the volume, as the consoles of AWS show it. By it a volume is found again that an apply has made which
    /// was killed, so each has one of its own. A change renames it.
    #[tf(validate(blocks::name()))]
    pub name: String,
    /// Availability zone, such as `eu-west-2a`. Another zone is another volume.
    #[tf(replace, validate(blocks::zone()))]
    pub availability_zone: String,
    /// Size in GiB. Default: that of the snapshot. It can grow.
    #[tf(optional, keep_non_null, validate(Validator::between(1..=65536)))]
    pub size: Attr<u32>,
    /// Kind of the volume: `gp3`, or `gp2`, `io1`, `io2`, `st1`, `sc1`, `standard`.
    #[tf(
        default = GP3,
        validate(Validator::one_of(["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"]))
    )]
    pub r#type: String,
    /// Input and output operations in a second, for `gp3`, `io1` and `io2`. Default: 3000, for `gp3`.
    #[tf(optional, depends_on(r#type, size), validate(Validator::between(100..=256_000)))]
    pub iops: Attr<u32>,
    /// MiB in a second, for `gp3`. Default: 125.
    #[tf(optional, depends_on(r#type), validate(Validator::between(125..=2000)))]
    pub throughput: Attr<u32>,
    /// Whether it is encrypted. One that is not cannot become so: another volume is made.
    #[tf(replace, default = true)]
    pub encrypted: bool,
    /// ARN of the key of KMS that it is encrypted with. Default: the one of the account for EBS.
    #[tf(optional, keep_non_null, replace, validate(blocks::key()))]
    pub kms_key_id: Attr<String>,
    /// Id of the snapshot that it is made of, such as `data.cht_ebs_snapshot.NAME.id`. It counts when the volume is
    /// made: its data are never given up for another snapshot, so one that comes later changes nothing. For another
    /// snapshot, make another volume.
    #[tf(equal = any_snapshot, validate(blocks::snapshot_id()))]
    pub snapshot_id: Option<String>,
    /// Name of the cluster of EKS that uses it: it gets the tags by which its CSI driver and others know it.
    #[tf(validate(rules::cluster_name()))]
    pub cluster_name: Option<String>,
    /// Refuses to destroy or replace the volume.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Tags, beside the provider's `default_tags`. A `cht_snapshot_policy` chooses volumes by them.
    #[tf(validate(rules::tags(), blocks::no_name()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Id of the volume, such as `vol-0a1b2c3d4e5f60718`.
    #[tf(keep_non_null)]
    pub id: Attr<String>,
    /// How a PersistentVolume of the driver `ebs.csi.aws.com` names it: its id.
    #[tf(keep_non_null)]
    pub volume_handle: Attr<String>,
    /// What differs from what was made, one line for each difference. The next apply puts it right.
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a volume.
#[derive(Clone, Debug, Identity)]
pub struct VolumeIdentity {
    /// Id of the volume.
    pub id: String,
}

impl IdentityOf<VolumeModel> for VolumeIdentity {
    fn of(volume: &VolumeModel) -> Option<Self> {
        let id = volume.id.known()?.clone();
        Some(VolumeIdentity { id })
    }
}

/// A volume keeps the data that it has, whichever snapshot is named later.
fn any_snapshot(_: &Value, _: &Value) -> bool {
    true
}

impl VolumeModel {
    /// The id; empty as long as there is none.
    pub(super) fn id(&self) -> &str {
        self.id.known().map(String::as_str).unwrap_or_default()
    }

    /// With its id.
    pub(super) fn with_id(mut self, id: &str) -> Self {
        self.id = Attr::Known(id.to_owned());
        self.volume_handle = Attr::Known(id.to_owned());
        self
    }

    /// The volume to be made.
    pub(super) fn new_volume(&self, defaults: &Tags, creation: &Creation) -> NewVolume {
        NewVolume {
            zone: self.availability_zone.clone(),
            kind: self.r#type.clone(),
            size: number(&self.size),
            iops: number(&self.iops),
            throughput: number(&self.throughput),
            encrypted: self.encrypted,
            key: self.kms_key_id.known().cloned(),
            snapshot: self.snapshot_id.clone(),
            tags: creation.mark(marks::wanted(self, defaults)),
            token: creation.token().to_owned(),
        }
    }

    /// What has to change in a volume; nothing if it is as it should be.
    pub(super) fn change(&self, is: &Volume) -> Option<VolumeChange> {
        let differing = |wanted: Option<i32>, is: Option<i32>| wanted.filter(|wanted| Some(*wanted) != is);
        let kind = is.volume_type().map(|kind| kind.as_str());
        let kind = (kind != Some(&self.r#type)).then(|| self.r#type.clone());
        let change = VolumeChange {
            size: differing(number(&self.size), is.size()),
            iops: differing(number(&self.iops), is.iops()),
            throughput: differing(number(&self.throughput), is.throughput()),
            kind,
        };
        (change != VolumeChange::default()).then_some(change)
    }

    /// With what EC2 says.
    pub(super) fn observed(mut self, volume: &Volume, defaults: &Tags) -> Self {
        let tags = by_key(volume.tags());
        self.drift = Attr::Known(marks::missing(&self, defaults, &tags));
        self = self.with_id(volume.volume_id().unwrap_or_default());
        self.name = tags.get(marks::NAME).cloned().unwrap_or_default();
        self.size = counted(volume.size());
        self.r#type = volume
            .volume_type()
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default();
        self.iops = counted(volume.iops());
        self.throughput = counted(volume.throughput());
        self.encrypted = volume.encrypted().unwrap_or_default();
        self.kms_key_id = volume.kms_key_id().map(str::to_owned).into();
        self.tags = tags::observed(self.tags.as_ref(), &tags);
        self
    }

    /// A volume of which only what EC2 knows is known.
    pub(super) fn imported(volume: &Volume, defaults: &Tags) -> Self {
        let tags = by_key(volume.tags());
        let cluster_name = marks::cluster(&tags);
        let model = VolumeModel {
            name: String::new(),
            availability_zone: volume.availability_zone().unwrap_or_default().to_owned(),
            size: Attr::Null,
            r#type: String::new(),
            iops: Attr::Null,
            throughput: Attr::Null,
            encrypted: true,
            kms_key_id: Attr::Null,
            snapshot_id: volume.snapshot_id().filter(|id| !id.is_empty()).map(str::to_owned),
            tags: marks::users(&tags, defaults),
            cluster_name,
            deletion_protection: true,
            id: Attr::Null,
            volume_handle: Attr::Null,
            drift: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.observed(volume, defaults)
    }
}

/// A number as EC2 takes it.
fn number(value: &Attr<u32>) -> Option<i32> {
    value.known().and_then(|value| i32::try_from(*value).ok())
}

/// A number as EC2 says it.
fn counted(value: Option<i32>) -> Attr<u32> {
    value
        .and_then(|value| u32::try_from(value).ok())
        .filter(|value| *value > 0)
        .into()
}
