//! The calls of Route 53: hosted zones, and the records in them.
//!
//! API: [ChangeResourceRecordSets](https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html),
//! ListResourceRecordSets, GetHostedZone, ListHostedZones, GetChange.

use std::sync::Arc;

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ChangeStatus, HostedZone, ResourceRecord, ResourceRecordSet, RrType,
};

use super::account::Account;
use super::error::Error;

const SERVICE: &str = "route53";

/// The code of a refusal because of what is in the zone already, or is not there.
pub(super) const INVALID_CHANGE: &str = "InvalidChangeBatch";

/// The code of a refusal because there is no such zone.
const NO_ZONE: &str = "NoSuchHostedZone";

impl Account {
    /// A hosted zone; nothing if it is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn hosted_zone(&self, id: &str) -> Result<Option<HostedZone>, Error> {
        let sent = self.services().route53.get_hosted_zone().id(id).send();
        match self.run(&self.call(SERVICE, "GetHostedZone"), sent).await {
            Ok(answer) => Ok(answer.hosted_zone),
            Err(error) if is_no_zone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The hosted zones of the account.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn hosted_zones(&self) -> Result<Vec<HostedZone>, Error> {
        let call = self.call(SERVICE, "ListHostedZones");
        let mut zones = Vec::new();
        let mut marker = None;
        loop {
            let sent = self.services().route53.list_hosted_zones().set_marker(marker).send();
            let page = self.run(&call, sent).await?;
            zones.extend(page.hosted_zones);
            marker = page
                .next_marker
                .filter(|marker| page.is_truncated && !marker.is_empty());
            if marker.is_none() {
                return Ok(zones);
            }
        }
    }

    /// The records of exactly this name, of all types; nothing if the zone is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn records(&self, zone: &str, name: &str) -> Result<Option<Vec<ResourceRecordSet>>, Error> {
        let sent = self
            .services()
            .route53
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(name)
            .max_items(100)
            .send();
        match self.run(&self.call(SERVICE, "ListResourceRecordSets"), sent).await {
            Ok(answer) => {
                let sets = answer.resource_record_sets.into_iter();
                Ok(Some(sets.take_while(|set| is_same_name(&set.name, name)).collect()))
            }
            Err(error) if is_no_zone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes records, all or none, and answers the id of the change.
    ///
    /// # Errors
    /// The call failed, such as with [`INVALID_CHANGE`].
    pub(super) async fn change_records(
        &self,
        zone: &str,
        changes: Vec<(ChangeAction, ResourceRecordSet)>,
    ) -> Result<String, Error> {
        let call = self.call(SERVICE, "ChangeResourceRecordSets");
        let changes: Result<Vec<Change>, BuildError> = changes
            .into_iter()
            .map(|(action, set)| Change::builder().action(action).resource_record_set(set).build())
            .collect();
        let batch = changes.and_then(|changes| ChangeBatch::builder().set_changes(Some(changes)).build());
        let sent = self
            .services()
            .route53
            .change_resource_record_sets()
            .hosted_zone_id(zone)
            .change_batch(batch.map_err(defect)?)
            .send();
        let answer = self.run(&call, sent).await?;
        let change = answer.change_info.ok_or(Error::Lacks {
            call,
            what: "the change",
        })?;
        Ok(change.id.trim_start_matches("/change/").to_owned())
    }

    /// Whether all servers of Route 53 know of a change.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn is_in_sync(&self, change: &str) -> Result<bool, Error> {
        let sent = self.services().route53.get_change().id(change).send();
        let answer = self.run(&self.call(SERVICE, "GetChange"), sent).await?;
        Ok(answer
            .change_info
            .is_some_and(|change| change.status == ChangeStatus::Insync))
    }
}

/// A CNAME record.
///
/// # Errors
/// A part is missing, which is a defect.
pub(super) fn cname(name: &str, value: &str) -> Result<ResourceRecordSet, Error> {
    let record = ResourceRecord::builder().value(value).build().map_err(defect)?;
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::Cname)
        .ttl(300)
        .resource_records(record);
    set.build().map_err(defect)
}

/// An alias record.
///
/// # Errors
/// A part is missing, which is a defect.
pub(super) fn alias(name: &str, kind: RrType, zone: &str, target: &str) -> Result<ResourceRecordSet, Error> {
    let target = AliasTarget::builder()
        .hosted_zone_id(zone)
        .dns_name(target)
        .evaluate_target_health(false);
    let target = target.build().map_err(defect)?;
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(kind)
        .alias_target(target);
    set.build().map_err(defect)
}

/// Whether two names are the same in the DNS.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Whether a name is in a zone.
pub(super) fn is_in_zone(name: &str, zone: &str) -> bool {
    let (name, zone) = (plain(name), plain(zone));
    name == zone || name.strip_suffix(&zone).is_some_and(|start| start.ends_with('.'))
}

/// A name in one spelling: in lower case, without the dot at the end, and with an asterisk as users write it.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_lowercase()
}

fn is_no_zone(error: &Error) -> bool {
    error.is_not_found() || error.is_refused_with(NO_ZONE)
}

fn defect(error: BuildError) -> Error {
    Error::Prepare {
        source: Arc::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_in_its_zone_and_in_no_other_that_ends_alike() {
        assert!(is_in_zone("siaya.moh.example.org", "moh.example.org."));
        assert!(is_in_zone("MOH.example.org.", "moh.example.org"));
        assert!(!is_in_zone("evilmoh.example.org", "moh.example.org."));
        assert!(!is_in_zone("example.org", "moh.example.org"));
        assert!(is_same_name("\\052.moh.example.org.", "*.moh.example.org"));
    }
}
