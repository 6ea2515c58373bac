//! The records by which AWS sees whose the names of a certificate are.

use std::collections::BTreeSet;

use aws_sdk_acm::types::CertificateStatus;
use aws_sdk_route53::types::{ChangeAction, HostedZoneConfig, ResourceRecordSet, RrType};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::error::Error;
use super::super::names::without_wildcard;
use super::super::route53::{INVALID_CHANGE, cname, is_in_zone, plain};
use super::super::{tags, zone};
use super::IMPORT;
use super::model::{CertificateModel, ValidationRecord};

/// How often it is looked again when a record appears or vanishes between a look and a change.
const TRIES: usize = 4;

/// What there is under the name of a record.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Nothing,
    /// The record, as it is wanted.
    Same(Box<ResourceRecordSet>),
    /// Another value.
    Other(String),
}

/// Makes the records that are not there, and answers which of them these are. `announce` hears of them before.
pub(super) async fn make(
    account: &Account,
    zone: &str,
    records: &[ValidationRecord],
    mut announce: impl FnMut(&[&ValidationRecord]) -> Result<(), Diagnostics>,
) -> Result<(), Diagnostics> {
    let summary = "Unable to make the records of the certificate";
    let mut tries = 1..=TRIES;
    loop {
        let mut missing = Vec::new();
        for record in records {
            match look(account, zone, record).await? {
                Found::Nothing => missing.push(record),
                Found::Same(_) => {}
                Found::Other(value) => return Err(taken(zone, record, &value)),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        announce(&missing)?;
        let changes: Result<Vec<_>, Error> = missing
            .iter()
            .map(|record| Ok((ChangeAction::Create, cname(&record.name, &record.value)?)))
            .collect();
        let changed = account.change_records(zone, changes.map_err(explained(summary))?).await;
        match changed {
            Ok(_) => return Ok(()),
            // Another certificate has made it meanwhile, or the answer to an earlier try was lost.
            Err(error) if is_overtaken(&error) && tries.next().is_some() => {}
            Err(error) => return Err(explained(summary)(error).at(CertificateModel::HOSTED_ZONE_ID)),
        }
    }
}

/// What is wrong with the records, one line for each.
pub(super) async fn drift(
    account: &Account,
    zone: &str,
    records: &[ValidationRecord],
) -> Result<Vec<String>, Diagnostics> {
    let mut lines = Vec::new();
    for record in records {
        match look(account, zone, record).await? {
            Found::Same(_) => {}
            Found::Nothing => lines.push(format!("the record {} is not there", record.name)),
            Found::Other(value) => lines.push(format!("the record {} has the value {value}", record.name)),
        }
    }
    Ok(lines)
}

/// Removes those of the records that are there and that no other certificate needs.
pub(super) async fn remove(
    account: &Account,
    zone: &str,
    records: &[&ValidationRecord],
    arn: &str,
) -> Result<(), Diagnostics> {
    let summary = "Unable to remove the records of the certificate";
    if records.is_empty() {
        return Ok(());
    }
    let needed = needed_by_others(account, arn).await?;
    let unneeded = records
        .iter()
        .filter(|record| !needed.iter().any(|(name, _)| *name == record.domain_name));
    for record in unneeded {
        for _ in 0..TRIES {
            let Found::Same(set) = look(account, zone, record).await? else {
                break;
            };
            match account.change_records(zone, vec![(ChangeAction::Delete, *set)]).await {
                Ok(_) => break,
                Err(error) if is_overtaken(&error) => {}
                Err(error) => return Err(explained(summary)(error)),
            }
        }
    }
    Ok(())
}

/// The names of other certificates in the region, without wildcards, and whether this provider has made them.
pub(super) async fn needed_by_others(account: &Account, arn: &str) -> Result<BTreeSet<(String, bool)>, Diagnostics> {
    let explain = explained("Unable to list the certificates");
    let all = account.certificates().await.map_err(&explain)?;
    let mut names = BTreeSet::new();
    let is_live = |status: Option<&CertificateStatus>| {
        status.is_none_or(|status| {
            !matches!(
                status,
                CertificateStatus::Failed | CertificateStatus::Revoked | CertificateStatus::ValidationTimedOut
            )
        })
    };
    let others = all
        .iter()
        .filter(|one| is_live(one.status()) && one.certificate_arn().is_some_and(|other| other != arn));
    for other in others {
        let tags = account
            .certificate_tags(other.certificate_arn().unwrap_or_default())
            .await;
        let is_ours = match tags {
            Ok(tags) => tags::are_ours(&tags),
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(explain(error)),
        };
        let others = other.subject_alternative_name_summaries().iter().map(String::as_str);
        names.extend(
            others
                .chain(other.domain_name())
                .map(|name| (without_wildcard(&plain(name)).to_owned(), is_ours)),
        );
    }
    Ok(names)
}

/// The names of those records that are there.
pub(super) async fn present(
    account: &Account,
    zone: &str,
    records: &[ValidationRecord],
) -> Result<Vec<String>, Diagnostics> {
    let mut names = Vec::new();
    for record in records {
        if matches!(look(account, zone, record).await?, Found::Same(_)) {
            names.push(record.name.clone());
        }
    }
    Ok(names)
}

/// The public hosted zone that has the records of a certificate, and the names of these; none if there is no such zone.
pub(super) async fn zone_of(
    account: &Account,
    model: &CertificateModel,
) -> Result<(Option<String>, Vec<String>), Diagnostics> {
    let zones = match account.hosted_zones().await {
        Ok(zones) => zones,
        Err(Error::Denied { .. }) => return Ok((None, Vec::new())),
        Err(error) => return Err(explained(IMPORT)(error)),
    };
    let is_public = |config: Option<&HostedZoneConfig>| config.is_none_or(|config| !config.private_zone);
    for zone in zones.iter().filter(|zone| is_public(zone.config())) {
        let id = zone.id.trim_start_matches("/hostedzone/");
        if !model.names().iter().all(|name| is_in_zone(name, &zone.name)) {
            continue;
        }
        let records = present(account, id, model.records()).await?;
        if !records.is_empty() {
            return Ok((Some(id.to_owned()), records));
        }
    }
    Ok((None, Vec::new()))
}

async fn look(account: &Account, zone: &str, record: &ValidationRecord) -> Result<Found, Diagnostics> {
    let sets = account.records(zone, &record.name).await;
    let sets = sets.map_err(explained("Unable to read the records of the certificate"))?;
    let Some(sets) = sets else {
        return Err(zone::missing(CertificateModel::HOSTED_ZONE_ID, zone));
    };
    Ok(found(sets, record))
}

fn found(sets: Vec<ResourceRecordSet>, record: &ValidationRecord) -> Found {
    let Some(set) = sets.into_iter().find(|set| set.r#type == RrType::Cname) else {
        return Found::Nothing;
    };
    let value = set.resource_records().first().map(|record| plain(&record.value));
    match value {
        Some(value) if value == record.value => Found::Same(Box::new(set)),
        value => Found::Other(value.unwrap_or_default()),
    }
}

/// Whether a change does not fit what is in the zone by now, or nobody knows whether it was made.
fn is_overtaken(error: &Error) -> bool {
    error.is_refused_with(INVALID_CHANGE) || error.is_unanswered()
}

fn taken(zone: &str, record: &ValidationRecord, value: &str) -> Diagnostics {
    let detail = format!(
        "The hosted zone `{zone}` has a record {} with the value {value}; AWS asks for {}. It may be left over from another account: \
         certificates there are not renewed without it. Remove it if nobody needs it, and apply again.",
        record.name, record.value
    );
    let error = Diagnostic::error("Record of the certificate is taken", detail);
    error.at(CertificateModel::HOSTED_ZONE_ID).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_the_same_whatever_its_spelling() {
        let record = ValidationRecord {
            domain_name: "moh.example.org".to_owned(),
            name: "_a.moh.example.org".to_owned(),
            r#type: "CNAME".to_owned(),
            value: "_x.acm-validations.aws".to_owned(),
        };
        let set = cname("_a.moh.example.org.", "_X.acm-validations.aws.").unwrap();
        assert!(matches!(found(vec![set], &record), Found::Same(_)));
        let other = cname("_a.moh.example.org.", "_y.acm-validations.aws.").unwrap();
        assert_eq!(
            found(vec![other], &record),
            Found::Other("_y.acm-validations.aws".to_owned())
        );
        assert_eq!(found(Vec::new(), &record), Found::Nothing);
    }
}
