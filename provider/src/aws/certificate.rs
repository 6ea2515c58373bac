//! `cht_acm_certificate`: a certificate that AWS issues and renews, for load balancers.
//!
//! API: RequestCertificate, DescribeCertificate, DeleteCertificate of Certificate Manager, and the records in Route 53
//! by which AWS sees whose the names are. In place: where the records are, tags. [`model`] has the attributes,
//! `records` makes and removes the records, `status` says what a certificate waits for or why it failed. The calls are
//! in [`acm`](super::acm) and [`route53`](super::route53).

mod model;
mod records;
mod status;

use aws_sdk_acm::types::CertificateDetail;
use serde::{Deserialize, Serialize};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::custom_types::{Arn, Text};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{CertificateIdentity, CertificateModel, ValidationRecord};
use super::account::Account;
use super::acm::NewCertificate;
use super::creation::{self, Creation, NEW, Origin};
use super::diagnostics::{explain, explained};
use super::error::Error;
use super::route53::{is_in_zone, plain};
use super::tags::{self, Tags};
use super::which_account::InAccount;
use super::zone::{self, Fit};
use crate::provider::Clients;

const READ: &str = "Unable to read the certificate";
const CREATE: &str = "Unable to request the certificate";
const UPDATE: &str = "Unable to update the certificate";
const DELETE: &str = "Unable to delete the certificate";
const IMPORT: &str = "Unable to import the certificate";

/// Manages one certificate.
#[derive(Debug)]
pub struct CertificateResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    /// The keys of the tags that we have set.
    tag_keys: Vec<String>,
    /// The names of the records that go with the certificate.
    records: Vec<String>,
}

impl Resource for CertificateResource {
    type Model = CertificateModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = CertificateIdentity;

    const TYPE_NAME: &'static str = "cht_acm_certificate";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        let (Some(first), Some(others)) = (config.domain_name.known(), config.subject_alternative_names.known()) else {
            return;
        };
        if others.0.iter().any(|name| name.known() == Some(first)) {
            let detail = format!("`{first}` is in the certificate already, as its `domain_name`. Leave it out here.");
            let error = Diagnostic::error("Name stands twice", detail);
            diagnostics.push(error.at(CertificateModel::SUBJECT_ALTERNATIVE_NAMES));
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if plan.action() == Action::Delete {
            return Ok(());
        }
        plan.set(CertificateModel::DRIFT, &Vec::<String>::new());
        show_outcome(plan);
        let is_asked = plan.prior.is_none() || plan.changed(CertificateModel::HOSTED_ZONE_ID);
        match plan
            .planned_model()
            .filter(|_| is_asked && !cx.clients().is_aws_unknown())
        {
            Some(planned) => check_zone(&Clients::aws(cx).await?, &planned).await,
            None => Ok(()),
        }
    }

    async fn create(&self, cx: &Context<Self>, plan: CertificateModel) -> Result<CertificateModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        check_zone(&account, &plan).await?;
        keep(cx, &account, &plan).await?;
        let (arn, is_taken) = make(cx, &account, &plan).await?;
        let mut plan = plan;
        plan.arn = arn.parse::<Text<Arn>>().ok().into();
        cx.checkpoint(&plan);
        prove(cx, &account, &mut plan, is_taken).await?;
        settle(cx, &account, plan, CREATE).await
    }

    async fn read(&self, cx: &Context<Self>, state: CertificateModel) -> Result<Option<CertificateModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let Some((detail, tags)) = look(&account, state.arn(), READ).await? else {
            return Ok(None);
        };
        note_saved(&account, state.arn(), &tags).await;
        let mut read = state.observed(&detail, &tags);
        if let Some(zone) = &read.hosted_zone_id {
            read.drift = Attr::Known(records::drift(&account, zone, read.records()).await?);
        }
        Ok(Some(read))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: CertificateModel,
        plan: CertificateModel,
    ) -> Result<CertificateModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        if plan.hosted_zone_id != prior.hosted_zone_id {
            check_zone(&account, &plan).await?;
        }
        let Some((_, is)) = look(&account, prior.arn(), UPDATE).await? else {
            return Err(gone(prior.arn()));
        };
        let wanted = wanted_tags(&account, &plan);
        let tagged = account
            .set_certificate_tags(prior.arn(), &is, &wanted, &private.tag_keys)
            .await;
        tagged.map_err(explained(UPDATE))?;
        keep(cx, &account, &plan).await?;
        let mut plan = plan;
        plan.arn = prior.arn.clone();
        prove(cx, &account, &mut plan, false).await?;
        if let Some(zone) = prior
            .hosted_zone_id
            .as_ref()
            .filter(|zone| plan.hosted_zone_id.as_ref() != Some(*zone))
        {
            let left = ours(&prior, &private);
            records::remove(&account, zone, &left, prior.arn()).await?;
        }
        settle(cx, &account, plan, UPDATE).await
    }

    async fn delete(&self, cx: &Context<Self>, state: CertificateModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        wait_until_unused(cx, &account, state.arn()).await?;
        if let Some(zone) = &state.hosted_zone_id {
            records::remove(&account, zone, &ours(&state, &private), state.arn()).await?;
        }
        delete(cx, &account, state.arn()).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<CertificateIdentity>,
    ) -> Result<CertificateModel, Diagnostics> {
        let (ImportBy::Id(arn) | ImportBy::Identity(CertificateIdentity { arn })) = by;
        let account = Clients::aws(cx).await?;
        if arn.parse::<Text<Arn>>().is_err() || !arn.contains(":acm:") {
            return Err(nothing_there(&arn));
        }
        let Some((detail, tags)) = look(&account, &arn, IMPORT).await? else {
            return Err(nothing_there(&arn));
        };
        if model::records(&detail).is_none() {
            return Err(other_kind(&arn));
        }
        let mut model = CertificateModel::imported(&detail, &tags, &account.default_tags());
        let (zone, records) = zone_of(&account, &model).await?;
        model.hosted_zone_id = zone;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
            tag_keys: wanted_tags(&account, &model).into_keys().collect(),
            records,
        })?;
        Ok(model)
    }
}

