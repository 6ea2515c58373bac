//! Tasks of the vCenter, from their start to their end, and looks at the machine between them.

use std::time::{Duration, Instant};

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::diagnostics::explained;
use super::super::error::Error;
use super::super::machine::{Machine, PowerState};
use super::super::reference::Reference;
use super::super::task::run::Runner;
use super::super::vcenter::VCenter;
use super::VirtualMachineResource;

const SUMMARY: &str = "Unable to change the virtual machine";

/// What works on machines, for as long as the operation may take.
#[derive(Clone, Copy)]
pub(super) struct Tasks<'a> {
    pub(super) cx: &'a Context<VirtualMachineResource>,
    pub(super) vcenter: &'a VCenter,
}

impl Tasks<'_> {
    /// Reads the machine, which has to be there.
    pub(super) async fn look(&self, object: &Reference) -> Result<Machine, Diagnostics> {
        let read = self.vcenter.machine(object).await.map_err(explained(SUMMARY))?;
        read.ok_or_else(|| explained(SUMMARY)(Error::Gone { object: object.clone() }))
    }

    /// Starts a task and waits until it is done. What else works on the machine goes first.
    pub(super) async fn run<F>(&self, what: &str, start: impl Fn() -> F) -> Result<Option<Reference>, Diagnostics>
    where
        F: Future<Output = Result<Reference, Error>>,
    {
        let runner = Runner {
            cx: self.cx,
            vcenter: self.vcenter,
            explain: &explained(SUMMARY),
        };
        runner.run(what, start).await
    }

    /// Shuts the guest down, or powers the machine off if it does not within its time.
    pub(super) async fn power_off(&self, machine: &Machine, limit: Duration) -> Result<(), Diagnostics> {
        let began = Instant::now();
        let asked = machine.guest.tools_running && {
            let shut_down = self.vcenter.shut_down_guest(&machine.object).await;
            shut_down
                .inspect_err(|error| tracing::warn!(%error, "the guest could not be asked to shut down"))
                .is_ok()
        };
        let what = format!("the guest of {} to shut down", machine.name);
        let is_off = self
            .cx
            .wait(&what, Backoff::QUICK, || async {
                let power = self.look(&machine.object).await?.power;
                Ok::<_, Diagnostics>(match power {
                    PowerState::Off => Progress::Ready(true),
                    _ if !asked || began.elapsed() >= limit => Progress::Ready(false),
                    _ => Progress::Pending("it still runs".to_owned()),
                })
            })
            .await?;
        if is_off {
            return Ok(());
        }
        let what = format!("{} to be powered off", machine.name);
        self.run(&what, || self.vcenter.power_off(&machine.object))
            .await
            .map(|_| ())
    }
}
