//! A provider of things that exist in memory only, and that behave as a test wants.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tf_framework::context::{Context, Scope};
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::identity::IdentityOf;
use tf_framework::provider::{DataSourceEntry, EphemeralResourceEntry, FunctionEntry, Provider, ResourceEntry};
use tf_framework::resource::{Draft, Move, Plan, Resource, Upgrade};
use tf_framework::value::Value;
use tf_framework::{Attr, Identity, ImportBy, Model, Timeouts, WriteOnly};

use crate::ancestors;
use crate::ephemeral::Pass;
use crate::unnamed::Unnamed;
use crate::world::{Step, World};

/// A thing.
#[derive(Model)]
#[tf(version = 2, timeouts(create = "10m", update = "5m"))]
pub(crate) struct ThingModel {
    /// Its name.
    #[tf(replace)]
    pub(crate) name: String,
    /// Its size.
    #[tf(default = 1)]
    pub(crate) size: i64,
    /// Where it is, in whatever spelling.
    #[tf(equal = same_zone)]
    pub(crate) zone: Option<String>,
    /// What protects it.
    pub(crate) passphrase: WriteOnly<SecretString>,
    /// Its id.
    #[tf(keep)]
    pub(crate) id: Attr<String>,
    /// How often it was changed.
    pub(crate) revision: Attr<i64>,
    /// How long operations may take.
    pub(crate) timeouts: Timeouts,
}

fn same_zone(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

/// What names a thing.
#[derive(Identity)]
#[tf(version = 1)]
pub(crate) struct ThingIdentity {
    /// Its id.
    pub(crate) id: String,
    /// The realm that it is in.
    pub(crate) realm: Option<String>,
}

impl IdentityOf<ThingModel> for ThingIdentity {
    fn of(thing: &ThingModel) -> Option<Self> {
        let id = thing.id.known()?.clone();
        assert_ne!(id, "cursed-id");
        let realm = Some("things".to_owned());
        Some(ThingIdentity { id, realm })
    }
}

/// What is kept beside the state.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Private {
    passphrase_length: usize,
}

pub(crate) struct Thing(pub(crate) Arc<World>);

impl Resource for Thing {
    type Model = ThingModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = ThingIdentity;

    const TYPE_NAME: &'static str = "test_thing";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if config.size.known().is_some_and(|size| *size > 100) {
            diagnostics.push(Diagnostic::error("Too large", "It must not be larger than 100.").at("size"));
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        let prior = plan.prior.as_ref().map(|prior| prior.name.clone());
        self.0.log(format!("plan {:?} of {prior:?}", plan.action()));
        if let (Some(_), Ok(private)) = (prior, cx.private()) {
            self.0.log(format!("shape, private {}", private.passphrase_length));
        }
        for step in self.0.steps("plan") {
            match step {
                Step::PlanAnything => {
                    let count = i64::try_from(self.0.log_length()).unwrap();
                    plan.set("revision", &count);
                }
                Step::NotYet(_) if plan.planned().is_some() => {
                    // What was shaped before the deferral is no part of the plan that is made instead.
                    plan.set("revision", &7);
                    self.0.play_simple(cx, step).await?;
                }
                Step::PlanOtherId => {
                    plan.set("id", &"b-id".to_owned());
                    let planned = plan.planned().map(|planned| planned.id);
                    assert_eq!(planned, Some(Attr::Known("b-id".to_owned())));
                }
                Step::Keep(passphrase_length) => cx.set_private(&Private { passphrase_length })?,
                other => self.0.play_simple(cx, other).await?,
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Context<Self>, mut plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        self.0.log("create".to_owned());
        plan.id = Attr::Known(self.0.make(&plan));
        plan.revision = Attr::Known(1);
        let passphrase_length = plan
            .passphrase
            .get()
            .map_or(0, |passphrase| passphrase.expose_secret().len());
        cx.set_private(&Private { passphrase_length })?;
        self.0.play(cx, "create", &mut plan).await?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, mut state: ThingModel) -> Result<Option<ThingModel>, Diagnostics> {
        self.0.log(format!("read, private {}", cx.private()?.passphrase_length));
        self.0.play(cx, "read", &mut state).await?;
        let Some((name, size)) = state.id.known().and_then(|id| self.0.find(id)) else {
            return Ok(None);
        };
        let zone = state.zone.map(|zone| zone.to_lowercase());
        Ok(Some(ThingModel {
            name,
            size,
            zone,
            ..state
        }))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: ThingModel,
        mut plan: ThingModel,
    ) -> Result<ThingModel, Diagnostics> {
        self.0
            .log(format!("update, private {}", cx.private()?.passphrase_length));
        self.0.make(&plan);
        plan.revision = prior.revision.known().map(|revision| revision + 1).into();
        self.0.play(cx, "update", &mut plan).await?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, mut state: ThingModel) -> Result<(), Diagnostics> {
        self.0
            .log(format!("delete, private {}", cx.private()?.passphrase_length));
        self.0.play(cx, "delete", &mut state).await?;
        if let Some(id) = state.id.known() {
            self.0.remove(id);
        }
        Ok(())
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<ThingIdentity>) -> Result<ThingModel, Diagnostics> {
        let id = match by {
            ImportBy::Id(id) => id,
            ImportBy::Identity(identity) => identity.id,
        };
        let (name, size) = self
            .0
            .find(&id)
            .ok_or_else(|| Diagnostics::error("No such thing", "The id is `<name>-id`."))?;
        let mut found = ThingModel {
            name,
            size,
            zone: None,
            passphrase: WriteOnly::default(),
            id: Attr::Known(id),
            revision: Attr::Unknown,
            timeouts: Timeouts::default(),
        };
        self.0.play(cx, "import", &mut found).await?;
        Ok(found)
    }

    fn upgrades(&self) -> Vec<Upgrade<ThingModel>> {
        ancestors::upgrades()
    }

    fn identity_upgrades(&self) -> Vec<Upgrade<ThingIdentity>> {
        ancestors::identity_upgrades()
    }

    fn moves(&self) -> Vec<Move<Self>> {
        ancestors::moves()
    }
}

/// A look-up of a thing.
#[derive(Model)]
pub(crate) struct LookUpModel {
    /// Its name.
    name: String,
    /// Its size.
    size: Attr<i64>,
}

struct LookUp(Arc<World>);

impl DataSource for LookUp {
    type Model = LookUpModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "test_thing";

