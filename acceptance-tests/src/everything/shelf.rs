//! `everything_shelf`: sets of objects, each as a nested attribute and as blocks, in the shapes with which
//! hashicorp/terraform-plugin-framework is known to fail.
//!
//! It is only in the state, so there is nothing to read, change or remove anywhere else.

use std::collections::BTreeSet;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Sensitive;
use tf_framework::resource::Resource;
use tf_framework::value::Value;
use tf_framework::{Attr, ImportBy, Model, NoIdentity};

use super::rack::SecretModel;
use super::remote::Remote;
use super::thing::decide;

/// A shelf.
#[derive(Model)]
pub struct ShelfModel {
    /// What it says.
    text: Option<String>,
    /// Elements of which everything has a default.
    fruits: Option<BTreeSet<FruitModel>>,
    /// The same as blocks.
    #[tf(block)]
    fruit: BTreeSet<FruitModel>,
    /// Elements with two defaults beside a name.
    switches: Option<BTreeSet<SwitchModel>>,
    /// The same as blocks.
    #[tf(block)]
    switch: BTreeSet<SwitchModel>,
    /// Elements with a default beside something sensitive.
    rows: Option<BTreeSet<RowModel>>,
    /// The same as blocks.
    #[tf(block)]
    row: BTreeSet<RowModel>,
    /// Elements with several nested attributes, of which some are null.
    mounts: Option<BTreeSet<MountModel>>,
    /// The same as blocks.
    #[tf(block)]
    mount: BTreeSet<MountModel>,
    /// Elements that the provider decides on, if the configuration does not.
    #[tf(optional, keep)]
    parts: Attr<BTreeSet<PartModel>>,
    /// The same as a list.
    #[tf(optional, keep)]
    listed_parts: Attr<Vec<PartModel>>,
    /// What the provider says of it.
    readonly: Attr<String>,
}

/// A fruit.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct FruitModel {
    /// Has a default.
    #[tf(default = "orange")]
    fruit: String,
    /// Has a default.
    #[tf(default = "other")]
    other: String,
}

/// A switch.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct SwitchModel {
    /// Its name.
    name: String,
    /// Has a default.
    #[tf(default = false)]
    one: bool,
    /// Has a default.
    #[tf(default = false)]
    two: bool,
}

/// A row.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowModel {
    /// Its name.
    name: String,
    /// Has a default.
    #[tf(default = false)]
    default_row: bool,
    /// What it knows.
    #[tf(default = Value::set([]))]
    secrets: Sensitive<BTreeSet<SecretModel>>,
}

/// A mount.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountModel {
    /// Its name.
    name: String,
    /// One source.
    a: Option<SourceModel>,
    /// Another source.
    b: Option<SourceModel>,
}

/// Where something is mounted from.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceModel {
    /// The path.
    path: String,
    /// Whether it may be missing: what the configuration says, or else the provider.
    #[tf(optional)]
    optional: Attr<bool>,
}

/// A part.
#[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartModel {
    /// Its name.
    name: Option<String>,
}

/// The resource.
pub struct Shelf;

impl Resource for Shelf {
    type Model = ShelfModel;
    type Clients = Remote;
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "everything_shelf";

    async fn create(&self, _: &Context<Self>, plan: ShelfModel) -> Result<ShelfModel, Diagnostics> {
        Ok(plan.settled())
    }

    async fn read(&self, _: &Context<Self>, state: ShelfModel) -> Result<Option<ShelfModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context<Self>, _: ShelfModel, plan: ShelfModel) -> Result<ShelfModel, Diagnostics> {
        Ok(plan.settled())
    }

    async fn delete(&self, _: &Context<Self>, _: ShelfModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<ShelfModel, Diagnostics> {
        Err(Diagnostics::error("No such shelf", "Shelves are only in the state."))
    }
}

impl ShelfModel {
    /// With what the provider decides: one source may be missing, of the other nothing is said.
    fn settled(mut self) -> Self {
        let part = || PartModel {
            name: Some("example".to_owned()),
        };
        decide(&mut self.parts, || BTreeSet::from([part()]));
        decide(&mut self.listed_parts, || vec![part()]);
        decide(&mut self.readonly, || "example".to_owned());
        self.mount = self.mount.into_iter().map(MountModel::settled).collect();
        let mounts = self.mounts.map(|mounts| mounts.into_iter().map(MountModel::settled));
        self.mounts = mounts.map(Iterator::collect);
        self
    }
}

impl MountModel {
    fn settled(mut self) -> Self {
        if let Some(source) = &mut self.a {
            decide(&mut source.optional, || true);
        }
        if let Some(source) = self.b.as_mut().filter(|source| source.optional.is_unknown()) {
            source.optional = Attr::Null;
        }
        self
    }
}
