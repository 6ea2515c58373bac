//! A provider for the tests that need a process of their own: its one resource behaves as its configuration says.
//!
//! `--debug` is the reattach mode; `--panic` makes the provider panic before it can be asked for anything.
#![expect(clippy::panic, reason = "the tests look at what becomes of a panic")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Empty;
use tf_framework::provider::{Provider, ResourceEntry};
use tf_framework::resource::Resource;
use tf_framework::{Attr, ImportBy, Model, NoIdentity};

fn main() -> ExitCode {
    tf_framework::serve(TestProvider, &["test_provider"])
}

struct TestProvider;

impl Provider for TestProvider {
    type Model = Empty;
    type Clients = ();

    const NAME: &'static str = "test";
    const ADDRESS: &'static str = "registry.terraform.io/medic/test";

    async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<ResourceEntry<()>> {
        if std::env::args().any(|argument| argument == "--panic") {
            panic!("there are no resources");
        }
        vec![ResourceEntry::new(Thing)]
    }
}

/// A thing.
#[derive(Model)]
struct ThingModel {
    /// What its creation does: `wait`, `tidy up`, `panic`, `panic elsewhere`, `log`, or nothing in particular.
    behavior: String,
    /// Its id.
    id: Attr<String>,
}

struct Thing;

impl Resource for Thing {
    type Model = ThingModel;
    type Clients = ();
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "test_thing";

    async fn create(&self, cx: &Context<Self>, mut plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        plan.id = Attr::Known("thing".to_owned());
        cx.checkpoint(&plan);
        tracing::debug!("made a thing");
        let pending = || async { Ok::<Progress<()>, Diagnostics>(Progress::Pending("half done".to_owned())) };
        match plan.behavior.as_str() {
            "wait" => cx.wait("the thing", Backoff::QUICK, pending).await?,
            "tidy up" => {
                let cancelled = cx.wait("the thing", Backoff::QUICK, pending).await;
                // As remote calls do, this takes some time.
                tokio::time::sleep(Duration::from_millis(200)).await;
                tracing::debug!("tidied up");
                cancelled?;
            }
            "panic" => panic!("a panic that is caught"),
            "panic elsewhere" => {
                let task = tokio::spawn(async { panic!("a panic that nobody catches") });
                assert!(task.await.is_err_and(|error| error.is_panic()));
            }
            "log" => log_what_is_hard_to_log(),
            _ => {}
        }
        Ok(plan)
    }

    async fn read(&self, _: &Context<Self>, state: ThingModel) -> Result<Option<ThingModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context<Self>, _: ThingModel, plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        Ok(plan)
    }

    async fn delete(&self, _: &Context<Self>, _: ThingModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<ThingModel, Diagnostics> {
        Err(Diagnostics::error("Unable to import", "There is nothing to import."))
    }
}

fn log_what_is_hard_to_log() {
    tracing::error!("an error");
    tracing::warn!(body = "ä".repeat(1 << 20), "a warning of two megabytes");
    let latin = b"caf\xe9";
    tracing::info!(bytes = ?latin, path = %Path::new(OsStr::from_bytes(latin)).display(), "not UTF-8");
    tracing::debug!(lines = "one\ntwo\r\n\u{1b}[31m\u{0}\u{2028}", "control characters");
    tracing::trace!(message = 7, ratio = f64::NAN, missing = tracing::field::Empty);
    tracing::trace!({ "@timestamp" } = 1, { "@level" } = true, "keys of the header");
    tracing::info!(target: "hyper", "a dependency");
}
