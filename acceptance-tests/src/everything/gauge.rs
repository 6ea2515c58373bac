//! `everything_gauge`: what [`super::thing`] and [`super::rack`] lack: every other option, rules about several
//! attributes, types with a meaning and bounds, a plan that is shaped, warned about or deferred, and an identity with a
//! history.
//!
//! Nothing in it depends on a clock or on chance, so that two runs with the same configurations end in the same states.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;
use tf_framework::context::Context;
use tf_framework::custom_types::{Arn, Cidr, IgnoringCase, Json, Quantity, Text, Timestamp};
use tf_framework::diagnostics::{Deferral, Diagnostic, Diagnostics};
use tf_framework::identity::IdentityOf;
use tf_framework::model::Sensitive;
use tf_framework::resource::{Draft, Plan, Resource, Upgrade};
use tf_framework::schema::Validator;
use tf_framework::value::Value;
use tf_framework::{Attr, Identity, ImportBy, Model, Timeouts, WriteOnly};

use super::remote::{Object, Remote};
use super::thing::decide;

/// What a gauge costs for each unit of its tally.
const UNIT_PRICE: i64 = 12;

/// A gauge.
#[derive(Model)]
#[tf(
    exactly_one_of(liters, kilograms),
    at_most_one_of(north, south),
    at_least_one_of(offset, share),
    required_together(low, high),
    timeouts(update = "5m")
)]
pub struct GaugeModel {
    /// Its name, from which its id follows.
    #[tf(replace, validate(Validator::length(1..=40)))]
    name: String,
    /// What it says; may be changed in the remote.
    #[tf(conflicts_with(old_text))]
    text: Option<String>,
    /// What it said once.
    #[tf(deprecated = "Use `text`.")]
    old_text: Option<String>,
    /// How much fits in.
    liters: Option<f64>,
    /// How heavy it may be.
    kilograms: Option<f32>,
    /// Its northern mark.
    north: Option<Text<Quantity>>,
    /// Its southern mark.
    south: Option<Text<Quantity>>,
    /// What is added to what it measures.
    offset: Option<i64>,
    /// What it is multiplied by.
    share: Option<f32>,
    /// The least that it measures.
    low: Option<i32>,
    /// The greatest that it measures.
    high: Option<i32>,
    /// How many there are.
    #[tf(default = 1, validate(Validator::at_most(1000)))]
    tally: u32,
    /// Where it answers.
    #[tf(requires(host))]
    port: Option<u16>,
    /// The host that it is at.
    host: Option<Text<IpAddr>>,
    /// How much it has measured.
    total: Option<u64>,
    /// Where it is reached from.
    network: Option<Text<Cidr>>,
    /// How often it measures.
    every: Option<Text<Duration>>,
    /// Since when it measures.
    since: Option<Text<Timestamp>>,
    /// What is known of it.
    document: Option<Text<Json>>,
    /// Whose it is.
    owner: Option<Text<Arn>>,
    /// What it is called, in upper or lower case.
    label: Option<Text<IgnoringCase>>,
    /// A code that is stored.
    #[tf(prefer_write_only(pin_wo), conflicts_with(pin_wo))]
    pin: Option<SecretString>,
    /// The same, not stored.
    #[tf(requires(pin_wo_version))]
    pin_wo: WriteOnly<SecretString>,
    /// What opens it: always given, never stored.
    #[tf(required)]
    key: WriteOnly<Sensitive<u32>>,
    /// What its seal says.
    seal: Option<Sensitive<u32>>,
    /// Its mark.
    #[tf(validate(Validator::matches("[a-z]+(-[a-z]+)*|A", "words such as `a-b`")))]
    mark: Option<String>,
    /// Counts the codes that are not stored.
    pin_wo_version: Option<u32>,
    /// Parts that differ in what they mean.
    probes: Option<BTreeSet<ProbeModel>>,
    /// Parts in an order.
    #[tf(block)]
    sensor: Vec<SensorModel>,
    /// Whether it is calibrated, and has a serial number from then on.
    calibrated: Option<bool>,
    /// What it is; another one is another gauge, but none is not.
    #[tf(optional, replace_if_configured)]
    design: Attr<String>,
    /// The most that it was ever said to measure.
    #[tf(optional, modify = never_lower)]
    peak: Attr<u32>,
    /// Its serial number; null until it is calibrated.
    #[tf(keep_non_null)]
    serial: Attr<String>,
    /// What it costs.
    price: Attr<i64>,
    /// Its id.
    #[tf(keep)]
    id: Attr<String>,
    /// How often it was changed.
    revision: Attr<i64>,
    /// How long operations may take.
    timeouts: Timeouts,
}

/// A part with a meaning.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeModel {
    /// How often it measures.
    every: Text<Duration>,
    /// Its code.
    code: Attr<String>,
}

/// A part with rules.
#[derive(Model)]
pub struct SensorModel {
    /// What it measures.
    #[tf(default = "heat", validate(Validator::one_of(["heat", "a", "b"])))]
    kind: String,
    /// Its pin.
    #[tf(exactly_one_of(wire))]
    pin: Option<u16>,
    /// Its wire.
    wire: Option<String>,
    /// A remark, where the gauge has no label.
    #[tf(conflicts_with(super.label))]
    note: Option<String>,
}

