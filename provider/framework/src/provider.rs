//! Providers: the configuration that resources share, and the lists of what there is.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::data_source::{self, DataSource, DynDataSource};
use crate::diagnostics::Diagnostics;
use crate::ephemeral::erased::DynEphemeralResource;
use crate::ephemeral::{self, EphemeralResource};
use crate::function::erased::DynFunction;
use crate::function::{self, Function, Signature};
use crate::identity::IdentitySchema;
use crate::model::Model;
use crate::resource::Resource;
use crate::resource::erased::{self, DynResource};
use crate::schema::Schema;
use crate::schema::lint::is_snake_case;

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
    /// Fails if the configuration cannot work. With an error that says
    /// [`or_defer`](Diagnostics::or_defer) nothing fails yet: whatever needs the clients is deferred, or fails with
    /// that error, and plans follow from the schemas alone.
    ///
    /// # Caveats
    /// It is dropped when the run is interrupted, and the last of several calls counts.
    /// During a plan the configuration may hold unknowns, and nothing may be reachable yet: connections are made when a
    /// resource first needs them.
    fn configure(
        &self,
        config: <Self::Model as Model>::Draft,
    ) -> impl Future<Output = Result<Self::Clients, Diagnostics>> + Send;

    /// Gives back what the clients hold elsewhere, such as a session, when the process ends.
    ///
    /// # Caveats
    /// There is half a second for it, as the core kills a process that does not end, and nobody hears of what fails.
    /// Operations that are still open have been asked to stop, and may not have yet. A process that is killed gives
    /// nothing back.
    fn close(&self, clients: &Self::Clients) -> impl Future<Output = ()> + Send {
        let _ = clients;
        async {}
    }

    /// The resources, in alphabetical order.
    fn resources(&self) -> Vec<ResourceEntry<Self::Clients>>;

    /// The data sources, in alphabetical order.
    fn data_sources(&self) -> Vec<DataSourceEntry<Self::Clients>> {
        Vec::new()
    }

    /// The ephemeral resources, in alphabetical order.
    fn ephemeral_resources(&self) -> Vec<EphemeralResourceEntry<Self::Clients>> {
        Vec::new()
    }

    /// The functions, in alphabetical order.
    fn functions(&self) -> Vec<FunctionEntry> {
        Vec::new()
    }

    /// What is wrong with the schemas and the lists above, one sentence for each thing; nothing if all is well.
    ///
    /// Every provider has a test that this is empty: a core that finds something makes none of the provider usable. A
    /// debug build also says so whenever a core asks for the schemas; a release was tested, and starts faster without.
    fn lint(&self) -> Vec<String> {
        lint(self)
    }
}

/// An entry in the list of resources.
pub struct ResourceEntry<C>(pub(crate) Box<dyn DynResource<C>>);

/// An entry in the list of data sources.
pub struct DataSourceEntry<C>(pub(crate) Box<dyn DynDataSource<C>>);

/// An entry in the list of ephemeral resources.
pub struct EphemeralResourceEntry<C>(pub(crate) Arc<dyn DynEphemeralResource<C>>);

/// An entry in the list of functions.
pub struct FunctionEntry(pub(crate) Box<dyn DynFunction>);

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

    /// The attributes of the resource's identity, if it has one.
    pub fn identity_schema(&self) -> Option<&IdentitySchema> {
        self.0.identity_schema()
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

impl<C> EphemeralResourceEntry<C> {
    /// The entry of an ephemeral resource.
    pub fn new<E: EphemeralResource<Clients = C>>(resource: E) -> Self {
        EphemeralResourceEntry(Arc::new(ephemeral::erased::Erased::new(resource)))
    }

    /// The ephemeral resource's type in configurations.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name()
    }

    /// The ephemeral resource's schema.
    pub fn schema(&self) -> &Schema {
        self.0.schema()
    }
}

impl FunctionEntry {
    /// The entry of a function.
    pub fn new<F: Function>() -> Self {
        FunctionEntry(Box::new(function::erased::Erased::<F>::new()))
    }

