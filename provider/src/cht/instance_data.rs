//! `data.cht_instance`: how a CHT instance is, whoever made it.
//!
//! It asks what needs no log-in, see [`mod@super::readiness`]; an instance that is down is an answer and no error.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use crate::cht::application::{Application, InstanceAddress, Task, attribute, public_url};
use crate::cht::readiness::{Readiness, readiness};
use crate::provider::Clients;

const READ: Task = Task::new("Unable to look at the CHT instance");

/// Looks up how a CHT instance is: whether it serves requests, in which version, and where.
///
/// An instance that is starting, or that does not reach its database, is no error: `ready` is `false` then, and `status` says
/// why. Where something must not go on with such an instance, check `ready` in a `postcondition`.
#[derive(Clone, Model)]
pub struct InstanceDataModel {
    /// The CHT instance. Neither a login nor the permission to read secrets is needed.
    pub instance: InstanceAddress,
    /// Whether the instance serves requests.
    pub ready: Attr<bool>,
    /// What the instance does, in words, such as how far its start has come.
    pub status: Attr<String>,
    /// CHT release that runs; null while the instance does not tell.
    pub version: Attr<String>,
    /// CouchDB release that runs; null while the instance does not tell.
    pub couchdb_version: Attr<String>,
    /// Address of the instance for users; null if it has no ingress.
    pub url: Attr<String>,
}

/// Looks up one instance.
#[derive(Debug)]
pub struct InstanceDataSource;

impl DataSource for InstanceDataSource {
    type Model = InstanceDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_instance";

    fn validate(&self, config: &InstanceDataModelDraft, diagnostics: &mut Diagnostics) {
        attribute::validate_visit(&config.instance, diagnostics);
    }

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: InstanceDataModel,
    ) -> Result<InstanceDataModel, Diagnostics> {
        let application = Application::visit(scope, &config.instance).await?;
        config.url = public_url(scope, &config.instance).await?.into();
        let found = application
            .attempt(scope, &READ, || readiness(&application.client, None))
            .await?;
        config.status = Attr::Known(found.to_string());
        config.ready = Attr::Known(matches!(found, Readiness::Ready { .. }));
        (config.version, config.couchdb_version) = match found {
            Readiness::Ready {
                version,
                couchdb_version,
            } => (Attr::Known(version), Attr::Known(couchdb_version)),
            Readiness::WrongVersion { live, .. } => (Attr::Known(live), Attr::Null),
            Readiness::Closed
            | Readiness::Starting(_)
            | Readiness::DatabaseUnavailable { .. }
            | Readiness::Unauthorized => (Attr::Null, Attr::Null),
        };
        Ok(config)
    }
}
