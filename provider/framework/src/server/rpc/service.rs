//! The service: a provider with all that it offers by name, its clients, and what stops its operations.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tfplugin::tfplugin6 as proto;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::data_source::DynDataSource;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ephemeral::erased::DynEphemeralResource;
use crate::function::erased::DynFunction;
use crate::operations::surroundings::Surroundings;
use crate::provider::Provider;
use crate::resource::erased::DynResource;
use crate::schema::Schema;
use crate::server::dumps::Dumps;
use crate::server::rpc::call::Call;

/// A provider as a gRPC service.
pub(crate) struct ProviderService<P: Provider> {
    pub(super) provider: Arc<P>,
    pub(super) schema: Schema,
    pub(super) resources: BTreeMap<&'static str, Box<dyn DynResource<P::Clients>>>,
    pub(super) data_sources: BTreeMap<&'static str, Box<dyn DynDataSource<P::Clients>>>,
    pub(super) ephemeral_resources: BTreeMap<&'static str, Arc<dyn DynEphemeralResource<P::Clients>>>,
    pub(super) functions: BTreeMap<&'static str, Box<dyn DynFunction>>,
    pub(super) dumps: Dumps,
    /// None until the provider is configured; an error if that has to wait.
    pub(super) clients: RwLock<Option<Configured<P>>>,
    /// Cancelled when the server stops.
    pub(super) end: CancellationToken,
    /// Cancelled by that, and by StopProvider.
    pub(super) stop: Mutex<CancellationToken>,
    /// The operations that are under way.
    pub(super) operations: TaskTracker,
}

type Resource<P> = dyn DynResource<<P as Provider>::Clients>;
type Configured<P> = Result<Arc<<P as Provider>::Clients>, Diagnostics>;
type DataSource<P> = dyn DynDataSource<<P as Provider>::Clients>;

impl<P: Provider> ProviderService<P> {
    /// The service of a provider; `end` asks the operations that are open to stop, and `operations` tells when they
    /// have.
    pub(crate) fn new(provider: Arc<P>, end: CancellationToken, operations: TaskTracker) -> Self {
        let resources = provider.resources().into_iter();
        let data_sources = provider.data_sources().into_iter();
        let ephemeral_resources = provider.ephemeral_resources().into_iter();
        let functions = provider.functions().into_iter();
        ProviderService {
            schema: provider.schema(),
            resources: resources.map(|entry| (entry.type_name(), entry.0)).collect(),
            data_sources: data_sources.map(|entry| (entry.type_name(), entry.0)).collect(),
            ephemeral_resources: ephemeral_resources.map(|entry| (entry.type_name(), entry.0)).collect(),
            functions: functions.map(|entry| (entry.name(), entry.0)).collect(),
            dumps: Dumps::from_environment(),
            provider,
            clients: RwLock::default(),
            stop: Mutex::new(end.child_token()),
            end,
            operations,
        }
    }

    pub(super) fn call<'a>(&'a self, rpc: &'static str) -> Call<'a> {
        Call::new(P::ADDRESS, rpc, &self.dumps)
    }

    pub(super) fn resource(&self, type_name: &str) -> Result<&Resource<P>, Diagnostics> {
        let found = self.resources.get(type_name).map(AsRef::as_ref);
        found
            .ok_or_else(|| Diagnostic::bug(format!("The core asked for the unknown resource type {type_name}.")).into())
    }

    pub(super) fn data_source(&self, type_name: &str) -> Result<&DataSource<P>, Diagnostics> {
        let found = self.data_sources.get(type_name).map(AsRef::as_ref);
        found.ok_or_else(|| Diagnostic::bug(format!("The core asked for the unknown data source {type_name}.")).into())
    }

    pub(super) fn clients(&self) -> Configured<P> {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner).clone();
        clients.unwrap_or_else(|| Err(Diagnostic::bug("The core used the provider before it configured it.").into()))
    }

    /// What an operation gets; the capabilities are those that come with its call. It comes before anything else in a
    /// call: what StopProvider finds open, it cancels.
    pub(super) fn surroundings(&self, capabilities: Option<proto::ClientCapabilities>) -> Surroundings<P::Clients> {
        Surroundings {
            clients: self.clients(),
            stop: self.stop_token(),
            operations: self.operations.clone(),
            deferral_allowed: capabilities.is_some_and(|capabilities| capabilities.deferral_allowed),
        }
    }

    /// What cancels the calls that are open now.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
