//! One instance after the other in a namespace of their own, through a server that can be told to fail.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance_tests::cluster::faults::{Call, Fault, FaultyServer};
use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use terraform_provider_cht::provider::ChtProvider;
use tf_framework::testing::Core;

use super::live;
use crate::support::{CONFIG_MAP, lab};

/// No operation takes that long, whatever fails once.
const LIMIT: Duration = Duration::from_secs(240);

/// What is done to an instance, in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Operation {
    Create,
    /// A plan, with its refresh, that finds nothing to do.
    Plan,
    Update,
    Delete,
}

pub(super) const OPERATIONS: [Operation; 4] =
    [Operation::Create, Operation::Plan, Operation::Update, Operation::Delete];

/// One row of the matrix: an operation, one of its calls, and what happens to that.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) operation: Operation,
    pub(super) call: Call,
    pub(super) fault: Fault,
}

/// What an undisturbed instance calls for each operation, and looks like after it.
#[derive(Debug, Default)]
pub(super) struct Undisturbed {
    pub(super) calls: BTreeMap<Operation, Vec<Call>>,
    objects: BTreeMap<Operation, live::Fields>,
}

/// How a case went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Went {
    /// The operation went on as if nothing had happened.
    Survived,
    /// The operation failed, told so, and the next one put it right.
    Told,
    /// The call was not made this time.
    Missed,
}

/// A namespace, and the way to it.
pub(super) struct Lane {
    namespace: String,
    client: Client,
    token: &'static str,
    server: FaultyServer,
    core: Core<ChtProvider>,
}

impl Lane {
    pub(super) async fn new(namespace: &str) -> Self {
        let cluster = &lab().await.cluster;
        Lane {
            namespace: namespace.to_owned(),
            client: cluster.client().expect("a client"),
            token: cluster.admin_token(),
            server: FaultyServer::start(cluster).await.expect("a server"),
            core: Core::new(ChtProvider, "cht_instance"),
        }
    }

    /// Lets an instance live undisturbed, and takes notes.
    pub(super) async fn take_notes(&mut self) -> Undisturbed {
        let mut notes = Undisturbed::default();
        for operation in OPERATIONS {
            self.server.record();
            self.run(operation).await.expect("nothing disturbs it");
            notes.calls.insert(operation, self.server.calls());
            let objects = live::objects(&self.client, &self.namespace).await;
            notes.objects.insert(operation, objects);
        }
        notes
    }

    /// Runs an operation without a fault, to get to the next.
    pub(super) async fn pass(&mut self, operation: Operation) -> Result<(), String> {
        self.run(operation).await
    }

    /// Runs a case, and checks everything that has to be so after it.
    pub(super) async fn play(&mut self, case: &Case, undisturbed: &Undisturbed) -> Result<Went, String> {
        let operation = case.operation;
        self.server.fail(case.call.clone(), case.fault);
        let result = self.run(operation).await;
        let played = self.server.heal();
        if operation == Operation::Delete && self.was_told_that_the_namespace_was_kept() {
            self.adopt_the_namespace().await?;
        }
        let went = match result {
            Ok(()) if played => Went::Survived,
            Ok(()) => Went::Missed,
            Err(error) => {
                self.is_accounted_for(operation, &error).await?;
                is_told(&error, case.fault)?;
                self.recover(operation, case.call.nth).await?;
                Went::Told
            }
        };
        let objects = live::objects(&self.client, &self.namespace).await;
        let expected = undisturbed.objects.get(&operation).cloned().unwrap_or_default();
        let differences = live::differences(&objects, &expected);
        if !differences.is_empty() {
            return Err(format!("the cluster differs: {differences:#?}"));
        }
        match operation {
            Operation::Delete => live::is_gone(&self.client, &self.namespace).await?,
            Operation::Create | Operation::Update => self.is_settled(operation).await?,
            Operation::Plan => {}
        }
        Ok(went)
    }

    fn was_told_that_the_namespace_was_kept(&mut self) -> bool {
        let warnings = self.core.take_warnings();
        warnings.to_string().contains("Namespace was kept")
    }

    /// A namespace of which nobody may know whether it is empty is all that a deletion may leave: the next instance has
    /// it, and takes it along.
    async fn adopt_the_namespace(&mut self) -> Result<(), String> {
        let left = live::objects(&self.client, &self.namespace).await;
        if let Some(other) = left.keys().find(|name| !name.starts_with("Namespace ")) {
            return Err(format!("not only the namespace was kept: {other}"));
        }
        self.run(Operation::Create).await?;
        self.run(Operation::Delete).await
    }

