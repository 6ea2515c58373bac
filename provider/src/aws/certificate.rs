//! `cht_acm_certificate`: a certificate that AWS issues and renews, for load balancers.
//!
//! API: RequestCertificate, DescribeCertificate, DeleteCertificate of Certificate Manager, and the records in Route 53
//! by which AWS sees whose the names are. In place: where the records are, tags.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses.
//! - [`steps`] does one thing after another, with the `records`; `status` says what a certificate waits for, or why it
//!   was not issued. The calls are in [`acm`](super::acm) and [`route53`](super::route53).

mod model;
mod plan;
mod records;
mod status;
mod steps;

use aws_sdk_acm::types::CertificateDetail;
use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{CertificateIdentity, CertificateModel};
use super::account::Account;
use super::creation::{self, NEW};
use super::diagnostics::{explain, explained};
use super::tags::{self, Tags};
use super::which_account::InAccount;
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
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: CertificateModel) -> Result<CertificateModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        plan::check_zone(&account, &plan).await?;
        keep(cx, &account, &plan).await?;
        let (arn, is_taken) = steps::make(cx, &account, &plan).await?;
        let mut plan = plan;
        plan.arn = arn.parse::<Text<Arn>>().ok().into();
        cx.checkpoint(&plan);
        steps::prove(cx, &account, &mut plan, is_taken).await?;
        steps::settle(cx, &account, plan, CREATE).await
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
            plan::check_zone(&account, &plan).await?;
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
        steps::prove(cx, &account, &mut plan, false).await?;
        if let Some(zone) = prior
            .hosted_zone_id
            .as_ref()
            .filter(|zone| plan.hosted_zone_id.as_ref() != Some(*zone))
        {
            let left = steps::ours(&prior, &private);
            records::remove(&account, zone, &left, prior.arn()).await?;
        }
        steps::settle(cx, &account, plan, UPDATE).await
    }

    async fn delete(&self, cx: &Context<Self>, state: CertificateModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        steps::wait_until_unused(cx, &account, state.arn()).await?;
        if let Some(zone) = &state.hosted_zone_id {
            records::remove(&account, zone, &steps::ours(&state, &private), state.arn()).await?;
        }
        steps::delete(cx, &account, state.arn()).await
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
        let (zone, records) = records::zone_of(&account, &model).await?;
        model.hosted_zone_id = zone;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
            tag_keys: wanted_tags(&account, &model).into_keys().collect(),
            records,
        })?;
        Ok(model)
    }
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
    if creation::is_new(tags) {
        let keys = [NEW.to_owned()];
        let unmarked = account.set_certificate_tags(arn, tags, &Tags::new(), &keys).await;
        creation::noted("certificate", unmarked);
    }
}

fn wanted_tags(account: &Account, model: &CertificateModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
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
