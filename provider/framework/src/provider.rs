//! Providers: the configuration that resources share, and the lists of what there is.

use std::fmt;
use std::future::Future;

use crate::data_source::{self, DataSource, DynDataSource};
use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::resource::Resource;
use crate::resource::erased::{self, DynResource};
use crate::schema::Schema;

/// A provider.
pub trait Provider: Sized + Send + Sync + 'static {
    /// The attributes of the provider block.
    type Model: Model;
    /// What the configuration is turned into, and what every resource gets.
    type Clients: Send + Sync + 'static;

    /// The name in front of every resource type, such as `cht`.
    const NAME: &'static str;
    /// The address in registries, such as `registry.opentofu.org/medic/cht`.
    const ADDRESS: &'static str;

    /// The schema of the provider block; the model's own unless it is not enough.
    fn schema(&self) -> Schema {
        Self::Model::schema()
    }

    /// Checks what concerns more than one attribute, without I/O and without complaining of what is unknown.
    fn validate(&self, config: &<Self::Model as Model>::Draft, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Turns the configuration into clients.
    ///
    /// # Errors
    /// Fails if the configuration cannot work.
    ///
    /// # Caveats
    /// During a plan the configuration may hold unknowns, and nothing may be reachable yet: connections are made when a
    /// resource first needs them.
    fn configure(
        &self,
        config: <Self::Model as Model>::Draft,
    ) -> impl Future<Output = Result<Self::Clients, Diagnostics>> + Send;

    /// The resources, in alphabetical order.
    fn resources(&self) -> Vec<ResourceEntry<Self::Clients>>;

    /// The data sources, in alphabetical order.
    fn data_sources(&self) -> Vec<DataSourceEntry<Self::Clients>> {
        Vec::new()
    }
}

/// An entry in the list of resources.
pub struct ResourceEntry<C>(pub(crate) Box<dyn DynResource<C>>);

/// An entry in the list of data sources.
pub struct DataSourceEntry<C>(pub(crate) Box<dyn DynDataSource<C>>);

impl<C> ResourceEntry<C> {
    /// The entry of a resource.
    pub fn new<R: Resource<Clients = C>>(resource: R) -> Self {
        ResourceEntry(Box::new(erased::Erased::new(resource)))
    }

    /// The resource's type in configurations.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// The resource's schema.
    pub fn schema(&self) -> &Schema {
        self.0.schema()
    }
}

impl<C> DataSourceEntry<C> {
    /// The entry of a data source.
    pub fn new<D: DataSource<Clients = C>>(data_source: D) -> Self {
        DataSourceEntry(Box::new(data_source::Erased::new(data_source)))
    }

    /// The data source's type in configurations.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// The data source's schema.
    pub fn schema(&self) -> &Schema {
        self.0.schema()
    }
}

impl<C> fmt::Debug for ResourceEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceEntry").field(&self.type_name()).finish()
    }
}

impl<C> fmt::Debug for DataSourceEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataSourceEntry").field(&self.type_name()).finish()
    }
}
