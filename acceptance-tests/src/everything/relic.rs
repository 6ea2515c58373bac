//! `everything_relic`: what there was before racks: a resource with a history, which others take over.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Resource, Upgrade};
use tf_framework::{Attr, ImportBy, Model, NoIdentity};

use super::remote::{Object, Remote};

/// A relic.
#[derive(Model)]
#[tf(version = 2)]
pub struct RelicModel {
    /// Its name, from which its id follows.
    #[tf(replace)]
    pub(super) name: String,
    /// What it says.
    text: Option<String>,
    /// Its parts.
    #[tf(block)]
    part: Vec<RelicPartModel>,
    /// Its id.
    #[tf(keep)]
    id: Attr<String>,
}

/// A part of a relic.
#[derive(Model)]
pub struct RelicPartModel {
    /// What it is.
    name: String,
}

/// A relic as the first release knew it. Frozen.
#[derive(Model)]
struct RelicModelV0 {
    /// Its label, from which its id follows.
    label: String,
    /// What it says, line by line.
    lines: Option<Vec<String>>,
}

/// A relic before its parts were blocks. Frozen.
#[derive(Model)]
#[tf(version = 1)]
struct RelicModelV1 {
    /// Its name, from which its id follows.
    name: String,
    /// What it says.
    text: Option<String>,
    /// What its parts are.
    parts: Option<Vec<String>>,
}

/// The resource.
pub struct Relic;

impl Resource for Relic {
    type Model = RelicModel;
    type Clients = Remote;
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "everything_relic";

    async fn create(&self, cx: &Context<Self>, mut plan: RelicModel) -> Result<RelicModel, Diagnostics> {
        plan.id = Attr::Known(id_of(&plan.name));
        plan.put(cx.clients())?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, state: RelicModel) -> Result<Option<RelicModel>, Diagnostics> {
        let object = cx.clients().find(&id_of(&state.name))?;
        Ok(object.map(|Object { text, .. }| RelicModel { text, ..state }))
    }

    async fn update(&self, cx: &Context<Self>, _: RelicModel, plan: RelicModel) -> Result<RelicModel, Diagnostics> {
        plan.put(cx.clients())?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: RelicModel) -> Result<(), Diagnostics> {
        cx.clients().remove(&id_of(&state.name))
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<RelicModel, Diagnostics> {
        Err(Diagnostics::error(
            "Relics cannot be imported",
            "Nobody makes them any more: import it as a rack.",
        ))
    }

    fn upgrades(&self) -> Vec<Upgrade<RelicModel>> {
        let relic = |name: String, text, parts: Vec<String>| RelicModel {
            id: Attr::Known(id_of(&name)),
            name,
            text,
            part: parts.into_iter().map(|name| RelicPartModel { name }).collect(),
        };
        vec![
            Upgrade::new(move |old: RelicModelV0| {
                let text = old.lines.map(|lines| lines.join("\n"));
                Ok(relic(old.label, text, Vec::new()))
            }),
            Upgrade::new(move |old: RelicModelV1| Ok(relic(old.name, old.text, old.parts.unwrap_or_default()))),
        ]
    }
}

impl RelicModel {
    fn put(&self, remote: &Remote) -> Result<(), Diagnostics> {
        let object = Object {
            text: self.text.clone(),
            ..Object::default()
        };
        remote.put(&id_of(&self.name), &object)
    }
}

fn id_of(name: &str) -> String {
    format!("{name}-id")
}
