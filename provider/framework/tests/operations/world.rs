//! Where the things of the tests exist, and the scripts by which operations on them behave.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use secrecy::ExposeSecret;
use tf_framework::context::{Backoff, Context, Progress, Scope};
use tf_framework::diagnostics::{Deferral, Diagnostic, Diagnostics};
use tokio::sync::Notify;

use crate::thing::{Clients, Thing, ThingModel};

/// What an operation does beside its work, in the order of a script.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Checkpoint,
    Warn,
    Fail,
    /// Fails, as it is too early.
    NotYet(Deferral),
    FailWithoutSayingWhy,
    Panic,
    /// A panic whose text quotes the passphrase.
    PanicTellingSecrets,
    /// Tells the test that the operation has come this far.
    Arrive,
    /// Does not end, whatever happens.
    Hang,
    /// Waits, as it should be done, for what never happens.
    WaitInVain,
    /// Does these steps, and goes on if they fail.
    Tolerate(&'static [Step]),
    /// Answers something else than the truth.
    Change(fn(&mut ThingModel)),
    /// Plans another revision each time.
    PlanAnything,
    /// Plans that the thing is another one.
    PlanOtherId,
    /// Keeps this beside the state, as the length of a passphrase.
    Keep(usize),
}

/// All things, and what the operations on them shall do.
#[derive(Default)]
pub(crate) struct World {
    things: Mutex<BTreeMap<String, (String, i64)>>,
    scripts: Mutex<BTreeMap<&'static str, Vec<Step>>>,
    log: Mutex<Vec<String>>,
    arrived: Notify,
}

impl World {
    pub(crate) fn script(&self, operation: &'static str, steps: &[Step]) {
        self.scripts.lock().unwrap().insert(operation, steps.to_vec());
    }

    /// What has been called since the last time.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    pub(crate) fn log_length(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// Waits until an operation is at [`Step::Arrive`]; where time is paused, an hour without it passes at once.
    pub(crate) async fn arrival(&self) {
        let hour = Duration::from_secs(3600);
        tokio::time::timeout(hour, self.arrived.notified())
            .await
            .expect("the operation arrives");
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.things.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn remove(&self, id: &str) {
        self.things.lock().unwrap().remove(id);
    }

    pub(crate) fn resize(&self, id: &str, size: i64) {
        self.things.lock().unwrap().get_mut(id).unwrap().1 = size;
    }

    pub(crate) fn make(&self, model: &ThingModel) -> String {
        let mut things = self.things.lock().unwrap();
        let id = format!("{}-id", model.name);
        things.insert(id.clone(), (model.name.clone(), model.size));
        id
    }

    pub(crate) fn find(&self, id: &str) -> Option<(String, i64)> {
        self.things.lock().unwrap().get(id).cloned()
    }

    pub(crate) fn log(&self, line: String) {
        self.log.lock().unwrap().push(line);
    }

    pub(crate) fn steps(&self, operation: &str) -> Vec<Step> {
        self.scripts.lock().unwrap().get(operation).cloned().unwrap_or_default()
    }

    pub(crate) async fn play(
        &self,
        cx: &Context<Thing>,
        operation: &str,
        model: &mut ThingModel,
    ) -> Result<(), Diagnostics> {
        for step in self.steps(operation) {
            match step {
                Step::Checkpoint => cx.checkpoint(model),
                Step::Change(change) => change(model),
                Step::PanicTellingSecrets => {
                    let passphrase = model.passphrase.get().expect("a passphrase").expose_secret();
                    panic!("bad passphrase {passphrase}");
                }
                Step::Tolerate(steps) => {
                    for step in steps {
                        self.play_simple(cx, *step)
                            .await
                            .expect_err("there was something to tolerate");
                    }
                }
                other => self.play_simple(cx, other).await?,
            }
        }
        Ok(())
    }

    pub(crate) async fn play_simple(&self, scope: &Scope<Clients>, step: Step) -> Result<(), Diagnostics> {
        match step {
            Step::Warn => scope.warn(Diagnostic::warning("Odd thing", "It works even so.")),
            Step::Fail => return Err(Diagnostics::error("Unable to do it", "The test wants it so.")),
            Step::NotYet(reason) => {
                return Err(Diagnostics::error("Too early", "Something has to be there first.").or_defer(reason));
            }
            Step::FailWithoutSayingWhy => return Err(Diagnostics::new()),
            Step::Panic => panic!("a defect"),
            Step::Arrive => self.arrived.notify_one(),
            Step::Hang => std::future::pending().await,
            Step::WaitInVain => {
                let pending = || async { Ok::<Progress<()>, Diagnostics>(Progress::Pending("half done".into())) };
                scope.wait("the thing", Backoff::QUICK, pending).await?;
            }
            Step::Checkpoint
            | Step::Change(_)
            | Step::PanicTellingSecrets
            | Step::PlanAnything
            | Step::PlanOtherId
            | Step::Keep(_)
            | Step::Tolerate(_) => {
                panic!("no step of this operation")
            }
        }
        Ok(())
    }
}
