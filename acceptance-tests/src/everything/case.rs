//! `everything_case`: a schema with every kind of attribute, for generated configurations, plans and results.
//!
//! It manages nothing: what is planned and applied is the framework's doing, or that of a script ([`super::scripted`]).
//! A new kind of attribute or block is one more line in [`schema`]; the generators of the tests walk it.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::{AttributeType, Dynamic, Empty};
use tf_framework::resource::Resource;
use tf_framework::schema::{Attribute, Block, Kind, Nesting, Presence, Schema};
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

const NESTINGS: [(&str, Nesting); 4] = [
    ("single", Nesting::Single),
    ("listed", Nesting::List),
    ("different", Nesting::Set),
    ("keyed", Nesting::Map),
];

/// The schema.
pub fn schema() -> Schema {
    let mut attributes = vec![attribute::<String>(NAME), attribute::<WriteOnly<String>>("write_only")];
    attributes.extend(leaves());
    attributes.extend(dynamics());
    for (name, nesting) in NESTINGS {
        attributes.push(block(&format!("{name}_block"), nesting, block_parts(nesting)));
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
    attributes.push(block("grouped_block", Nesting::Single, group_parts()).block(Block {
        group: true,
        ..Block::default()
    }));
    // Blocks whose attributes are of any type need not be alike, so cores have other types for them.
    for (name, nesting) in NESTINGS.into_iter().filter(|(_, nesting)| *nesting != Nesting::Set) {
        attributes.push(block(&format!("{name}_any_block"), nesting, any_parts()));
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

/// Attributes of any type.
fn dynamics() -> Vec<Attribute> {
    vec![
        attribute::<Option<Dynamic>>("any"),
        attribute::<Option<Dynamic>>("any_open").optional_computed(),
        attribute::<Attr<Dynamic>>("any_computed"),
        attribute::<Option<Vec<Dynamic>>>("any_list"),
        nested(
            "any_single",
            Nesting::Single,
            Presence::Optional,
            vec![
                attribute::<Option<Dynamic>>("any"),
                attribute::<Attr<Dynamic>>("any_id"),
            ],
        ),
        nested(
            "any_listed",
            Nesting::List,
            Presence::Optional,
            vec![
                attribute::<Dynamic>("any"),
                attribute::<Option<bool>>("flag").optional_computed(),
            ],
        ),
    ]
}

/// What is in a block: what can be in a nested attribute, and further blocks.
fn block_parts(nesting: Nesting) -> Vec<Attribute> {
    let mut parts = parts(nesting);
    let inner = || {
        vec![
            attribute::<String>("key"),
            attribute::<Option<String>>("open").optional_computed(),
        ]
    };
    parts.push(block("inner_block", Nesting::Single, inner()));
    parts.push(block("inner_blocks", Nesting::List, inner()));
    parts.push(block("inner_different", Nesting::Set, inner()));
    parts
}

/// What is in a group: nothing that is required, as the group is there without being written.
fn group_parts() -> Vec<Attribute> {
    vec![
        attribute::<Option<String>>("text"),
        attribute::<Option<String>>("open").optional_computed(),
        attribute::<Attr<String>>("id"),
        block("inner_blocks", Nesting::List, vec![attribute::<String>("key")]),
    ]
}

/// What is in blocks that need not be alike.
fn any_parts() -> Vec<Attribute> {
    vec![
        attribute::<Option<Dynamic>>("any"),
        attribute::<Option<Dynamic>>("any_open").optional_computed(),
        attribute::<Attr<String>>("id"),
        block("inner_any", Nesting::List, vec![attribute::<Option<Dynamic>>("any")]),
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

fn block(name: &str, nesting: Nesting, attributes: Vec<Attribute>) -> Attribute {
    // Where there can be several, none is no block at all, not an absent attribute.
    let presence = match nesting {
        Nesting::Single => Presence::Optional,
        Nesting::List | Nesting::Set | Nesting::Map => Presence::Required,
    };
    nested(name, nesting, presence, attributes).block(Block::default())
}

fn unscripted() -> Diagnostics {
    Diagnostics::error(
        "There is no script",
        "Cases are only planned, unless a script applies them.",
    )
}
