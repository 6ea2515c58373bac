//! Brings the cluster to a goal: the one way in which an instance is made and changed, which can be begun again at any
//! point.

use k8s_openapi::jiff::Timestamp;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use crate::cht::instance::apply::database::{Data, Database};
use crate::cht::instance::apply::steps::{self, Change};
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::desired::Desired;
use crate::cht::instance::live::application;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::patience::Patience;
use crate::cht::instance::plan::hosts;
use crate::cht::instance::record::{self, Creation, Stage};
use crate::cht::instance::validate::certificate;
use crate::cht::instance::{InstanceResource, adoption, live};
use crate::kubernetes::{Access, Apply, Found};

/// What the cluster is to be brought to, and how.
pub(in crate::cht::instance) struct Goal<'a> {
    pub(in crate::cht::instance) model: InstanceModel,
    pub(in crate::cht::instance) credentials: &'a Credentials,
    pub(in crate::cht::instance) stage: Stage,
    pub(in crate::cht::instance) creation: &'a Creation,
    pub(in crate::cht::instance) how: Apply,
    pub(in crate::cht::instance) found: Found,
    pub(in crate::cht::instance) patience: Patience,
}

/// Brings the cluster to the goal: applies, waits until CHT serves requests, and fills in what that brought. `save`
/// gets the model whenever more of it exists.
pub(in crate::cht::instance) async fn converge(
    cx: &Context<InstanceResource>,
    access: &Access,
    goal: Goal<'_>,
    save: impl Fn(&InstanceModel) + Send + Sync,
) -> Result<InstanceModel, Diagnostics> {
    let Goal {
        mut model,
        credentials,
        stage,
        creation,
        how,
        found,
        patience,
    } = goal;
    credentials.store(&mut model.couchdb);
    let desired = Desired::new(&model, credentials, stage)?;
    let desired = desired.with_record(&record::object(&model, stage, creation)?);
    let desired = adoption::keep_volumes(&model, desired, &found);
    steps::check_ownership(access, &desired, &found).await?;
    let data = Data::expected(&model, stage, &found);
    // Many instances may be waited for at once, for a long time: none of them holds what it does not need.
    drop(found);
    let change = Change {
        desired: &desired,
        creation,
        database: Database {
            model: &model,
            credentials,
            stage,
            data,
        },
        how,
    };
    steps::apply(cx, access, change, || save(&model)).await?;
    drop(desired);
    let version = steps::wait_until_ready(cx, &model, &patience, || {
        application::client(cx, access, &model, Some(credentials))
    })
    .await?;
    let found = steps::wait_for_address(cx, access, &model).await?;
    live::store(&mut model, &found);
    conclude(access, &model, stage, creation).await?;
    model.live_version = Attr::Known(version);
    model.ready = Attr::Known(true);
    model.drift = Attr::Known(Vec::new());
    Ok(model)
}

/// Remembers that all is done. Last of all: a process that is killed before is continued by the next.
async fn conclude(
    access: &Access,
    model: &InstanceModel,
    stage: Stage,
    creation: &Creation,
) -> Result<(), Diagnostics> {
    let mut ended = creation.clone();
    if stage.is_creation() && !creation.is_saved {
        ended = ended.ended(Timestamp::now());
    }
    let record = record::object(model, Stage::Created, &ended)?;
    steps::remember(access, &model.namespace, record).await
}

/// Checks, before anything is changed, what the plan could not know: its values, or who else would come.
pub(in crate::cht::instance) async fn check_ingress(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    certificate::check_before_apply(model, prior, Timestamp::now())?;
    hosts::check(cx, access, model, prior).await
}
