//! What a certificate is made and changed by, step by step: each is done only if it is not done yet.

use std::collections::BTreeSet;

use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::account::Account;
use super::super::acm::NewCertificate;
use super::super::creation::{self, Creation, Origin};
use super::super::diagnostics::{explain, explained};
use super::super::route53::plain;
use super::model::{self, CertificateModel, ValidationRecord};
use super::{CREATE, CertificateResource, DELETE, Private, gone, look, records, status, wanted_tags};

/// Requests a certificate, or finds the one that an earlier apply has requested of which nothing was saved. It answers
/// the ARN, and whether it was there.
pub(super) async fn make(
    cx: &Context<CertificateResource>,
    account: &Account,
    plan: &CertificateModel,
) -> Result<(String, bool), Diagnostics> {
    let creation = Creation::begin();
    if let Some((arn, _)) = earlier(account, plan, &creation).await? {
        cx.warn(found_again(&arn));
        return Ok((arn, true));
    }
    let new = NewCertificate {
        domain_name: plan.domain_name.clone(),
        other_names: plan.subject_alternative_names.iter().flatten().cloned().collect(),
        token: creation.token().to_owned(),
        tags: creation.mark(wanted_tags(account, plan)),
    };
    match account.request_certificate(new).await {
        Ok(arn) => Ok((arn, false)),
        Err(error) if error.is_unanswered() => match earlier(account, plan, &creation).await? {
            Some((arn, Origin::This)) => Ok((arn, false)),
            _ => Err(explain(CREATE, &error)),
        },
        Err(error) => Err(explain(CREATE, &error).at(CertificateModel::DOMAIN_NAME)),
    }
}

/// A certificate for the same names without a state, and whose it is.
async fn earlier(
    account: &Account,
    plan: &CertificateModel,
    creation: &Creation,
) -> Result<Option<(String, Origin)>, Diagnostics> {
    let all = account.certificates().await.map_err(explained(CREATE))?;
    for one in all {
        let (Some(arn), Some(first)) = (one.certificate_arn(), one.domain_name()) else {
            continue;
        };
        let hopeless = one.status().is_some_and(|status| status::is_hopeless(status.as_str()));
        if plain(first) != plan.domain_name || hopeless {
            continue;
        }
        let Some((detail, tags)) = look(account, arn, CREATE).await? else {
            continue;
        };
        let names = detail.subject_alternative_names().iter().map(|name| plain(name));
        let is_same = names.chain([plan.domain_name.clone()]).collect::<BTreeSet<_>>() == plan.names();
        let origin = creation.origin(&tags, detail.created_at());
        if is_same && origin != Origin::Other && creation::take(arn) {
            return Ok(Some((arn.to_owned(), origin)));
        }
    }
    Ok(None)
}

/// Makes the records by which AWS sees whose the names are, once it has said which these are.
pub(super) async fn prove(
    cx: &Context<CertificateResource>,
    account: &Account,
    model: &mut CertificateModel,
    is_taken: bool,
) -> Result<(), Diagnostics> {
    let arn = model.arn().to_owned();
    let records = cx.wait("AWS to say which records prove the names", Backoff::QUICK, async || {
        let Some(detail) = account.certificate(&arn).await.map_err(explained(CREATE))? else {
            return Ok(Progress::Pending("the certificate is not listed yet".to_owned()));
        };
        if status::is_hopeless(status::of(&detail)) {
            return Err(status::failed(&detail));
        }
        let found = model::records(&detail);
        Ok(found.map_or_else(
            || Progress::Pending("AWS has not said it yet".to_owned()),
            Progress::Ready,
        ))
    });
    let records = records.await?;
    model.validation_records = Attr::Known(records.clone());
    cx.checkpoint(model);
    let Some(zone) = &model.hosted_zone_id else {
        return Ok(());
    };
    let shared = records::present(account, zone, &records).await?;
    let known = cx.private()?.records;
    if shared.iter().any(|name| !known.contains(name)) {
        // Made for another certificate of ours, the record goes with the last one that needs it.
        let others = records::needed_by_others(account, &arn).await?;
        let is_ours = |record: &&ValidationRecord| {
            shared.contains(&record.name) && (is_taken || others.contains(&(record.domain_name.clone(), true)))
        };
        note_records(cx, records.iter().filter(is_ours))?;
    }
    records::make(account, zone, &records, |missing| {
        note_records(cx, missing.iter().copied())
    })
    .await
}