/// What names a gauge for good.
#[derive(Identity)]
#[tf(version = 1)]
pub struct GaugeIdentity {
    /// Its id.
    key: String,
}

/// What named a gauge at first. Frozen.
#[derive(Identity)]
struct GaugeIdentityV0 {
    /// Its id.
    id: String,
}

impl IdentityOf<GaugeModel> for GaugeIdentity {
    fn of(gauge: &GaugeModel) -> Option<Self> {
        let key = gauge.id.known()?.clone();
        Some(GaugeIdentity { key })
    }
}

/// The resource.
pub struct Gauge;

impl Resource for Gauge {
    type Model = GaugeModel;
    type Clients = Remote;
    type Identity = GaugeIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "everything_gauge";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let (Some(low), Some(high)) = (config.low.known(), config.high.known())
            && low > high
        {
            let detail = format!("`high` is {high}, which is less than `low`, {low}. Raise one or lower the other.");
            diagnostics.push(Diagnostic::error("Contradictory limits", detail).at(GaugeModel::HIGH));
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        let Some(planned) = plan.planned() else {
            return Ok(());
        };
        if !cx.clients().is_known() {
            let failure = Diagnostics::error("Too early", "What gives access to the remote is not known.");
            return Err(failure.or_defer(Deferral::ProviderConfigUnknown));
        }
        let Some(tally) = planned.tally.into_known() else {
            return Ok(());
        };
        if plan.changed(GaugeModel::TALLY) && tally > 1 {
            cx.warn(Diagnostic::warning("Several gauges", "Each of them has its price.").at(GaugeModel::TALLY));
        }
        plan.set(GaugeModel::PRICE, &price_of(tally));
        Ok(())
    }

    async fn create(&self, cx: &Context<Self>, mut plan: GaugeModel) -> Result<GaugeModel, Diagnostics> {
        plan.id = Attr::Known(format!("{}-id", plan.name));
        plan.settle(cx, 1)?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, mut state: GaugeModel) -> Result<Option<GaugeModel>, Diagnostics> {
        let Some(object) = cx.clients().find(state.id())? else {
            return Ok(None);
        };
        state.text = object.text;
        state.revision = Attr::Known(object.revision);
        // As the remote would spell it.
        state.label = object.zone.as_deref().and_then(|label| label.parse().ok());
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: GaugeModel,
        mut plan: GaugeModel,
    ) -> Result<GaugeModel, Diagnostics> {
        plan.settle(cx, prior.revision.known().map_or(1, |revision| revision + 1))?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: GaugeModel) -> Result<(), Diagnostics> {
        cx.clients().remove(state.id())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<GaugeIdentity>) -> Result<GaugeModel, Diagnostics> {
        Err(Diagnostics::error(
            "Nothing to import",
            "A gauge does not know what it was configured with.",
        ))
    }

    fn identity_upgrades(&self) -> Vec<Upgrade<GaugeIdentity>> {
        vec![Upgrade::new(|old: GaugeIdentityV0| Ok(GaugeIdentity { key: old.id }))]
    }
}

impl GaugeModel {
    fn id(&self) -> &str {
        self.id.known().map_or("", String::as_str)
    }

    /// Writes it to the remote, and fills in what the provider decides.
    fn settle(&mut self, cx: &Context<Gauge>, revision: i64) -> Result<(), Diagnostics> {
        self.revision = Attr::Known(revision);
        decide(&mut self.design, || "standard".to_owned());
        decide(&mut self.peak, || 0);
        let tally = self.tally;
        decide(&mut self.price, || price_of(tally));
        if self.serial.is_unknown() {
            let is_calibrated = self.calibrated == Some(true);
            self.serial = is_calibrated.then(|| format!("serial of {}", self.name)).into();
        }
        if let Some(key) = self.key.get() {
            cx.clients().note(&format!("key {}", key.expose()))?;
        }
        let probes = std::mem::take(&mut self.probes);
        self.probes = probes.map(|probes| {
            let probes = probes.into_iter().map(|mut probe| {
                let code = format!("every {} seconds", probe.every.as_secs());
                decide(&mut probe.code, || code);
                probe
            });
            probes.collect()
        });
        let object = Object {
            text: self.text.clone(),
            zone: self.label.as_ref().map(|label| label.lower_case().to_owned()),
            revision,
            ..Object::default()
        };
        cx.clients().put(self.id(), &object)
    }
}

fn price_of(tally: u32) -> i64 {
    i64::from(tally) * UNIT_PRICE
}

/// What was said once counts, whatever is said later.
fn never_lower(prior: &Value, _: &Value, planned: Value) -> Value {
    match (prior, &planned) {
        (Value::Number(before), Value::Number(now)) if now < before => prior.clone(),
        (Value::Number(_), Value::Unknown(_)) => prior.clone(),
        _ => planned,
    }
}
