//! `everything_case`: a schema with every kind of attribute, for generated configurations, plans and results.
//!
//! It manages nothing: what is planned and applied is the framework's doing, or that of a script ([`super::scripted`]).
//! A new kind of attribute or block is one more line in [`schema`]; the generators of the tests walk it.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::{AttributeType, Empty};
use tf_framework::resource::Resource;
use tf_framework::schema::{Attribute, Kind, Nesting, Presence, Schema};
use tf_framework::value::Number;
use tf_framework::{Attr, ImportBy, NoIdentity, WriteOnly};

use super::remote::Remote;

/// The attribute that tells cases apart.
pub const NAME: &str = "name";

/// The resource.
pub struct Case;

impl Resource for Case {
    type Model = Empty;
    type Clients = Remote;
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "everything_case";

    fn schema(&self) -> Schema {
        schema()
    }

    async fn create(&self, _: &Context<Self>, _: Empty) -> Result<Empty, Diagnostics> {
        Err(unscripted())
    }

    async fn read(&self, _: &Context<Self>, _: Empty) -> Result<Option<Empty>, Diagnostics> {
        Err(unscripted())
    }

    async fn update(&self, _: &Context<Self>, _: Empty, _: Empty) -> Result<Empty, Diagnostics> {
        Err(unscripted())
    }

    async fn delete(&self, _: &Context<Self>, _: Empty) -> Result<(), Diagnostics> {
        Err(unscripted())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<Empty, Diagnostics> {
        Err(unscripted())
    }
}

/// The schema.
pub fn schema() -> Schema {
    let mut attributes = vec![attribute::<String>(NAME), attribute::<WriteOnly<String>>("write_only")];
    attributes.extend(leaves());
    for (name, nesting) in [
        ("single", Nesting::Single),
        ("listed", Nesting::List),
        ("different", Nesting::Set),
        ("keyed", Nesting::Map),
    ] {
        attributes.push(nested(name, nesting, Presence::Optional, parts(nesting)));
        let inner = || vec![attribute::<Option<String>>("text"), attribute::<Attr<String>>("id")];
        attributes.push(nested(
            &format!("{name}_open"),
            nesting,
            Presence::OptionalComputed,
            inner(),
        ));
        attributes.push(nested(
            &format!("{name}_computed"),
            nesting,
            Presence::Computed,
            computed(),
        ));
    }
    Schema {
        description: "A case.".to_owned(),
        attributes,
        ..Schema::default()
    }
}

/// Attributes of every type that has no attributes of its own.
fn leaves() -> Vec<Attribute> {
    vec![
        attribute::<Option<String>>("text"),
        attribute::<Option<bool>>("flag"),
        attribute::<Option<Number>>("number"),
        attribute::<Option<Vec<String>>>("list"),
        attribute::<Option<BTreeSet<String>>>("set"),
        attribute::<Option<BTreeMap<String, Number>>>("map"),
        attribute::<Option<Vec<BTreeSet<String>>>>("deep"),
        attribute::<Option<String>>("open").optional_computed(),
        attribute::<Option<BTreeSet<String>>>("open_set").optional_computed(),
        attribute::<Attr<String>>("id"),
        attribute::<Attr<Vec<String>>>("ids"),
    ]
}

/// What is nested in an attribute: leaves, and one more level.
fn parts(nesting: Nesting) -> Vec<Attribute> {
    let within = || {
        vec![
            attribute::<String>("key"),
            attribute::<Option<bool>>("flag").optional_computed(),
        ]
    };
    let mut parts = vec![
        attribute::<i64>("size"),
        attribute::<Option<String>>("text"),
        attribute::<Option<String>>("open").optional_computed(),
        attribute::<Attr<String>>("id"),
        nested("inner_list", Nesting::List, Presence::Optional, within()),
        nested("inner_set", Nesting::Set, Presence::Optional, within()),
    ];
    // Cores refuse write-only attributes in sets: their elements could not be told apart.
    if nesting != Nesting::Set {
        parts.push(attribute::<WriteOnly<String>>("write_only"));
    }
    parts
}

/// What is nested in a computed attribute: it is computed as well.
fn computed() -> Vec<Attribute> {
    vec![attribute::<Attr<String>>("text"), attribute::<Attr<i64>>("size")]
}

fn attribute<T: AttributeType>(name: &str) -> Attribute {
    Attribute::new::<T>(name, "A part.")
}

fn nested(name: &str, nesting: Nesting, presence: Presence, attributes: Vec<Attribute>) -> Attribute {
    Attribute {
        kind: Kind::Nested(nesting, attributes),
        presence,
        ..attribute::<Option<String>>(name)
    }
}

fn unscripted() -> Diagnostics {
    Diagnostics::error(
        "There is no script",
        "Cases are only planned, unless a script applies them.",
    )
}
