//! `data.cht_ebs_snapshot`: a snapshot that somebody or something has made, by its tags.
//!
//! API: [DescribeSnapshots](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html).

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Snapshot;
use aws_smithy_types::DateTime;
use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use super::ec2::by_key;
use super::ec2::volumes::is_complete;
use super::snapshot::SELF;
use super::time::rfc3339;
use super::{blocks, rules};
use crate::provider::Clients;

/// How many snapshots an error names.
const NAMED: usize = 5;

/// Finds a snapshot of Amazon EBS by its tags, by its volume or by its id, such as the newest of an instance that is to
/// be restored or copied. Those that are not complete do not count: no volume can be made of them.
#[derive(Clone, Model)]
pub struct SnapshotDataModel {
    /// Tags that it has, such as `Address` with the name of the instance, which snapshots of Medic's have.
    #[tf(validate(Validator::not_empty()))]
    pub filter_tags: Option<BTreeMap<String, String>>,
    /// Id of the volume that it is of.
    #[tf(validate(blocks::volume_id()))]
    pub volume_id: Option<String>,
    /// Id of the snapshot.
    #[tf(validate(blocks::snapshot_id()))]
    pub snapshot_id: Option<String>,
    /// Whose snapshots count: `self`, or ids of accounts that have shared theirs. Default: `self`.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::any_of([Validator::one_of([SELF]), rules::account_id()]))))]
    pub owners: Option<Vec<String>>,
    /// Whether the newest one is taken of several. Default: false, and several are an error.
    pub most_recent: Option<bool>,
    /// Id of the snapshot.
    pub id: Attr<String>,
    /// Id of the volume that it is of.
    pub source_volume_id: Attr<String>,
    /// When it was begun.
    pub start_time: Attr<String>,
    /// Size of its volume in GiB.
    pub volume_size: Attr<u32>,
    /// Whether it is encrypted.
    pub encrypted: Attr<bool>,
    /// What it is for.
    pub description: Attr<String>,
    /// All of its tags.
    pub tags: Attr<BTreeMap<String, String>>,
}

/// Finds a snapshot.
#[derive(Debug)]
pub struct SnapshotDataSource;

impl DataSource for SnapshotDataSource {
    type Model = SnapshotDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_ebs_snapshot";

    async fn read(&self, scope: &Scope<Clients>, config: SnapshotDataModel) -> Result<SnapshotDataModel, Diagnostics> {
        let account = Clients::aws(scope).await?;
        let owners = config.owners.clone().unwrap_or_else(|| vec![SELF.to_owned()]);
        let tags = config.filter_tags.iter().flatten();
        let mut filters: Vec<(String, String)> =
            tags.map(|(key, value)| (format!("tag:{key}"), value.clone())).collect();
        filters.extend(config.volume_id.iter().map(|id| ("volume-id".to_owned(), id.clone())));
        filters.extend(
            config
                .snapshot_id
                .iter()
                .map(|id| ("snapshot-id".to_owned(), id.clone())),
        );
        if filters.is_empty() {
            return Err(nothing_asked());
        }
        let found = account.snapshots(&owners, filters).await;
        let found = found.map_err(explained("Unable to look for the snapshot"))?;
        let snapshot = choose(found, config.most_recent.unwrap_or_default())?;
        Ok(with(config, &snapshot))
    }
}

/// The snapshot that is meant.
fn choose(found: Vec<Snapshot>, most_recent: bool) -> Result<Snapshot, Diagnostics> {
    let pending = found.iter().filter(|snapshot| !is_complete(snapshot)).count();
    let mut complete: Vec<Snapshot> = found.into_iter().filter(is_complete).collect();
    complete.sort_by_key(|snapshot| snapshot.start_time().map_or(0, DateTime::secs));
    if complete.len() > 1 && !most_recent {
        return Err(several(&complete));
    }
    complete.pop().ok_or_else(|| none(pending))
}

fn with(config: SnapshotDataModel, snapshot: &Snapshot) -> SnapshotDataModel {
    SnapshotDataModel {
        id: snapshot.snapshot_id().map(str::to_owned).into(),
        source_volume_id: snapshot.volume_id().map(str::to_owned).into(),
        start_time: snapshot.start_time().and_then(rfc3339).into(),
        volume_size: snapshot.volume_size().and_then(|size| u32::try_from(size).ok()).into(),
        encrypted: snapshot.encrypted().into(),
        description: snapshot.description().map(str::to_owned).into(),
        tags: Attr::Known(by_key(snapshot.tags())),
        ..config
    }
}

fn nothing_asked() -> Diagnostics {
    let detail = "Nothing says which snapshot is meant. Give `filter_tags`, `volume_id` or `snapshot_id`.";
    Diagnostic::error("Snapshot is not described", detail)
        .at(SnapshotDataModel::FILTER_TAGS)
        .into()
}

fn none(pending: usize) -> Diagnostics {
    let not_yet = match pending {
        0 => "Check the tags, `owners` and `aws.region`: those of other regions and accounts are not seen.".to_owned(),
        count => format!("{count} of them are not complete: wait for them."),
    };
    let detail = format!("There is no complete snapshot like this. {not_yet}");
    Diagnostics::error("No such snapshot", detail)
}

fn several(found: &[Snapshot]) -> Diagnostics {
    let lines: Vec<String> = found
        .iter()
        .rev()
        .take(NAMED)
        .map(|snapshot| {
            let begun = snapshot.start_time().and_then(rfc3339).unwrap_or_default();
            format!("{} of {begun}", snapshot.snapshot_id().unwrap_or_default())
        })
        .collect();
    let detail = format!(
        "There are {} of them. Set `most_recent = true` for the newest, or give more tags.\n\n{}",
        found.len(),
        lines.join("\n")
    );
    Diagnostic::error("Several snapshots", detail)
        .at(SnapshotDataModel::FILTER_TAGS)
        .into()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::SnapshotState;

    use super::*;

    fn snapshot(id: &str, seconds: i64, state: SnapshotState) -> Snapshot {
        Snapshot::builder()
            .snapshot_id(id)
            .start_time(DateTime::from_secs(seconds))
            .state(state)
            .build()
    }

    #[test]
    fn the_newest_that_is_complete_is_chosen() {
        let all = || {
            vec![
                snapshot("snap-2", 2, SnapshotState::Completed),
                snapshot("snap-3", 3, SnapshotState::Pending),
                snapshot("snap-1", 1, SnapshotState::Completed),
            ]
        };
        assert_eq!(choose(all(), true).unwrap().snapshot_id(), Some("snap-2"));
        let refused = choose(all(), false).unwrap_err().to_string();
        assert!(
            refused.contains("most_recent") && refused.contains("snap-1"),
            "{refused}"
        );
        let pending = choose(vec![snapshot("snap-3", 3, SnapshotState::Pending)], true).unwrap_err();
        assert!(pending.to_string().contains("1 of them are not complete"), "{pending}");
    }
}
