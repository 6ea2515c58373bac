//! What is proved of CouchDB before anything that uses it starts: that it lets the administrator in, that its cluster
//! is complete, and that it has found the data that is said to be there.
//!
//! All of it is asked of CouchDB itself. The API would be the wrong one to ask: it makes the databases that it does not
//! find, and an empty CHT beside the real data looks like a good one.

use std::time::{Duration, Instant};

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tokio::sync::Mutex;

use crate::cht::client::{Client, Credentials as Login};
use crate::cht::error::Error;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::apply::database::membership::{Assembly, Verdict};
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::live::{application, volumes};
use crate::cht::instance::model::{Couchdb, InstanceModel};
use crate::cht::instance::patience::Patience;
use crate::cht::instance::record::Stage;
use crate::cht::instance::spec::{CouchDb, Member};
use crate::cht::port_forward::PortForwardTransport;
use crate::kubernetes::{Access, Found};

mod membership;

/// How long a database that cannot be opened may be a passing trouble of the start.
const OPENING_PATIENCE: Duration = Duration::from_secs(120);

/// What is waited for before anything else is asked.
const LOGIN: &str = "CouchDB to let the administrator in";

/// What is waited for where there are several nodes.
const CLUSTER: &str = "CouchDB's nodes to form a cluster";

/// CouchDB as an apply is to find it.
pub(super) struct Database<'a> {
    pub(super) model: &'a InstanceModel,
    pub(super) credentials: &'a Credentials,
    pub(super) stage: Stage,
    pub(super) data: Data,
}

/// What says that CouchDB has data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// Nothing: its volumes are new, or it is in use and was asked before.
    Unsaid,
    /// `existing_data`.
    Announced,
    /// Its volumes, which an earlier instance left: their claims.
    Retained(String),
    /// The instance, which another tool made and which was in use, wherever its data is.
    Adopted,
}

impl Data {
    /// What follows for an instance from what was found before anything is changed.
    pub(super) fn expected(model: &InstanceModel, stage: Stage, found: &Found) -> Self {
        match stage {
            Stage::Adopting => Data::Adopted,
            Stage::Updating | Stage::Created => Data::Unsaid,
            Stage::Creating | Stage::Opened if model.couchdb.existing_data => Data::Announced,
            Stage::Creating | Stage::Opened => {
                let earlier = volumes::earlier(found, &model.namespace);
                if earlier.is_empty() {
                    return Data::Unsaid;
                }
                let names: Vec<String> = earlier.objects().map(|live| live.key().to_string()).collect();
                Data::Retained(names.join(", "))
            }
        }
    }
}

