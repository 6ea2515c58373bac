//! `data.cht_monitoring`: what a CHT instance counts of itself.
//!
//! API: `/api/v2/monitoring`, see [`super::monitoring`]; the attributes have its names and shape. What the instance
//! cannot find out is null here, never `-1`.

use std::collections::BTreeMap;

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Model};

use crate::cht::application::{Application, InstanceAddress, Task, attribute};
use crate::cht::monitoring as api;
use crate::provider::Clients;

const READ: Task = Task::new("Unable to read the CHT monitoring");

/// Looks up what a CHT instance counts of itself: documents, work that waits, messages, conflicts.
///
/// The attributes have the names of CHT's own monitoring API. What the instance cannot find out is null. In a healthy
/// instance the backlogs and failed messages go to 0.
#[derive(Clone, Model)]
pub struct MonitoringModel {
    /// The CHT instance. Neither a login nor the permission to read secrets is needed.
    pub instance: InstanceAddress,
    /// Versions that run.
    pub version: Attr<Versions>,
    /// Databases.
    pub couchdb: Attr<Databases>,
    /// The server's clock.
    pub date: Attr<Date>,
    /// The background processor.
    pub sentinel: Attr<Backlog>,
    /// Pushes to other systems.
    pub outbound_push: Attr<Backlog>,
    /// Text messages.
    pub messaging: Attr<Messaging>,
    /// Errors that users' devices reported.
    pub feedback: Attr<Count>,
    /// Documents in conflict.
    pub conflict: Attr<Count>,
    /// Users who have more documents than a device should hold.
    pub replication_limit: Attr<Count>,
    /// Users whose replication failed of late; null before CHT 5.2.
    pub replication_failure: Attr<Count>,
    /// Users who connected in the last seven days.
    pub connected_users: Attr<Count>,
}

/// Versions that run.
#[derive(Clone, Model)]
pub struct Versions {
    /// CHT.
    pub app: Attr<String>,
    /// Node.js.
    pub node: Attr<String>,
    /// CouchDB.
    pub couchdb: Attr<String>,
}

/// Databases.
#[derive(Clone, Model)]
pub struct Databases {
    /// Contacts and reports.
    pub medic: Attr<Database>,
    /// What Sentinel remembers of them.
    pub sentinel: Attr<Database>,
    /// What users' devices report.
    pub usersmeta: Attr<Database>,
    /// Log-ins.
    pub users: Attr<Database>,
}

/// One database.
#[derive(Clone, Model)]
pub struct Database {
    /// Name in CouchDB.
    pub name: Attr<String>,
    /// Number of documents.
    pub doc_count: Attr<u64>,
    /// Number of deleted documents.
    pub doc_del_count: Attr<u64>,
    /// Size on disk over the size of what is in it; null while the database is empty.
    pub fragmentation: Attr<f64>,
    /// Sizes.
    pub sizes: Attr<Sizes>,
}

/// Sizes of a database.
#[derive(Clone, Model)]
pub struct Sizes {
    /// What is in the database, in bytes.
    pub active: Attr<u64>,
    /// What it takes on disk, in bytes.
    pub file: Attr<u64>,
}

/// The server's clock.
#[derive(Clone, Model)]
pub struct Date {
    /// Now, in milliseconds since 1970.
    pub current: Attr<u64>,
    /// Time since the API started, in seconds.
    pub uptime: Attr<f64>,
}

/// Work that waits.
#[derive(Clone, Model)]
pub struct Backlog {
    /// Number of changes that wait.
    pub backlog: Attr<u64>,
}

/// A number of things.
#[derive(Clone, Model)]
pub struct Count {
    /// How many there are.
    pub count: Attr<u64>,
}

/// Text messages.
#[derive(Clone, Model)]
pub struct Messaging {
    /// Messages that the instance sends.
    pub outgoing: Attr<Outgoing>,
}

