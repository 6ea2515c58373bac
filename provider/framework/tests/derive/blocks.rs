//! Blocks and dynamic values in models, and a life of a resource that has them.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::{Attr, AttributeType, Dynamic, Empty, FromValue, ToValue};
use tf_framework::provider::{Provider, ResourceEntry};
use tf_framework::resource::{Move, Resource, Upgrade};
use tf_framework::schema::{Block, Kind, Nesting, Presence};
use tf_framework::testing::{ChangeAction, Core, Source, UNKNOWN};
use tf_framework::value::Value;
use tf_framework::{ImportBy, Model, NoIdentity};

use crate::Taint;

/// A rack.
#[derive(Model, Debug)]
#[tf(version = 1)]
struct Rack {
    /// Its name.
    name: String,
    /// Its disks.
    #[tf(block(min_items = 1, max_items = 3))]
    disk: Vec<Disk>,
    /// Its taints.
    #[tf(block)]
    taint: BTreeSet<Taint>,
    /// Its network.
    #[tf(block)]
    network: Option<Network>,
    /// Whatever it is said to be.
    about: Option<Dynamic>,
    /// What it says of itself.
    status: Attr<Dynamic>,
}

/// A disk.
#[derive(Model, Debug)]
struct Disk {
    /// Its size.
    size: i64,
    /// Its kind.
    #[tf(default = "ssd")]
    kind: String,
    /// Its serial number.
    #[tf(keep)]
    serial: Attr<String>,
    /// Its label, of any type.
    label: Option<Dynamic>,
}

/// A network.
#[derive(Model, Debug)]
struct Network {
    /// Its address.
    address: String,
    /// Its routes.
    #[tf(block)]
    route: Vec<Taint>,
}

#[test]
fn a_block_is_nested_and_written_as_blocks() {
    let attributes = Rack::attributes();
    let of = |name: &str| attributes.iter().find(|attribute| attribute.name == name).unwrap();
    let limits = Block {
        min_items: 1,
        max_items: Some(3),
        group: false,
    };
    for (name, nesting, presence, block) in [
        ("disk", Nesting::List, Presence::Required, limits),
        ("taint", Nesting::Set, Presence::Required, Block::default()),
        ("network", Nesting::Single, Presence::Optional, Block::default()),
    ] {
        let attribute = of(name);
        assert!(
            matches!(attribute.kind, Kind::Nested(found, _) if found == nesting),
            "{name}"
        );
        assert_eq!((attribute.presence, attribute.block), (presence, Some(block)), "{name}");
    }
    assert_eq!(of("about").block, None);
    assert_eq!(Rack::schema().lint(), Vec::<String>::new());
}

#[test]
fn blocks_that_are_not_there_are_an_empty_collection_in_the_model() {
    let network = Value::object([("address", "a".into()), ("route", Value::List(vec![]))]);
    let read = Network::from_value(&network).unwrap();
    assert!(read.route.is_empty());
    assert_eq!(read.to_value(), network);
    assert_eq!(<Option<Network> as AttributeType>::PRESENCE, Presence::Optional);
}

/// A port.
#[derive(Model, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    /// Its number.
    number: i64,
    /// What it is called.
    label: Attr<String>,
}

#[test]
fn elements_of_a_set_can_have_computed_attributes() {
    let port = |label: Value| Value::object([("number", 1.into()), ("label", label)]);
    let ports = Value::set([port("a".into()), port("b".into())]);
    let read = BTreeSet::<Port>::from_value(&ports).unwrap();
    assert_eq!((read.len(), read.to_value()), (2, ports));
}

struct Racks;

impl Resource for Racks {
    type Model = Rack;
    type Clients = ();
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "test_rack";

    async fn create(&self, _: &Context<Self>, plan: Rack) -> Result<Rack, Diagnostics> {
        Ok(running(plan))
    }

    async fn read(&self, _: &Context<Self>, state: Rack) -> Result<Option<Rack>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context<Self>, _: Rack, plan: Rack) -> Result<Rack, Diagnostics> {
        Ok(running(plan))
    }

    async fn delete(&self, _: &Context<Self>, _: Rack) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<Rack, Diagnostics> {
        let ImportBy::Id(name) = by;
        Ok(empty(name))
    }

    fn upgrades(&self) -> Vec<Upgrade<Rack>> {
        vec![Upgrade::new(|old: Shelf| Ok(old.into_rack()))]
    }

    fn moves(&self) -> Vec<Move<Self>> {
        vec![Move::new("test/test", "test_shelf", |old: Shelf| Ok(old.into_rack()))]
    }
}

