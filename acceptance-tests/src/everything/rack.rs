//! `everything_rack`: what [`super::thing`] lacks: blocks, values of any type, types with a meaning, an identity, and
//! objects that were of another type before.
//!
//! Nothing in it depends on a clock or on chance, so that two runs with the same configurations end in the same states.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tf_framework::context::Context;
use tf_framework::custom_types::{IgnoringCase, Text};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::identity::IdentityOf;
use tf_framework::model::{Dynamic, Sensitive};
use tf_framework::resource::{Move, Resource};
use tf_framework::value::{Number, Value};
use tf_framework::{Attr, Identity, ImportBy, Model, WriteOnly};

use super::relic::RelicModel;
use super::remote::{Object, Remote};
use super::thing::decide;

/// A rack.
#[derive(Model)]
pub struct RackModel {
    /// Its name, from which its id follows.
    #[tf(replace)]
    name: String,
    /// What it says; may be changed in the remote.
    text: Option<String>,
    /// Where it is, in upper or lower case; the remote spells it in lower case.
    place: Option<Text<IgnoringCase>>,
    /// Marks, in upper or lower case.
    marks: Option<Vec<Text<IgnoringCase>>>,
    /// A secret that is not stored.
    password: WriteOnly<SecretString>,
    /// Whatever it is said to be.
    about: Option<Dynamic>,
    /// What it is used for: what the configuration says, or else the provider.
    #[tf(optional)]
    purpose: Attr<Dynamic>,
    /// What it says of itself.
    status: Attr<Dynamic>,
    /// Who may open it: whom the configuration says, or else the provider. Beside it are computed attributes.
    #[tf(optional, keep)]
    groups: Attr<BTreeSet<GroupModel>>,
    /// Its network.
    #[tf(block)]
    network: Option<NetworkModel>,
    /// Its disks.
    #[tf(block(max_items = 3))]
    disk: Vec<DiskModel>,
    /// Its rules.
    #[tf(block)]
    rule: BTreeSet<RuleModel>,
    /// Its id.
    #[tf(keep)]
    id: Attr<String>,
}

/// Who may open a rack.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupModel {
    /// The name.
    name: Option<String>,
}

/// A network.
#[derive(Model)]
pub struct NetworkModel {
    /// Its address.
    address: String,
    /// Has a default.
    #[tf(default = "a")]
    mode: String,
    /// The ways out of it.
    #[tf(block)]
    route: Vec<RouteModel>,
    /// Its code.
    code: Attr<String>,
}

/// A way out of a network.
#[derive(Model)]
pub struct RouteModel {
    /// Where to.
    to: String,
    /// Its cost.
    #[tf(optional)]
    cost: Attr<Number>,
}

/// A disk.
#[derive(Model)]
pub struct DiskModel {
    /// Its size.
    size: Number,
    /// Has a default.
    #[tf(default = "a")]
    kind: String,
    /// Its label, of any type; that of another disk may be of another one.
    label: Option<Dynamic>,
    /// Where it is seen.
    #[tf(block)]
    mount: BTreeSet<MountModel>,
    /// Its serial number.
    #[tf(keep)]
    serial: Attr<String>,
}

/// Where a disk is seen.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountModel {
    /// The path.
    path: String,
    /// Has a default.
    #[tf(default = "usual")]
    mode: String,
}

/// A rule.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleModel {
    /// Its key.
    key: String,
    /// Has a default.
    #[tf(default = "usual")]
    mode: String,
    /// What it knows; beside it is another default.
    #[tf(default = Value::set([]))]
    secrets: Sensitive<BTreeSet<SecretModel>>,
    /// Its code.
    code: Attr<String>,
}

/// What a rule knows.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretModel {
    /// The value.
    value: String,
}

/// What names a rack for good.
#[derive(Identity)]
pub struct RackIdentity {
    /// Its id.
    id: String,
    /// Where it is kept: in the remote of the provider if it is not said.
    remote: Option<String>,
}

impl IdentityOf<RackModel> for RackIdentity {
    fn of(rack: &RackModel) -> Option<Self> {
        let id = rack.id.known()?.clone();
        let remote = Some("files".to_owned());
        Some(RackIdentity { id, remote })
    }
}

/// The resource.
pub struct Rack;

impl Resource for Rack {
    type Model = RackModel;
    type Clients = Remote;
    type Identity = RackIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "everything_rack";