impl Database<'_> {
    /// Waits until CouchDB lets the administrator in, is complete, and has its data.
    pub(super) async fn check(&self, cx: &Context<InstanceResource>, access: &Access) -> Result<(), Diagnostics> {
        let couchdb = self.model.couchdb.spec();
        let Some(first) = couchdb.members().next() else {
            return Ok(());
        };
        // With a public address, it need not be allowed to forward ports.
        if couchdb.is_clustered() || self.model.api_access.is_none() {
            self.wait_for_login(cx, access, &first).await?;
        }
        if couchdb.is_clustered() {
            self.wait_for_members(cx, access, &couchdb, &first).await?;
        }
        if self.data == Data::Unsaid {
            return Ok(());
        }
        self.find_data(cx, access, &first).await
    }

    /// Waits until CouchDB lets the administrator in. It keeps the password that its volume was first used with, and
    /// before CHT 5.2 a restart could take its administrator away. HAProxy is locked out then as well, and the
    /// application only seems to be down.
    async fn wait_for_login(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        first: &Member<'_>,
    ) -> Result<(), Diagnostics> {
        let patience = self.patience();
        cx.wait(LOGIN, Backoff::QUICK, || async {
            let status = match self.client(cx, access, first).couch_up().await {
                Ok(()) => return Ok(Progress::Ready(())),
                Err(Error::Unauthorized { .. }) => return Err(application::unauthorized()),
                Err(error) => application::status(&error)?,
            };
            patience.check(LOGIN, &status)?;
            Ok(Progress::Pending(status))
        })
        .await
    }

    async fn wait_for_members(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        couchdb: &CouchDb,
        first: &Member<'_>,
    ) -> Result<(), Diagnostics> {
        let expected = couchdb.members().map(|member| self.node_name(&member)).collect();
        let assembly = Mutex::new(Assembly::new(expected, Instant::now()));
        let patience = self.patience();
        let pending = |status: String| {
            patience.check(CLUSTER, &status)?;
            Ok(Progress::Pending(status))
        };
        cx.wait(CLUSTER, Backoff::QUICK, || async {
            let membership = match self.client(cx, access, first).membership().await {
                Ok(membership) => membership,
                Err(Error::Unauthorized { .. }) => return Err(application::unauthorized()),
                Err(error) => return pending(application::status(&error)?),
            };
            match assembly.lock().await.judge(&membership, Instant::now()) {
                Verdict::Complete => Ok(Progress::Ready(())),
                Verdict::Incomplete(status) => pending(status),
                Verdict::GivenUp => {
                    tracing::warn!("the CouchDB cluster was never finished, so its first node is started anew");
                    self.restart(access, first).await?;
                    pending("the first node is started anew, to bring the missing ones in".to_owned())
                }
            }
        })
        .await
        .map_err(|failure| failure.at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::NODES)))
    }

    async fn find_data(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        first: &Member<'_>,
    ) -> Result<(), Diagnostics> {
        let began = Instant::now();
        cx.wait("CouchDB to open its data", Backoff::QUICK, || async {
            match self.client(cx, access, first).document_count().await {
                Ok(Some(count)) if count > 0 => {
                    tracing::info!(count, "CouchDB found existing documents");
                    Ok(Progress::Ready(()))
                }
                Ok(_) => Err(self.no_data()),
                Err(Error::Unauthorized { .. }) => Err(application::unauthorized()),
                Err(error) if began.elapsed() < OPENING_PATIENCE => Ok(Progress::Pending(application::status(&error)?)),
                Err(error) => Err(self.not_opened(&error)),
            }
        })
        .await
    }

    fn no_data(&self) -> Diagnostics {
        let (missed, advice) = match &self.data {
            Data::Adopted => return data_lost_sight_of(),
            Data::Announced | Data::Unsaid => (
                "although `existing_data` says that they are there".to_owned(),
                "Check that the volumes are the right ones, and",
            ),
            Data::Retained(volumes) => (
                format!("although an earlier instance left its volumes here ({volumes})"),
                "If that instance never held any data, or they are not needed, destroy this one, which leaves the volumes, and \
                 delete them. Otherwise check that the claims are bound to the volumes that they had, and",
            ),
        };
        let data_path = &self.model.couchdb.data_path;
        Diagnostic::error(
            "No data found in the volume",
            format!(
                "CouchDB runs, but it holds no documents of CHT, {missed}. Nothing else was started, so there is no empty CHT \
                 beside the real data.\n\n{advice} that the data is in the directory that `data_path` names, `{data_path}`: \
                 data of CHT 3 is usually in `storage/medic-core/couchdb/data`. The next apply starts over."
            ),
        )
        .at(self.blamed())
        .into()
    }

    fn not_opened(&self, error: &Error) -> Diagnostics {
        Diagnostic::error(
            "CouchDB cannot open its data",
            format!(
                "{}.\n\nIn a cluster each node has a part of the data, which only works under the names that the nodes had \
                 before: check that the namespace, the cluster domain, the number of the nodes and the order of their volumes \
                 are those of the earlier instance.",
                error_chain(error)
            ),
        )
        .at(self.blamed())
        .into()
    }

    /// The attribute that says that there is data.
    fn blamed(&self) -> Path {
        let couchdb = Path::new(InstanceModel::COUCHDB);
        match self.data {
            Data::Unsaid | Data::Retained(_) => couchdb,
            Data::Announced | Data::Adopted => couchdb.attribute(Couchdb::EXISTING_DATA),
        }
    }

    /// Lets a node start anew: its Deployment makes another pod for the one that is deleted.
    async fn restart(&self, access: &Access, member: &Member<'_>) -> Result<(), Diagnostics> {
        let labels = format!("cht.service={}", member.component());
        let restarted = access.cluster.delete_pods(&self.model.namespace, &labels).await;
        restarted.map_err(access.explain("Unable to restart CouchDB"))
    }

    fn patience(&self) -> Patience {
        match self.stage {
            Stage::Creating | Stage::Opened => Patience::of_operation(),
            Stage::Adopting | Stage::Updating | Stage::Created => Patience::of_start(self.model),
        }
    }

    fn node_name(&self, member: &Member<'_>) -> String {
        let InstanceModel {
            namespace,
            cluster_domain,
            ..
        } = self.model;
        format!("couchdb@{}.{namespace}.svc.{cluster_domain}", member.component())
    }

    /// A client for one look: the pod may be another one at the next.
    fn client(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        member: &Member<'_>,
    ) -> Client<PortForwardTransport> {
        let login = Login {
            user: self.model.couchdb.admin_user.clone(),
            password: self.credentials.admin_password.clone(),
        };
        let (namespace, domain) = (&self.model.namespace, &self.model.cluster_domain);
        let (forwards, node) = (cx.clients().forwards(), member.component());
        let transport = PortForwardTransport::to_couchdb(forwards, &access.cluster, namespace, domain, &node);
        Client::new(transport, Some(login))
    }
}

/// The words for an instance that another tool made.
fn data_lost_sight_of() -> Diagnostics {
    Diagnostic::error(
        "No data found in the volume",
        "CouchDB runs, but it holds no documents of CHT, so what it has now is not what it had before the import. Nothing else \
         was started, so there is no empty CHT beside the real data, and no volume was deleted.\n\nCompare the volumes of \
         CouchDB's pods with those of the earlier revision of their Deployments (`kubectl rollout history`), let `couchdb.nodes` \
         and `data_path` name what was there, and apply again. An instance that never held any data does not have to be \
         adopted: delete it, and make a new one.",
    )
    .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::NODES))
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, couchdb, minimal, state, with};

    #[test]
    fn what_says_that_there_is_data_is_the_configuration_or_what_an_earlier_instance_left() {
        let new = state(&minimal());
        let announced = state(&with(couchdb(json!({"existing_data": true}))));
        let left = cluster(&new, Stage::Created, &["terraform-provider-cht"]);
        let (nothing, creating) = (Found::default(), Stage::Creating);
        assert_eq!(Data::expected(&new, creating, &nothing), Data::Unsaid);
        assert_eq!(Data::expected(&announced, Stage::Opened, &left), Data::Announced);
        let claim = "PersistentVolumeClaim cht-kisumu/couchdb-claim0".to_owned();
        assert_eq!(Data::expected(&new, creating, &left), Data::Retained(claim));
        assert_eq!(Data::expected(&announced, Stage::Updating, &left), Data::Unsaid);
        assert_eq!(Data::expected(&new, Stage::Adopting, &nothing), Data::Adopted);
    }
}
