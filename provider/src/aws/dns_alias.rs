//! `cht_dns_alias`: a name that leads to a load balancer of AWS.
//!
//! API: ChangeResourceRecordSets, ListResourceRecordSets and GetChange of Route 53, DescribeLoadBalancers. In place:
//! where the name leads.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses.
//! - `target` finds the load balancer, `record` says what has to change, [`steps`] changes it. The calls are in
//!   [`route53`](super::route53).
//!
//! Records have no tags. So those that are there are ours only if a state says so, or if they are what is asked for.

mod model;
mod plan;
mod record;
mod steps;
mod target;

use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{DnsAliasIdentity, DnsAliasModel};
use super::import;
use super::which_account::InAccount;
use crate::provider::Clients;

const READ: &str = "Unable to read the DNS alias";
const CREATE: &str = "Unable to create the DNS alias";
const UPDATE: &str = "Unable to update the DNS alias";
const DELETE: &str = "Unable to delete the DNS alias";
const IMPORT: &str = "Unable to import the DNS alias";

/// Manages the alias records of one name.
#[derive(Debug)]
pub struct DnsAliasResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
}

impl Resource for DnsAliasResource {
    type Model = DnsAliasModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = DnsAliasIdentity;

    const TYPE_NAME: &'static str = "cht_dns_alias";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: DnsAliasModel) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        plan::check_zone(&account, &plan).await?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
        })?;
        let goal = target::goal(cx, &account, &plan).await?;
        let change = steps::make(cx, &account, &plan, &goal).await?;
        let made = plan.leading_to(&goal.hostname);
        cx.checkpoint(&made);
        steps::wait_until_known(cx, &account, change, CREATE).await?;
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, state: DnsAliasModel) -> Result<Option<DnsAliasModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let records = steps::look(&account, &state.hosted_zone_id, &state.name, READ).await?;
        let Some(records) = records.filter(|records| !record::is_empty(records)) else {
            return Ok(None);
        };
        let mut drift = record::differences(&records, state.hostname());
        let current = target::current(cx, &state).await?;
        if let Some(current) = current.filter(|current| current != state.hostname()) {
            drift.push(format!("the load balancer is at {current} now"));
        }
        let mut read = state;
        read.drift = Attr::Known(drift);
        Ok(Some(read))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _: DnsAliasModel,
        plan: DnsAliasModel,
    ) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let goal = target::goal(cx, &account, &plan).await?;
        let change = steps::mend(&account, &plan, &goal, UPDATE).await?;
        let made = plan.leading_to(&goal.hostname);
        cx.checkpoint(&made);
        steps::wait_until_known(cx, &account, change, UPDATE).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: DnsAliasModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let change = steps::remove(cx, &account, &state).await?;
        steps::wait_until_known(cx, &account, change, DELETE).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<DnsAliasIdentity>) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let (zone, name) = match by {
            ImportBy::Id(id) => import::parts(&id, '/').ok_or_else(|| nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.hosted_zone_id, identity.name),
        };
        let records = steps::look(&account, &zone, &name, IMPORT).await?;
        let hostname = records.and_then(|records| record::hostname(&records));
        let hostname = hostname.ok_or_else(|| nothing_there(&format!("{zone}/{name}")))?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
        })?;
        Ok(DnsAliasModel::imported(zone, name, &hostname))
    }
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no alias `{id}`. The id is that of the hosted zone, a slash, and the name, such as \
         `Z0123456789ABCDEFGHIJ/siaya.moh.example.org`."
    );
    Diagnostics::error("No DNS alias to import", detail)
}
