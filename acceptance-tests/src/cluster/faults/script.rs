//! What was agreed about the calls, and which of them were made.

use std::collections::HashMap;

use super::{Call, Fault};

/// How many connections, or calls on those that were open, an outage ends: all tries of a few calls at once.
const OUTAGE: usize = 24;

/// The calls so far, and what is to happen to those that come.
#[derive(Debug, Default)]
pub(super) struct Script {
    calls: Vec<Call>,
    counts: HashMap<String, usize>,
    fault: Option<(Call, Fault)>,
    refusals: usize,
    hold: Option<Hold>,
    /// Calls that were let through and have no answer yet.
    open: usize,
    /// Whether a call came that gets no answer.
    stopped: bool,
}

/// A line that calls do not pass.
#[derive(Debug)]
struct Hold {
    allowed: usize,
    begun: bool,
    waiting: usize,
}

impl Script {
    /// Forgets the calls so far.
    pub(super) fn restart(&mut self) {
        self.calls.clear();
        self.counts.clear();
    }

    pub(super) fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(super) fn fail(&mut self, call: Call, fault: Fault) {
        let before = self.fault.replace((call, fault));
        assert!(before.is_none(), "{before:?} is still to be played");
        self.stopped = false;
        self.restart();
    }

    pub(super) fn hold(&mut self, allowed: usize) {
        self.restart();
        self.hold = Some(Hold {
            allowed,
            begun: false,
            waiting: 0,
        });
    }

    /// Takes all agreements back, and answers whether there is no fault left that was not played.
    pub(super) fn heal(&mut self) -> bool {
        self.refusals = 0;
        self.hold = None;
        self.fault.take().is_none()
    }

    pub(super) fn unplayed(&self) -> Option<&(Call, Fault)> {
        self.fault.as_ref()
    }

    /// Whether everything that may pass has passed, and something waits.
    pub(super) fn is_held(&self) -> bool {
        self.open == 0 && self.hold.as_ref().is_some_and(|hold| hold.waiting > 0)
    }

    /// Counts a call, and says what happens to it.
    pub(super) fn enter(&mut self, what: String) -> Option<Fault> {
        let count = self.counts.entry(what.clone()).or_default();
        *count += 1;
        let call = Call { what, nth: *count };
        let fault = self
            .fault
            .take_if(|(planned, _)| *planned == call)
            .map(|(_, fault)| fault);
        self.calls.push(call);
        if fault == Some(Fault::Outage) {
            self.refusals = OUTAGE;
        }
        fault
    }

    /// Takes note of a call that gets no answer.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether a call gets no answer.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether a connection ends because of an outage.
    pub(super) fn refuses(&mut self) -> bool {
        let refuses = self.refusals > 0;
        self.refusals = self.refusals.saturating_sub(1);
        refuses
    }

    /// Lets a call pass, or else counts it among those that wait.
    pub(super) fn passes(&mut self, call_changes: bool) -> bool {
        if let Some(hold) = &mut self.hold {
            hold.begun |= call_changes;
            if hold.begun && hold.allowed == 0 {
                hold.waiting += 1;
                return false;
            }
            hold.allowed -= usize::from(hold.begun);
        }
        self.open += 1;
        true
    }

    /// Whether nothing is held back any more.
    pub(super) fn is_open(&self) -> bool {
        self.hold.is_none()
    }

    /// Counts a call that waited and may go on.
    pub(super) fn go_on(&mut self) {
        self.open += 1;
    }

    /// Takes note of the end of a call that was let through.
    pub(super) fn leave(&mut self) {
        self.open = self.open.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(what: &str, nth: usize) -> Call {
        Call {
            what: what.to_owned(),
            nth,
        }
    }

    #[test]
    fn one_call_of_many_fails_once() {
        let mut script = Script::default();
        script.fail(call("GET pods", 2), Fault::Cut);
        let faults = ["GET pods", "GET secrets", "GET pods", "GET pods"].map(|what| script.enter(what.to_owned()));
        assert_eq!(faults, [None, None, Some(Fault::Cut), None]);
        assert!(script.heal());
        assert_eq!(script.calls().last(), Some(&call("GET pods", 3)));
    }

    #[test]
    fn a_fault_that_was_not_played_is_told() {
        let mut script = Script::default();
        script.fail(call("GET pods", 1), Fault::Cut);
        assert_eq!(script.enter("GET secrets".to_owned()), None);
        assert!(!script.heal());
    }

    #[test]
    fn calls_are_held_from_the_first_change_on() {
        let mut script = Script::default();
        script.hold(2);
        let passed = [false, true, false, false].map(|call_changes| script.passes(call_changes));
        assert_eq!(passed, [true, true, true, false]);
        assert!(!script.is_held(), "three have no answer yet");
        (0..3).for_each(|_| script.leave());
        assert!(script.is_held());
        script.heal();
        assert!(script.is_open() && script.passes(false));
    }
}
