//! What things were before: older versions of them, and objects of other providers.

use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Move, MoveSource, Moved, Upgrade};
use tf_framework::{Attr, Identity, Model, Timeouts, WriteOnly};

use crate::thing::{Thing, ThingIdentity, ThingModel};

/// A thing, as version 1 had it: the size in another unit.
#[derive(Model)]
#[tf(version = 1)]
struct ThingModelV1 {
    /// Its name.
    name: String,
    /// Its size.
    size: i64,
    /// Where it is.
    zone: Option<String>,
    /// Its id.
    id: Attr<String>,
}

/// What named a thing at first.
#[derive(Identity)]
struct ThingIdentityV0 {
    /// Its name.
    name: String,
}

/// What other providers call an object.
#[derive(Model)]
struct ObjectModel {
    /// Its label.
    label: String,
}

pub(crate) fn upgrades() -> Vec<Upgrade<ThingModel>> {
    vec![
        Upgrade::refused(0, "Version 0 was never released."),
        Upgrade::new(|old: ThingModelV1| {
            Ok(ThingModel {
                size: old.size / 1000,
                zone: old.zone,
                ..taken_over(old.name, old.id)
            })
        }),
    ]
}

pub(crate) fn identity_upgrades() -> Vec<Upgrade<ThingIdentity>> {
    vec![Upgrade::new(|old: ThingIdentityV0| {
        let id = format!("{}-id", old.name);
        Ok(ThingIdentity { id, realm: None })
    })]
}

pub(crate) fn moves() -> Vec<Move<Thing>> {
    vec![
        Move::new("hashicorp/objects", "objects_object", |old: ObjectModel| {
            let id = Attr::Known(format!("{}-id", old.label));
            Ok(taken_over(old.label, id))
        })
        .versions(1..=2),
        Move::raw("example.com/medic/gadgets", "gadgets_gadget", from_gadget),
    ]
}

fn taken_over(name: String, id: Attr<String>) -> ThingModel {
    ThingModel {
        name,
        size: 1,
        zone: None,
        passphrase: WriteOnly::new(Some("hunter2".into())),
        id,
        revision: Attr::Unknown,
        timeouts: Timeouts::default(),
    }
}

/// The name of a gadget is in its identity, and the length of its passphrase beside its state.
fn from_gadget(source: &MoveSource<'_>) -> Result<Moved<Thing>, Diagnostics> {
    let identity = source
        .identity
        .ok_or_else(|| Diagnostics::error("Unknown gadget", "It has no identity."))?;
    let name: String = identity.attribute("name")?;
    let id = source.state.attribute("key")?;
    let private = source.private()?;
    Ok(Moved::new(taken_over(name, Attr::Known(id))).with_private(private))
}