/// Remembers that these records go with the certificate.
fn note_records<'r>(
    cx: &Context<CertificateResource>,
    records: impl Iterator<Item = &'r ValidationRecord>,
) -> Result<(), Diagnostics> {
    let mut private = cx.private()?;
    for record in records.filter(|record| !record.name.is_empty()) {
        if !private.records.contains(&record.name) {
            private.records.push(record.name.clone());
        }
    }
    cx.set_private(&private)
}

/// The records that go with the certificate.
pub(super) fn ours<'m>(model: &'m CertificateModel, private: &Private) -> Vec<&'m ValidationRecord> {
    let records = model.records().iter();
    records
        .filter(|record| private.records.contains(&record.name))
        .collect()
}

/// Waits until it is issued, if that is wanted, and reads it.
pub(super) async fn settle(
    cx: &Context<CertificateResource>,
    account: &Account,
    model: CertificateModel,
    summary: &str,
) -> Result<CertificateModel, Diagnostics> {
    let found = cx.wait("AWS to issue the certificate", Backoff::SLOW, async || {
        let Some(found) = look(account, model.arn(), summary).await? else {
            return Err(gone(model.arn()));
        };
        if status::is_hopeless(status::of(&found.0)) {
            return Err(status::failed(&found.0));
        }
        let is_pending = status::of(&found.0) == status::PENDING;
        Ok::<_, Diagnostics>(match is_pending && model.waits() {
            true => Progress::Pending(status::pending(&found.0)),
            false => Progress::Ready(found),
        })
    });
    let (detail, tags) = found.await?;
    if status::of(&detail) == status::PENDING && model.hosted_zone_id.is_none() {
        cx.warn(status::waits_for_records(model.records()));
    }
    Ok(model.observed(&detail, &tags))
}

/// Waits until no load balancer uses it.
pub(super) async fn wait_until_unused(
    cx: &Context<CertificateResource>,
    account: &Account,
    arn: &str,
) -> Result<(), Diagnostics> {
    cx.wait(
        "load balancers to let go of the certificate",
        Backoff::QUICK,
        async || {
            let detail = account.certificate(arn).await.map_err(explained(DELETE))?;
            let users = detail.map(|detail| detail.in_use_by().join(", ")).unwrap_or_default();
            Ok::<_, Diagnostics>(match users.is_empty() {
                true => Progress::Ready(()),
                false => Progress::Pending(format!("used by {users}")),
            })
        },
    )
    .await
}

/// Deletes it. AWS may take it for used some time longer than it says so.
pub(super) async fn delete(cx: &Context<CertificateResource>, account: &Account, arn: &str) -> Result<(), Diagnostics> {
    cx.wait(
        "load balancers to let go of the certificate",
        Backoff::QUICK,
        async || match account.delete_certificate(arn).await {
            Ok(()) => Ok(Progress::Ready(())),
            Err(error) if error.is_refused_with("ResourceInUseException") => {
                let detail = account.certificate(arn).await.map_err(explained(DELETE))?;
                let users = detail.map(|detail| detail.in_use_by().join(", "));
                Ok(Progress::Pending(match users.filter(|users| !users.is_empty()) {
                    Some(users) => format!("used by {users}"),
                    None => error_chain(&error),
                }))
            }
            Err(error) => Err(explain(DELETE, &error)),
        },
    )
    .await
}

fn found_again(arn: &str) -> Diagnostic {
    let detail = format!(
        "An earlier apply has requested {arn} for the same names, and nothing was saved of that. It is taken. If another configuration \
         manages it, remove it from one of the two."
    );
    Diagnostic::warning("Certificate is there already", detail).at(CertificateModel::DOMAIN_NAME)
}