/// Makes the plan show what follows from how far the certificate is.
fn show_outcome(plan: &mut Plan<'_, '_, CertificateResource>) {
    let Some(prior) = &plan.prior else { return };
    let status = prior.status.known().map(String::as_str).unwrap_or_default();
    let waits = plan.planned_model().is_some_and(|planned| planned.waits());
    if status::is_hopeless(status) {
        plan.set_unknown(CertificateModel::STATUS);
        plan.require_replace(CertificateModel::STATUS);
    } else if status == status::PENDING && waits {
        // The next apply goes on with the wait.
        plan.set_unknown(CertificateModel::STATUS);
        plan.set_unknown(CertificateModel::NOT_AFTER);
    }
}

/// Refuses a zone in which the names cannot be proved.
async fn check_zone(account: &Account, model: &CertificateModel) -> Result<(), Diagnostics> {
    let Some(zone) = &model.hosted_zone_id else {
        return Ok(());
    };
    let others = model.subject_alternative_names.iter().flatten();
    let others = others.map(|name| (CertificateModel::SUBJECT_ALTERNATIVE_NAMES, name.as_str()));
    let names: Vec<_> = std::iter::once((CertificateModel::DOMAIN_NAME, model.domain_name.as_str()))
        .chain(others)
        .collect();
    zone::check(account, (CertificateModel::HOSTED_ZONE_ID, zone), &names, Fit::Public).await
}

/// Remembers where the certificate is, and which tags are ours.
async fn keep(
    cx: &Context<CertificateResource>,
    account: &Account,
    model: &CertificateModel,
) -> Result<(), Diagnostics> {
    cx.set_private(&Private {
        in_account: InAccount::of(account).await?,
        tag_keys: wanted_tags(account, model).into_keys().collect(),
        records: cx.private()?.records,
    })
}