    async fn create(&self, cx: &Context<Self>, mut plan: RackModel) -> Result<RackModel, Diagnostics> {
        plan.id = Attr::Known(format!("{}-id", plan.name));
        plan.settle(cx, 1)?;
        Ok(plan)
    }

    async fn read(&self, cx: &Context<Self>, mut state: RackModel) -> Result<Option<RackModel>, Diagnostics> {
        let Some(object) = cx.clients().find(state.id())? else {
            return Ok(None);
        };
        state.text = object.text;
        state.place = object.zone.as_deref().and_then(|place| place.parse().ok());
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: RackModel,
        mut plan: RackModel,
    ) -> Result<RackModel, Diagnostics> {
        let object = cx.clients().find(prior.id())?.unwrap_or_default();
        plan.settle(cx, object.revision + 1)?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Context<Self>, state: RackModel) -> Result<(), Diagnostics> {
        cx.clients().remove(state.id())
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<RackIdentity>) -> Result<RackModel, Diagnostics> {
        let id = match by {
            ImportBy::Id(id) => id,
            ImportBy::Identity(identity) => identity.id,
        };
        let name = id.strip_suffix("-id").map(str::to_owned);
        match (name, cx.clients().find(&id)?) {
            (Some(name), Some(object)) => Ok(RackModel {
                disk: object.disks.iter().filter_map(|size| DiskModel::found(size)).collect(),
                ..RackModel::found(name, id)
            }),
            _ => Err(Diagnostics::error("No such rack", "The id is `<name>-id`.")),
        }
    }

    fn moves(&self) -> Vec<Move<Self>> {
        let way = |relic: RelicModel| {
            let id = format!("{}-id", relic.name);
            Ok(RackModel::found(relic.name, id))
        };
        // The first release called the name a label.
        vec![Move::new("medic/everything", "everything_relic", way).versions(1..=2)]
    }
}

impl RackModel {
    /// A rack of which nothing is known but that it is there.
    fn found(name: String, id: String) -> Self {
        RackModel {
            name,
            text: None,
            place: None,
            marks: None,
            password: WriteOnly::default(),
            about: None,
            purpose: Attr::Null,
            status: Attr::Null,
            groups: Attr::Null,
            network: None,
            disk: Vec::new(),
            rule: BTreeSet::new(),
            id: Attr::Known(id),
        }
    }

    fn id(&self) -> &str {
        self.id.known().map_or("", String::as_str)
    }

    /// Writes it to the remote, and fills in what the provider decides.
    fn settle(&mut self, cx: &Context<Rack>, revision: i64) -> Result<(), Diagnostics> {
        let status = json!({ "disks": self.disk.len(), "rules": [self.rule.len()] });
        self.status = Dynamic::from_json(&status).into();
        decide(&mut self.purpose, || "storage".into());
        decide(&mut self.groups, || {
            let name = Some("operators".to_owned());
            BTreeSet::from([GroupModel { name }])
        });
        if let Some(network) = &mut self.network {
            let code = format!("{}-{}", network.mode, network.address);
            decide(&mut network.code, || code);
            for route in &mut network.route {
                decide(&mut route.cost, || 1.into());
            }
        }
        for disk in &mut self.disk {
            let serial = serial_of(&disk.size);
            decide(&mut disk.serial, || serial);
        }
        let rules = std::mem::take(&mut self.rule).into_iter().map(|mut rule| {
            let code = format!("{}-{}", rule.mode, rule.key);
            decide(&mut rule.code, || code);
            rule
        });
        self.rule = rules.collect();
        if let Some(password) = self.password.get() {
            cx.clients().note(&format!("password {}", password.expose_secret()))?;
        }
        let object = Object {
            text: self.text.clone(),
            zone: self.place.as_ref().map(|place| place.lower_case().to_owned()),
            disks: self.disk.iter().map(|disk| disk.size.to_string()).collect(),
            revision,
        };
        cx.clients().put(self.id(), &object)
    }
}

impl DiskModel {
    /// A disk of which nothing is known but how large it is; none if that is no number.
    fn found(size: &str) -> Option<Self> {
        let size: Number = size.parse().ok()?;
        Some(DiskModel {
            serial: Attr::Known(serial_of(&size)),
            size,
            kind: "a".to_owned(),
            label: None,
            mount: BTreeSet::new(),
        })
    }
}

fn serial_of(size: &Number) -> String {
    format!("serial-{size}")
}