/// Messages that the instance sends.
#[derive(Clone, Model)]
pub struct Outgoing {
    /// All messages.
    pub total: Attr<MessageCounts>,
    /// Messages of the last seven days.
    pub seven_days: Attr<MessageCounts>,
    /// The last hundred messages of each group (`pending`, `final`, `muted`), by status.
    pub last_hundred: Attr<BTreeMap<String, BTreeMap<String, u64>>>,
}

/// Messages by state.
#[derive(Clone, Model)]
pub struct MessageCounts {
    /// Messages to be sent now.
    pub due: Attr<u64>,
    /// Messages to be sent later.
    pub scheduled: Attr<u64>,
    /// Messages not to be sent any more.
    pub muted: Attr<u64>,
    /// Messages that could not be sent.
    pub failed: Attr<u64>,
    /// Messages that were delivered.
    pub delivered: Attr<u64>,
}

/// Looks up the monitoring of one instance.
#[derive(Debug)]
pub struct MonitoringDataSource;

impl DataSource for MonitoringDataSource {
    type Model = MonitoringModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_monitoring";

    fn validate(&self, config: &MonitoringModelDraft, diagnostics: &mut Diagnostics) {
        attribute::validate_visit(&config.instance, diagnostics);
    }

    async fn read(&self, scope: &Scope<Clients>, config: MonitoringModel) -> Result<MonitoringModel, Diagnostics> {
        let application = Application::visit(scope, &config.instance).await?;
        let found = application
            .attempt(scope, &READ, || application.client.monitoring())
            .await?;
        Ok(MonitoringModel::new(config.instance, found))
    }
}

impl MonitoringModel {
    fn new(instance: InstanceAddress, found: api::Monitoring) -> Self {
        let count = |count: api::Count| Count {
            count: count.count.into(),
        };
        let backlog = |backlog: api::Backlog| {
            Attr::Known(Backlog {
                backlog: backlog.backlog.into(),
            })
        };
        MonitoringModel {
            instance,
            version: Attr::Known(Versions {
                app: found.version.app.into(),
                node: found.version.node.into(),
                couchdb: found.version.couchdb.into(),
            }),
            couchdb: Attr::Known(Databases {
                medic: database(found.couchdb.medic),
                sentinel: database(found.couchdb.sentinel),
                usersmeta: database(found.couchdb.usersmeta),
                users: database(found.couchdb.users),
            }),
            date: Attr::Known(Date {
                current: found.date.current.into(),
                uptime: found.date.uptime.into(),
            }),
            sentinel: backlog(found.sentinel),
            outbound_push: backlog(found.outbound_push),
            messaging: found.messaging.map(messaging).into(),
            feedback: Attr::Known(count(found.feedback)),
            conflict: Attr::Known(count(found.conflict)),
            replication_limit: found.replication_limit.map(count).into(),
            replication_failure: found.replication_failure.map(count).into(),
            connected_users: found.connected_users.map(count).into(),
        }
    }
}

fn database(found: api::Database) -> Attr<Database> {
    Attr::Known(Database {
        name: found.name.into(),
        doc_count: found.doc_count.into(),
        doc_del_count: found.doc_del_count.into(),
        fragmentation: found.fragmentation.into(),
        sizes: Attr::Known(Sizes {
            active: found.sizes.active.into(),
            file: found.sizes.file.into(),
        }),
    })
}

fn messaging(found: api::Messaging) -> Messaging {
    let counts = |found: api::MessageCounts| {
        Attr::Known(MessageCounts {
            due: found.due.into(),
            scheduled: found.scheduled.into(),
            muted: found.muted.into(),
            failed: found.failed.into(),
            delivered: found.delivered.into(),
        })
    };
    let outgoing = Outgoing {
        total: counts(found.outgoing.total),
        seven_days: counts(found.outgoing.seven_days),
        last_hundred: Attr::Known(found.outgoing.last_hundred),
    };
    Messaging {
        outgoing: Attr::Known(outgoing),
    }
}