    /// The function's name, without the provider's.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What the function takes and results in.
    pub fn signature(&self) -> &Signature {
        self.0.signature()
    }
}

fn lint<P: Provider>(provider: &P) -> Vec<String> {
    let mut problems = lint_block(&provider.schema());
    let resources = provider.resources();
    let data_sources = provider.data_sources();
    let ephemeral_resources = provider.ephemeral_resources();
    lint_types::<P>(
        resources.iter().map(|entry| (entry.type_name(), entry.schema())),
        &mut problems,
    );
    for entry in &resources {
        problems.extend(prefixed(entry.type_name(), entry.0.lint()));
    }
    lint_types::<P>(
        data_sources.iter().map(|entry| (entry.type_name(), entry.schema())),
        &mut problems,
    );
    lint_types::<P>(
        ephemeral_resources
            .iter()
            .map(|entry| (entry.type_name(), entry.schema())),
        &mut problems,
    );
    let data_sources = data_sources.iter().map(|entry| (entry.type_name(), entry.schema()));
    let ephemeral_resources = ephemeral_resources
        .iter()
        .map(|entry| (entry.type_name(), entry.schema()));
    for (type_name, schema) in data_sources.chain(ephemeral_resources) {
        problems.extend(prefixed(type_name, schema.lint_without_write_only()));
    }
    lint_functions(&provider.functions(), &mut problems);
    problems
}

/// The provider block: cores keep some names for themselves, and there is nothing that could be computed.
fn lint_block(schema: &Schema) -> Vec<String> {
    let mut problems = schema.lint();
    problems.extend(schema.lint_without_write_only());
    for attribute in &schema.attributes {
        let name = &attribute.name;
        if ["alias", "version"].contains(&name.as_str()) {
            problems.push(format!("`{name}` has a name that is reserved in provider blocks."));
        }
        if attribute.is_computed() {
            problems.push(format!(
                "`{name}` is computed, which nothing in a provider block can be."
            ));
        }
    }
    prefixed("provider", problems)
}

fn lint_types<'s, P: Provider>(types: impl Iterator<Item = (&'static str, &'s Schema)>, problems: &mut Vec<String>) {
    let mut last = None;
    for (type_name, schema) in types {
        if last.replace(type_name).is_some_and(|last| last >= type_name) {
            problems.push(format!("{type_name}: is there twice, or not in alphabetical order."));
        }
        if type_name
            .strip_prefix(P::NAME)
            .and_then(|rest| rest.strip_prefix('_'))
            .is_none()
        {
            problems.push(format!("{type_name}: does not begin with `{}_`.", P::NAME));
        }
        problems.extend(prefixed(type_name, schema.lint()));
    }
}

fn lint_functions(functions: &[FunctionEntry], problems: &mut Vec<String>) {
    let mut last = None;
    for entry in functions {
        let name = entry.name();
        if last.replace(name).is_some_and(|last| last >= name) {
            problems.push(format!(
                "function {name}: is there twice, or not in alphabetical order."
            ));
        }
        if !is_snake_case(name) {
            problems.push(format!("function {name}: is not in snake case."));
        }
        problems.extend(prefixed(&format!("function {name}"), entry.signature().lint()));
    }
}

fn prefixed(what: &str, problems: Vec<String>) -> Vec<String> {
    problems
        .into_iter()
        .map(|problem| format!("{what}: {problem}"))
        .collect()
}

impl<C> fmt::Debug for ResourceEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceEntry").field(&self.type_name()).finish()
    }
}

impl<C> fmt::Debug for EphemeralResourceEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EphemeralResourceEntry")
            .field(&self.type_name())
            .finish()
    }
}

impl fmt::Debug for FunctionEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FunctionEntry").field(&self.name()).finish()
    }
}

impl<C> fmt::Debug for DataSourceEntry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataSourceEntry").field(&self.type_name()).finish()
    }
}
