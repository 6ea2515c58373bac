//! Gives the cluster new keys for the encryption of Secrets, act by act as [`encryption`] says.

use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::Diagnostics;

use crate::k3s::fleet::restore::act;
use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::{Fleet, Looked, StepError, Stopped};
use crate::k3s::rollout::encryption::{self, KeyRotation, KeyStep};
use crate::provider::Clients;

impl Fleet {
    /// Changes the keys, and restarts one server after the other. A run that was killed is brought to an end first, and
    /// then the keys are changed once more. The hosts that answered `before` are locked.
    ///
    /// # Errors
    /// A server is down, k3s cannot do it, or an act does not work.
    pub async fn rotate_keys(&self, scope: &Scope<Clients>, before: &Looked) -> Result<Looked, Stopped> {
        let mut run = Run::new(self, scope);
        run.lock(before).await?;
        let mut rotation = KeyRotation::default();
        loop {
            let looked = self.look().await;
            run.lock(&looked).await?;
            let change = "change the keys for the encryption of Secrets";
            let step = run.next_key_step(&looked, &rotation).await;
            let Some(step) = step.map_err(|error| act(change, error))? else {
                return Ok(looked);
            };
            tracing::info!(step = %step, "carrying out a step");
            let done = run.change_keys(&looked, &step).await;
            done.map_err(|error| act(&step.to_string(), error))?;
            rotation.done(&step);
        }
    }
}

impl Run<'_> {
    async fn next_key_step(&self, looked: &Looked, rotation: &KeyRotation) -> Result<Option<KeyStep>, StepError> {
        let healthy = self.fleet.spec.servers.keys().find(|name| looked.is_healthy(name));
        let status = match healthy {
            Some(name) => self.host(name)?.encryption().await?,
            None => encryption::Encryption::default(),
        };
        let (wanted, seen) = (self.fleet.wanted(), self.fleet.seen(looked));
        Ok(encryption::next(&wanted, &seen, &status, rotation)?)
    }

    async fn change_keys(&mut self, looked: &Looked, step: &KeyStep) -> Result<(), StepError> {
        match step {
            KeyStep::Rotate { on } => Ok(self.host(on)?.rotate_keys().await?),
            KeyStep::Restart { server } => self.restart(looked, server, None).await,
            KeyStep::Await { on } => {
                let host = self.host(on)?;
                let what = "all Secrets to be encrypted with the new key";
                let waited = self.scope.wait(what, Backoff::QUICK, || async {
                    Ok::<_, Diagnostics>(match host.encryption().await {
                        Ok(status) if status.goes_on() => Progress::Pending(status.stage),
                        Ok(_) => Progress::Ready(Ok(())),
                        Err(error) if error.may_pass() => Progress::Pending("the server does not answer".to_owned()),
                        Err(error) => Progress::Ready(Err(error.into())),
                    })
                });
                waited.await.map_err(StepError::Waited)?
            }
        }
    }
}
