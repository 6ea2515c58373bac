//! `cht_vpc`: a network as EKS needs it.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses, `zones` in which zones it is.
//! - Pure are `layout` (what it consists of), `marks` (its tags) and `drift` (what differs).
//! - `live` reads it, [`steps`] brings it to what is wanted; `removal` takes it away, after `leftovers` of clusters.
//!
//! The memory is in AWS: each part has a tag with its name, by which it is found again. The VPC has one that says that
//! no state is known to have it yet; as long as that is there, a creation that was killed is continued by the next one.
//!
//! API: CreateVpc, CreateSubnet, CreateInternetGateway, CreateNatGateway, CreateRouteTable, CreateVpcEndpoint and what
//! belongs to them. In place: everything but the addresses of the network.

mod drift;
mod layout;
mod leftovers;
mod live;
mod marks;
mod model;
mod plan;
mod removal;
mod steps;
#[cfg(test)]
mod tests;
mod zones;

use aws_sdk_ec2::types::Vpc;
use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan, Resource};

use self::live::{Live, Part as _};
use self::model::{VpcIdentity, VpcModel};
use self::steps::Work;
use super::account::Account;
use super::creation::{self, NEW};
use super::diagnostics::explained;
use super::ec2::{by_key, filter};
use super::kept::Kept;
use super::which_account::InAccount;
use crate::provider::Clients;

const READ: &str = "Unable to read the network";

/// Manages one network.
#[derive(Debug)]
pub struct VpcResource;

impl Resource for VpcResource {
    type Model = VpcModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = VpcIdentity;

    const TYPE_NAME: &'static str = "cht_vpc";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan)?;
        plan::try_zones(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: VpcModel) -> Result<VpcModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let found = adoptable(&account, &plan).await?;
        let has = match &found {
            Some(vpc) => live_of(&account, vpc.id()).await?.map(|live| live.zones()),
            None => None,
        };
        let zones = zones::choose(&account, &plan, &has.unwrap_or_default()).await?;
        converge(cx, &account, plan.in_zones(zones), found).await
    }

    async fn read(&self, cx: &Context<Self>, state: VpcModel) -> Result<Option<VpcModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let Some(live) = live_of(&account, state.vpc_id()?).await? else {
            return Ok(None);
        };
        note_saved(&account, &live).await;
        let drift = drift::differences(&state, &live, &account.default_tags());
        let mut read = state.observed(&live);
        read.drift = tf_framework::Attr::Known(drift);
        Ok(Some(read))
    }

    async fn update(&self, cx: &Context<Self>, prior: VpcModel, plan: VpcModel) -> Result<VpcModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let live = live_of(&account, prior.vpc_id()?).await?.ok_or_else(|| gone(&prior))?;
        let has = prior.availability_zones.known().cloned().unwrap_or_default();
        let plan = match plan.availability_zones.known().cloned() {
            Some(zones) => plan.in_zones(zones),
            None => {
                let zones = zones::choose(&account, &plan, &has).await?;
                plan.in_zones(zones)
            }
        };
        let made = converge(cx, &account, plan, Some(live.vpc)).await?;
        keep(cx, &account, &made).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: VpcModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let Some(mut live) = live_of(&account, state.vpc_id()?).await? else {
            return Ok(());
        };
        let layout = state.layout().unwrap_or_default();
        let work = Work {
            cx,
            account: &account,
            model: &state,
            layout: &layout,
            defaults: &account.default_tags(),
            own_keys: &private.tag_keys,
        };
        removal::remove(&work, &mut live).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<VpcIdentity>) -> Result<VpcModel, Diagnostics> {
        let (ImportBy::Id(id) | ImportBy::Identity(VpcIdentity { id })) = by;
        let account = Clients::aws(cx).await?;
        let live = live_of(&account, &id).await?.ok_or_else(|| {
            let detail = format!(
                "{} has no VPC `{id}`. The id is like `vpc-0a1b2c3d4e5f60718`.",
                account.region()
            );
            Diagnostics::error("No network to import", detail)
        })?;
        let model = VpcModel::imported(&live, &account.default_tags()).ok_or_else(|| foreign(&id))?;
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

/// Brings a network to what is wanted, from nothing or from what there is.
async fn converge(
    cx: &Context<VpcResource>,
    account: &Account,
    model: VpcModel,
    found: Option<Vpc>,
) -> Result<VpcModel, Diagnostics> {
    let layout = model.layout().unwrap_or_default();
    let private = cx.private()?;
    let work = Work {
        cx,
        account,
        model: &model,
        layout: &layout,
        defaults: &account.default_tags(),
        own_keys: &private.tag_keys,
    };
    let mut live = match found {
        Some(vpc) => live_of(account, vpc.id()).await?.unwrap_or_else(|| Live::of(vpc)),
        None => work.make_vpc().await?,
    };
    work.save(&live);
    work.converge(&mut live).await?;
    let mut made = model.clone().observed(&live);
    made.drift = tf_framework::Attr::Known(Vec::new());
    Ok(made)
}

/// The VPC of this name that a creation has left which was killed before its state was saved.
///
/// # Errors
/// There is one of this name that a state has, or more than one.
async fn adoptable(account: &Account, model: &VpcModel) -> Result<Option<Vpc>, Diagnostics> {
    let of_name = filter(format!("tag:{}", marks::NETWORK), [model.name.as_str()]);
    let mut found = account.vpcs(vec![of_name]).await.map_err(explained(READ))?;
    let ids = || found.iter().map(Vpc::id).collect::<Vec<_>>().join(", ");
    let is_new = found.iter().all(|vpc| creation::is_new(&by_key(vpc.tags())));
    let is_same = found
        .iter()
        .all(|vpc| vpc.cidr_block() == Some(model.cidr_block.as_str()));
    if found.len() > 1 || !is_new || !is_same {
        let detail = format!(
            "The account has a network `{}` in {} that this state does not know: {}. If it is the one that is meant, import it by that id. \
             Otherwise choose another name.",
            model.name,
            account.region(),
            ids()
        );
        return Err(Diagnostic::error("Network exists already", detail)
            .at(VpcModel::NAME)
            .into());
    }
    Ok(found.pop())
}

async fn live_of(account: &Account, id: &str) -> Result<Option<Live>, Diagnostics> {
    Live::read(account, id).await.map_err(explained(READ))
}

/// A state has the network now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, live: &Live) {
    if creation::is_new(&by_key(live.vpc.tags())) {
        let unmarked = account.delete_ec2_tags(live.vpc.id(), vec![NEW.to_owned()]).await;
        creation::noted("network", unmarked);
    }
}

async fn keep(cx: &Context<VpcResource>, account: &Account, model: &VpcModel) -> Result<(), Diagnostics> {
    cx.set_private(&Kept {
        in_account: InAccount::of(account).await?,
        tag_keys: marks::own_keys(model, &account.default_tags()),
    })
}

fn gone(prior: &VpcModel) -> Diagnostics {
    let id = prior.id.known().map(String::as_str).unwrap_or_default();
    let detail = format!("Somebody has removed {id} since the plan. Plan again.");
    Diagnostics::error("Network is gone", detail)
}

fn foreign(id: &str) -> Diagnostics {
    let detail = format!(
        "`{id}` was not made by `cht_vpc`: it lacks the tags by which its parts are known. Give its subnets to what needs them by their ids; \
         a network of somebody else is not managed."
    );
    Diagnostics::error("Network of somebody else", detail)
}
