//! `everything_thing`: what an author would write, with what most resources need of the framework.
//!
//! Nothing in it depends on a clock or on chance, so that two runs with the same configurations end in the same states.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Resource, Upgrade};
use tf_framework::value::{Number, Value};
use tf_framework::{Attr, ImportBy, Model, NoIdentity, Timeouts, WriteOnly};

use super::remote::{Object, Remote};

/// A thing.
#[derive(Model)]
#[tf(version = 2, timeouts(create = "10m"))]
pub struct ThingModel {
    /// Its name, from which its id follows.
    #[tf(replace)]
    name: String,
    /// What it says; may be changed in the remote.
    text: Option<String>,
    /// A flag.
    flag: Option<bool>,
    /// A number of any size.
    amount: Option<Number>,
    /// A list.
    list: Option<Vec<String>>,
    /// A set.
    set: Option<BTreeSet<String>>,
    /// A map.
    map: Option<BTreeMap<String, Number>>,
    /// Has a default.
    #[tf(default = "plain")]
    flavor: String,
    /// Where it is, in whatever spelling.
    #[tf(equal = same_zone)]
    zone: Option<String>,
    /// How much it holds; it cannot shrink.
    #[tf(replace_if = shrinks)]
    capacity: Option<Number>,
    /// A secret that is stored.
    secret: Option<SecretString>,
    /// A secret that is not.
    password: WriteOnly<SecretString>,
    /// How long the password is.
    password_length: Attr<i64>,
    /// Decided by the configuration or the provider.
    #[tf(optional)]
    label: Attr<String>,
    /// One part.
    single: Option<PartModel>,
    /// Parts in an order.
    parts: Option<Vec<PartModel>>,
    /// Parts that differ.
    tags: Option<BTreeSet<TagModel>>,
    /// Parts by name.
    named: Option<BTreeMap<String, PartModel>>,
    /// The operation that fails: `create`, `update` or `delete`.
    fail: Option<String>,
    /// Its id.
    #[tf(keep)]
    id: Attr<String>,
    /// Its address.
    #[tf(depends_on(zone))]
    address: Attr<String>,
    /// How often it was changed.
    revision: Attr<i64>,
    /// How long operations may take.
    timeouts: Timeouts,
}

/// A part of a thing.
#[derive(Model)]
pub struct PartModel {
    /// Its size.
    size: Number,
    /// Has a default.
    #[tf(default = "usual")]
    mode: String,
    /// A remark.
    note: Option<String>,
    /// Its code.
    code: Attr<String>,
}

/// A tag of a thing.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagModel {
    /// Its key.
    key: String,
    /// Its value.
    value: Option<String>,
}

/// What is kept beside the state.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ThingPrivate {
    password_length: i64,
}

/// The resource.
pub struct Thing;

impl Resource for Thing {
    type Model = ThingModel;
    type Clients = Remote;
    type Identity = NoIdentity;
    type Private = ThingPrivate;

    const TYPE_NAME: &'static str = "everything_thing";

    async fn create(&self, cx: &Context<Self>, mut plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        plan.id = Attr::Known(format!("{}-id", plan.name));
        plan.settle(cx, 1)?;
        cx.checkpoint(&plan);
        plan.unless_failing("create")?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, mut state: ThingModel) -> Result<Option<ThingModel>, Diagnostics> {
        let id = state.id.known().map_or("", String::as_str);
        let Some(object) = cx.clients().find(id)? else {
            return Ok(None);
        };
        state.text = object.text;
        state.zone = object.zone;
        state.revision = Attr::Known(object.revision);
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: ThingModel,
        mut plan: ThingModel,
    ) -> Result<ThingModel, Diagnostics> {
        plan.unless_failing("update")?;
        plan.settle(cx, prior.revision.known().map_or(1, |revision| revision + 1))?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: ThingModel) -> Result<(), Diagnostics> {
        state.unless_failing("delete")?;
        cx.clients().remove(state.id.known().map_or("", String::as_str))
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<ThingModel, Diagnostics> {
        let ImportBy::Id(id) = by;
        let name = id
            .strip_suffix("-id")
            .filter(|_| matches!(cx.clients().find(&id), Ok(Some(_))));
        let name = name.ok_or_else(|| Diagnostics::error("No such thing", "The id is `<name>-id`."))?;
        Ok(ThingModel {
            name: name.to_owned(),
            text: None,
            flag: None,
            amount: None,
            list: None,
            set: None,
            map: None,
            flavor: "plain".to_owned(),
            zone: None,
            capacity: None,
            secret: None,
            password: WriteOnly::default(),
            password_length: Attr::Null,
            label: Attr::Null,
            single: None,
            parts: None,
            tags: None,
            named: None,
            fail: None,
            id: Attr::Known(id.to_owned()),
            address: Attr::Null,
            revision: Attr::Null,
            timeouts: Timeouts::default(),
        })
    }

    fn upgrades(&self) -> Vec<Upgrade<ThingModel>> {
        vec![
            Upgrade::refused(0, "Version 0 was never released."),
            // Version 1 called the text a message.
            Upgrade::raw(1, |stored| {
                let text = stored.attribute("message")?;
                Ok(ThingModel { text, ..stored.read()? })
            }),
        ]
    }
}

impl ThingModel {
    /// Writes it to the remote, and fills in what the provider decides.
    fn settle(&mut self, cx: &Context<Thing>, revision: i64) -> Result<(), Diagnostics> {
        let length = |secret: &SecretString| i64::try_from(secret.expose_secret().len()).unwrap_or(i64::MAX);
        let password_length = self.password.get().map_or(0, length);
        cx.set_private(&ThingPrivate { password_length })?;
        self.password_length = Attr::Known(password_length);
        self.revision = Attr::Known(revision);
        decide(&mut self.label, || format!("{} of {}", self.flavor, self.name));
        decide(&mut self.address, || {
            format!(
                "{}.{}",
                self.name,
                self.zone.as_deref().unwrap_or("nowhere").to_lowercase()
            )
        });
        let listed = self.parts.iter_mut().flatten();
        let named = self.named.iter_mut().flat_map(BTreeMap::values_mut);
        for part in self.single.iter_mut().chain(listed).chain(named) {
            decide(&mut part.code, || format!("{}-{}", part.mode, part.size));
        }
        let object = Object {
            text: self.text.clone(),
            zone: self.zone.as_deref().map(str::to_lowercase),
            revision,
            ..Object::default()
        };
        cx.clients().put(self.id.known().map_or("", String::as_str), &object)
    }

    fn unless_failing(&self, operation: &str) -> Result<(), Diagnostics> {
        if self.fail.as_deref() == Some(operation) {
            let summary = format!("Unable to {operation} thing");
            return Err(Diagnostics::error(summary, "The configuration wants it to fail."));
        }
        Ok(())
    }
}

/// Gives a computed attribute a value if the plan has none.
pub(super) fn decide<T>(attribute: &mut Attr<T>, value: impl FnOnce() -> T) {
    if attribute.is_unknown() {
        *attribute = Attr::Known(value());
    }
}

fn same_zone(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

fn shrinks(prior: &Value, planned: &Value) -> bool {
    match (prior, planned) {
        (Value::Number(prior), Value::Number(planned)) => planned < prior,
        _ => false,
    }
}
