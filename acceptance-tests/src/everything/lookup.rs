//! `everything_lookup`: finds a thing by its id.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use super::remote::Remote;

/// A look-up of a thing.
#[derive(Model)]
pub(super) struct LookupModel {
    /// Its id.
    id: String,
    /// Its text.
    text: Attr<String>,
}

pub(super) struct Lookup;

impl DataSource for Lookup {
    type Model = LookupModel;
    type Clients = Remote;

    const TYPE_NAME: &'static str = "everything_lookup";

    async fn read(&self, scope: &Scope<Remote>, mut config: LookupModel) -> Result<LookupModel, Diagnostics> {
        let found = scope.clients().find(&config.id)?;
        let object = found.ok_or_else(|| Diagnostics::error("No such thing", "There is none with this id."))?;
        config.text = object.text.into();
        Ok(config)
    }
}