/// What a rack was before. Frozen.
#[derive(Model)]
struct Shelf {
    /// Its label.
    label: String,
    /// Its disks.
    #[tf(block)]
    disk: Vec<Disk>,
}

impl Shelf {
    fn into_rack(self) -> Rack {
        Rack {
            disk: self.disk,
            ..empty(self.label)
        }
    }
}

fn empty(name: String) -> Rack {
    Rack {
        name,
        disk: Vec::new(),
        taint: BTreeSet::new(),
        network: None,
        about: None,
        status: Attr::Null,
    }
}

fn running(mut rack: Rack) -> Rack {
    for disk in &mut rack.disk {
        if disk.serial.is_unknown() {
            disk.serial = Attr::Known(format!("serial of {}", disk.size));
        }
    }
    rack.status = Attr::Known(Dynamic::from_json(&json!({"disks": rack.disk.len(), "up": true})).unwrap());
    rack
}

struct Test;

impl Provider for Test {
    type Model = Empty;
    type Clients = ();

    const NAME: &'static str = "test";
    const ADDRESS: &'static str = "registry.opentofu.org/test/test";

    async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<ResourceEntry<()>> {
        vec![ResourceEntry::new(Racks)]
    }
}

#[tokio::test]
async fn a_resource_with_blocks_and_dynamic_values_lives_as_any_other() {
    let mut core = Core::new(Test, "test_rack");
    let two = || {
        json!({
            "name": "a",
            "disk": [{"size": 1, "label": "x"}, {"size": 2, "kind": "hdd", "label": [1, true]}],
            "taint": [{"key": "t"}],
            "network": {"address": "10.0.0.1", "route": [{"key": "r"}]},
            "about": {"owner": "me"},
        })
    };
    let state = core.apply(two()).await.unwrap();
    assert_eq!(state["disk"]["value"][0]["serial"], "serial of 1");
    assert_eq!(state["status"]["value"]["disks"], 2);
    assert!(core.plan(two()).await.unwrap().is_empty());

    let mut one = two();
    one["disk"] = json!([{"size": 1, "label": "x"}]);
    one["network"] = json!(null);
    let plan = core.plan(one.clone()).await.unwrap();
    assert_eq!(plan.action, ChangeAction::Update);
    let state = core.apply(one).await.unwrap();
    assert_eq!(state["disk"]["value"].as_array().map(Vec::len), Some(1));

    let mut unknown = two();
    unknown["disk"] = json!(UNKNOWN);
    unknown["about"] = json!(UNKNOWN);
    core.apply_later_known(unknown, two()).await.unwrap();
    core.destroy().await.unwrap();
    assert_eq!(core.state(), None);
}

#[tokio::test]
async fn too_many_blocks_are_refused_and_an_import_has_none() {
    let mut core = Core::new(Test, "test_rack");
    for count in [0, 4] {
        let disks: Vec<_> = (0..count).map(|size| json!({ "size": size })).collect();
        let failure = core.plan(json!({ "name": "a", "disk": disks })).await.unwrap_err();
        assert!(failure.to_string().contains("blocks"), "{failure}");
    }
    let state = core.import("a").await.unwrap();
    assert_eq!(state["taint"], json!([]));
    assert_eq!(state["network"], json!(null));
}

#[tokio::test]
async fn blocks_of_any_type_are_read_from_older_states_and_from_those_of_other_types() {
    let object =
        |label: &str| json!(["object", { "kind": "string", "label": label, "serial": "string", "size": "number" }]);
    let disk = |size: i64, label: Json| json!({ "kind": "ssd", "label": label, "serial": "s", "size": size });
    let disks = json!({
        "value": [disk(1, json!("x")), disk(2, json!(true))],
        "type": ["tuple", [object("string"), object("bool")]],
    });
    let state = json!({ "label": "a", "disk": disks });
    let same = json!({ "name": "a", "disk": [{ "size": 1, "label": "x" }, { "size": 2, "label": true }] });

    let mut older = Core::new(Test, "test_rack").with_state(0, state.clone());
    assert!(older.plan(same.clone()).await.unwrap().is_empty());
    let mut core = Core::new(Test, "test_rack");
    let source = Source {
        provider_address: "registry.opentofu.org/test/test".to_owned(),
        type_name: "test_shelf".to_owned(),
        state,
        ..Source::default()
    };
    let moved = core.move_state(source).await.unwrap();
    assert_eq!(moved["disk"], disks);
    assert!(core.plan(same).await.unwrap().is_empty());
    let generated = core.generate_config().await.unwrap();
    assert_eq!(generated["disk"]["value"][1]["label"], true);
}