/// Requests a certificate, or finds the one that an earlier apply has requested of which nothing was saved. It answers
/// the ARN, and whether it was there.
async fn make(
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
        let is_same = names
            .chain([plan.domain_name.clone()])
            .collect::<std::collections::BTreeSet<_>>()
            == plan.names();
        let origin = creation.origin(&tags, detail.created_at());
        if is_same && origin != Origin::Other && creation::take(arn) {
            return Ok(Some((arn.to_owned(), origin)));
        }
    }
    Ok(None)
}

/// Makes the records by which AWS sees whose the names are, once it has said which these are.
async fn prove(
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
fn ours<'m>(model: &'m CertificateModel, private: &Private) -> Vec<&'m ValidationRecord> {
    let records = model.records().iter();
    records
        .filter(|record| private.records.contains(&record.name))
        .collect()
}

/// Waits until it is issued, if that is wanted, and reads it.
async fn settle(
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

/// A certificate with its tags; nothing if it is not there.
async fn look(account: &Account, arn: &str, summary: &str) -> Result<Option<(CertificateDetail, Tags)>, Diagnostics> {
    let Some(detail) = account.certificate(arn).await.map_err(explained(summary))? else {
        return Ok(None);
    };
    match account.certificate_tags(arn).await {
        Ok(tags) => Ok(Some((detail, tags))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(explain(summary, &error)),
    }
}

/// A state has the certificate now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, arn: &str, tags: &Tags) {
    if !creation::is_new(tags) {
        return;
    }
    let mut wanted = tags.clone();
    wanted.remove(NEW);
    if let Err(error) = account
        .set_certificate_tags(arn, tags, &wanted, &[NEW.to_owned()])
        .await
    {
        tracing::warn!(%error, "it could not be noted that a state has the certificate");
    }
}

/// Waits until no load balancer uses it.
async fn wait_until_unused(cx: &Context<CertificateResource>, account: &Account, arn: &str) -> Result<(), Diagnostics> {
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
async fn delete(cx: &Context<CertificateResource>, account: &Account, arn: &str) -> Result<(), Diagnostics> {
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

/// The public hosted zone that has the records of a certificate, and the names of these; none if there is no such zone.
async fn zone_of(account: &Account, model: &CertificateModel) -> Result<(Option<String>, Vec<String>), Diagnostics> {
    let zones = match account.hosted_zones().await {
        Ok(zones) => zones,
        Err(Error::Denied { .. }) => return Ok((None, Vec::new())),
        Err(error) => return Err(explain(IMPORT, &error)),
    };
    let is_public =
        |config: Option<&aws_sdk_route53::types::HostedZoneConfig>| config.is_none_or(|config| !config.private_zone);
    for zone in zones.iter().filter(|zone| is_public(zone.config())) {
        let id = zone.id.trim_start_matches("/hostedzone/");
        if !model.names().iter().all(|name| is_in_zone(name, &zone.name)) {
            continue;
        }
        let records = records::present(account, id, model.records()).await?;
        if !records.is_empty() {
            return Ok((Some(id.to_owned()), records));
        }
    }
    Ok((None, Vec::new()))
}

fn wanted_tags(account: &Account, model: &CertificateModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
}

fn found_again(arn: &str) -> Diagnostic {
    let detail = format!(
        "An earlier apply has requested {arn} for the same names, and nothing was saved of that. It is taken. If another configuration \
         manages it, remove it from one of the two."
    );
    Diagnostic::warning("Certificate is there already", detail).at(CertificateModel::DOMAIN_NAME)
}

fn gone(arn: &str) -> Diagnostics {
    Diagnostics::error(
        "Certificate is gone",
        format!("Somebody has deleted {arn} since the plan. Plan again."),
    )
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no certificate `{id}` in this account and region. The id is its ARN, such as \
         `arn:aws:acm:eu-west-2:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`."
    );
    Diagnostics::error("No certificate to import", detail)
}

fn other_kind(arn: &str) -> Diagnostics {
    let detail = format!(
        "{arn} is not proved by records in the DNS: it was imported into AWS, or is proved by mail. Load balancers take it by its ARN; only \
         certificates that AWS issues and renews are managed."
    );
    Diagnostics::error("Certificate of another kind", detail)
}