    async fn read(&self, scope: &Scope<Clients>, mut config: LookUpModel) -> Result<LookUpModel, Diagnostics> {
        for step in self.0.steps("look up") {
            self.0.play_simple(scope, step).await?;
        }
        if config.name != "undecided" {
            let id = format!("{}-id", config.name);
            config.size = self.0.find(&id).map(|(_, size)| size).into();
        } else {
            config.size = Attr::Unknown;
        }
        Ok(config)
    }
}

/// The test's provider.
#[derive(Model)]
pub(crate) struct ProviderModel {
    /// Where things are.
    endpoint: Option<String>,
    /// What gives access to it.
    token: Option<SecretString>,
}

pub(crate) struct Clients;

pub(crate) struct Things(pub(crate) Arc<World>);

impl Provider for Things {
    type Model = ProviderModel;
    type Clients = Clients;

    const NAME: &'static str = "test";
    const ADDRESS: &'static str = "registry.opentofu.org/medic/test";

    async fn configure(&self, config: ProviderModelDraft) -> Result<Clients, Diagnostics> {
        self.0.log(match config.endpoint {
            Attr::Unknown => "configure for later".to_owned(),
            Attr::Null => "configure".to_owned(),
            Attr::Known(endpoint) => format!("configure for {endpoint}"),
        });
        if config
            .token
            .known()
            .is_some_and(|token| token.expose_secret().is_empty())
        {
            return Err(Diagnostics::error("Unable to use the token", "It is empty."));
        }
        if let Some(Step::NotYet(reason)) = self.0.steps("configure").first() {
            return Err(Diagnostics::error("No endpoint yet", "Its address is not known.").or_defer(*reason));
        }
        Ok(Clients)
    }

    async fn close(&self, _: &Clients) {
        self.0.log("close".to_owned());
    }

    fn resources(&self) -> Vec<ResourceEntry<Clients>> {
        vec![
            ResourceEntry::new(Thing(Arc::clone(&self.0))),
            ResourceEntry::new(Unnamed),
        ]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Clients>> {
        vec![DataSourceEntry::new(LookUp(Arc::clone(&self.0)))]
    }

    fn ephemeral_resources(&self) -> Vec<EphemeralResourceEntry<Clients>> {
        vec![EphemeralResourceEntry::new(Pass(Arc::clone(&self.0)))]
    }

    fn functions(&self) -> Vec<FunctionEntry> {
        crate::functions::all()
    }
}
