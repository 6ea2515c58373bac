//! `data.cht_instance`: how a CHT instance is, whoever made it.
//!
//! It asks what needs no log-in, see [`mod@super::readiness`]; an instance that is down is an answer and no error.
//! Upgrades are shown only to those who log in, so they are told if there is a login.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use crate::cht::application::{Application, InstanceAddress, Task, attribute, public_url};
use crate::cht::client::Client;
use crate::cht::error::Error;
use crate::cht::readiness::{Readiness, readiness};
use crate::cht::transport::Transport;
use crate::cht::upgrade::Summary;
use crate::provider::Clients;

const READ: Task = Task::new("Unable to look at the CHT instance");

/// Looks up how a CHT instance is: whether it serves requests, in which version, and where.
///
/// An instance that is starting, or that does not reach its database, is no error: `ready` is `false` then, and
/// `status` says why. Where something must not go on with such an instance, check `ready` in a `postcondition`.
#[derive(Clone, Model)]
pub struct InstanceDataModel {
    /// The CHT instance. A login, or the permission to read its Secret in the namespace, is needed for `upgrade` only.
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
    /// Upgrade of the instance to another release, whoever began it; null if that cannot be told: the instance is not
    /// ready, there is no login, or not one of a user who may upgrade.
    pub upgrade: Attr<UpgradeModel>,
}

/// Upgrade of an instance.
#[derive(Clone, Model)]
pub struct UpgradeModel {
    /// How far it is: `idle`; `staging`, while the release is fetched; `indexing`, while its indexes are built;
    /// `indexed`, when it is prepared and its images are waited for; `finalizing`, while it is installed; `aborting`;
    /// `interrupted`, if the instance was restarted in the middle; `errored`, if the last one failed.
    pub state: Attr<String>,
    /// CHT release that the upgrade leads to; null while it is `idle`.
    pub version: Attr<String>,
    /// How far the indexes are on average, in percent; null unless it is `indexing`.
    pub progress: Attr<u64>,
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
        config.upgrade = match &found {
            Readiness::Ready { version, .. } => upgrade(scope, &config.instance, version).await?.into(),
            Readiness::WrongVersion { .. }
            | Readiness::Closed
            | Readiness::Starting(_)
            | Readiness::DatabaseUnavailable { .. }
            | Readiness::Unauthorized => Attr::Null,
        };
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

/// How far the upgrade of an instance is that runs in this version; none if there is nobody to tell it to.
async fn upgrade(
    scope: &Scope<Clients>,
    instance: &InstanceAddress,
    running: &str,
) -> Result<Option<UpgradeModel>, Diagnostics> {
    let Some(application) = Application::with_any_login(scope, instance).await? else {
        return Ok(None);
    };
    let summary = application
        .attempt(scope, &READ, || summary(&application.client, running))
        .await?;
    Ok(summary.map(|summary| UpgradeModel {
        state: Attr::Known(summary.state),
        version: summary.version.into(),
        progress: summary.progress.into(),
    }))
}

async fn summary<T: Transport>(client: &Client<T>, running: &str) -> Result<Option<Summary>, Error> {
    let upgrades = match client.upgrades().await {
        Ok(upgrades) => upgrades,
        Err(Error::Forbidden { .. } | Error::Unauthorized { .. } | Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let last = match &upgrades.upgrade_doc {
        Some(_) => None,
        None => match client.last_upgrade().await {
            // Whoever may upgrade need not be an administrator of the database, and then does not see what is over.
            Err(Error::Forbidden { .. } | Error::Unauthorized { .. }) => None,
            last => last?,
        },
    };
    Ok(Some(Summary::of(&upgrades, last.as_ref(), running)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::testing::{Script, answer, ok};

    const UPGRADE: &str = "GET /api/v2/upgrade";

    #[tokio::test]
    async fn a_login_that_may_not_see_upgrades_is_told_of_none() {
        let refused = r#"{"code":403,"error":"Insufficient privileges"}"#;
        let client = Script::new([(UPGRADE, answer(403, "application/json", refused))]).client();
        assert_eq!(summary(&client, "5.3.0").await.expect("no error"), None);
    }

    #[tokio::test]
    async fn what_is_going_on_is_not_looked_up_in_the_log() {
        let doc = json!({ "action": "stage", "state": "indexed", "to": { "version": "5.3.1" } });
        let client = Script::new([(UPGRADE, ok(json!({ "upgradeDoc": doc, "indexers": [] })))]).client();
        let found = summary(&client, "5.3.0").await.expect("no error").expect("it is told");
        assert_eq!(
            (found.state.as_str(), found.version.as_deref()),
            ("indexed", Some("5.3.1"))
        );
    }
}