    /// After a failure, what is in the cluster is in the state.
    async fn is_accounted_for(&self, operation: Operation, error: &str) -> Result<(), String> {
        match (operation, self.core.state()) {
            (Operation::Create, Some(_)) if !self.core.is_tainted() => {
                Err(format!("a creation failed and its object is not tainted: {error}"))
            }
            (Operation::Plan | Operation::Update | Operation::Delete, Some(_)) if self.core.is_tainted() => Err(
                format!("an object is tainted by something else than its creation: {error}"),
            ),
            (_, Some(_)) => Ok(()),
            (_, None) => live::is_gone(&self.client, &self.namespace)
                .await
                .map_err(|left| format!("an orphan ({left}) after: {error}")),
        }
    }

    /// Puts right what failed: a creation by finishing it in place or by starting over, a deletion by another, or by
    /// making the instance whole first.
    async fn recover(&mut self, operation: Operation, nth: usize) -> Result<(), String> {
        let in_place = nth.is_multiple_of(2);
        match operation {
            Operation::Create if in_place => self.core.untaint(),
            Operation::Delete if in_place => self.make_whole().await?,
            Operation::Create | Operation::Plan | Operation::Update | Operation::Delete => {}
        }
        let again = self.run(operation).await;
        again.map_err(|error| format!("the next run fails: {error}"))
    }

    /// Makes an instance whole whose deletion failed. Once its data is gone that is refused: it would be empty.
    async fn make_whole(&mut self) -> Result<(), String> {
        match self.run(Operation::Update).await {
            Err(error) if error.contains("Data volume is gone") && !self.has_data().await => Ok(()),
            made => made,
        }
    }

    async fn has_data(&self) -> bool {
        let objects = live::objects(&self.client, &self.namespace).await;
        objects.keys().any(|name| name.starts_with("PersistentVolumeClaim "))
    }

    /// Lets the instance look as if no plan had come since its creation, of which the first notes that it was saved.
    async fn is_as_first_planned(&self) {
        let records = CONFIG_MAP.api(&self.client, &self.namespace);
        let (params, unsaved) = (
            PatchParams::default(),
            Patch::Merge(json!({ "data": { "saved": null } })),
        );
        let patched = records.patch("terraform-provider-cht", &params, &unsaved).await;
        patched.expect("there is a record");
    }

    async fn is_settled(&mut self, operation: Operation) -> Result<(), String> {
        let config = self.config(operation);
        let plan = self.core.plan(config).await.map_err(|error| error.to_string())?;
        if plan.is_empty() {
            Ok(())
        } else {
            Err(format!("there is still something to do: {:?}", self.core.state()))
        }
    }

    async fn run(&mut self, operation: Operation) -> Result<(), String> {
        let config = self.config(operation);
        let run = async {
            match operation {
                Operation::Create | Operation::Update => self.core.apply(config).await.map(drop),
                Operation::Plan => {
                    self.is_as_first_planned().await;
                    return self.is_settled(operation).await;
                }
                Operation::Delete => self.core.destroy().await,
            }
            .map_err(|diagnostics| diagnostics.to_string())
        };
        let ended = tokio::time::timeout(LIMIT, run).await;
        ended.map_err(|_| format!("it hangs; last calls: {:?}", self.server.calls().iter().rev().take(5)))?
    }

    /// An instance with an ingress; after the update it has none, and its API and Sentinel start anew.
    fn config(&self, operation: Operation) -> Value {
        let mut config = json!({
            "namespace": self.namespace,
            "cht_version": "5.3.1",
            "host": format!("{}.health.example", self.namespace),
            "kubernetes": {
                "host": self.server.host(),
                "cluster_ca_certificate": self.server.ca_pem(),
                "token": self.token,
            },
            "couchdb": {
                "storage_size": "1Gi",
                "admin_password": "correct horse battery",
                "secret": "0f0e0d0c0b0a09080706050403020100",
                "uuid": "00112233445566778899aabbccddeeff",
            },
            "deletion_protection": false,
            "retain_volumes": false,
        });
        if matches!(operation, Operation::Create | Operation::Plan) {
            config["ingress"] = json!({"class": "lab"});
        } else {
            config["api"] = json!({"log_level": "debug"});
            config["sentinel"] = json!({"env": {"TZ": "Africa/Nairobi"}});
        }
        config
    }
}

/// Checks that an error says what happened.
fn is_told(error: &str, fault: Fault) -> Result<(), String> {
    let words = match fault {
        Fault::Forbidden => "not allowed to",
        Fault::Outage => "https://127.0.0.1:",
        _ => return Err(format!("it should have been tried again: {error}")),
    };
    if error.to_lowercase().contains(words) {
        Ok(())
    } else {
        Err(format!("the error does not say {words:?}: {error}"))
    }
}
