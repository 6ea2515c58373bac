//! Calls that go wrong or take long.

use std::collections::BTreeMap;
use std::time::Duration;

use super::refusal::{Answered, Refusal};

/// Stands for every action that changes something.
pub const CHANGES: &str = "changes";

/// What goes wrong, and on which calls: by default on the next one of its action.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: Kind,
    skip: u32,
    /// None means all of them.
    times: Option<u32>,
}

/// What happens instead of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Throttled,
    Forbidden,
    Expired,
    Failed,
    Error(Answered),
    Cut,
    LostAnswer,
    Hang,
    Withheld,
}

impl Fault {
    /// Too many calls, says the service in its own words.
    pub fn throttled() -> Self {
        Self::of(Kind::Throttled)
    }

    /// The caller may not do that.
    pub fn access_denied() -> Self {
        Self::of(Kind::Forbidden)
    }

    /// The credentials have expired.
    pub fn expired() -> Self {
        Self::of(Kind::Expired)
    }

    /// The service fails: 500.
    pub fn server_error() -> Self {
        Self::of(Kind::Failed)
    }

    /// The service answers with an error of its own, such as `VpcLimitExceeded`.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::of(Kind::Error(Answered::new(status, code, message)))
    }

    /// The connection ends before anything is carried out.
    pub fn cut() -> Self {
        Self::of(Kind::Cut)
    }

    /// The call is carried out, and the connection ends before its answer.
    pub fn lost_answer() -> Self {
        Self::of(Kind::LostAnswer)
    }

    /// Nothing happens until the client gives up.
    pub fn hang() -> Self {
        Self::of(Kind::Hang)
    }

    /// The call is carried out, and no answer comes until the client gives up.
    pub fn withheld() -> Self {
        Self::of(Kind::Withheld)
    }

    /// Lets so many calls pass first.
    #[must_use]
    pub fn skip(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Meets so many calls.
    #[must_use]
    pub fn times(mut self, calls: u32) -> Self {
        self.times = Some(calls);
        self
    }

    /// Meets all calls until [`Account::clear_faults`](super::Account::clear_faults).
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            skip: 0,
            times: Some(1),
        }
    }

    /// Whether it meets the call that is made now.
    fn meets(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl Kind {
    /// The error that is answered, if one is.
    pub(super) fn refusal(&self, caller: &str, action: &str) -> Option<Refusal> {
        match self {
            Self::Throttled => Some(Refusal::Throttled),
            Self::Forbidden => Some(Refusal::Forbidden {
                caller: caller.to_owned(),
                action: action.to_owned(),
            }),
            Self::Expired => Some(Refusal::Expired),
            Self::Failed => Some(Refusal::Failed),
            Self::Error(answered) => Some(Refusal::Other(answered.clone())),
            Self::Cut | Self::LostAnswer | Self::Hang | Self::Withheld => None,
        }
    }
}

/// What was agreed for one account.
#[derive(Debug, Default)]
pub(super) struct Script {
    faults: Vec<(String, Fault)>,
    delays: BTreeMap<String, Duration>,
    met: u32,
    /// How many calls have come so far that get no answer.
    stopped: u32,
}

impl Script {
    /// Adds a fault for an action, such as `ec2:CreateSubnet`, for all of a service, `ec2:*`, for everything, `*`, or
    /// for [`CHANGES`].
    pub(super) fn add(&mut self, action: &str, fault: Fault) {
        self.faults.push((action.to_owned(), fault));
    }

    /// Forgets the faults, and answers how many calls met one.
    pub(super) fn clear(&mut self) -> u32 {
        self.faults.clear();
        self.stopped = 0;
        std::mem::take(&mut self.met)
    }

    /// Takes note of a call that gets no answer.
    pub(super) fn stop(&mut self) {
        self.stopped += 1;
    }

    /// Whether a call gets no answer.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped > 0
    }

    pub(super) fn delay(&mut self, action: &str, delay: Duration) {
        self.delays.insert(action.to_owned(), delay);
    }

    /// What happens to a call.
    pub(super) fn enter(&mut self, action: &str) -> (Duration, Option<Kind>) {
        let mut delays = self.delays.iter().filter(|(pattern, _)| covers(pattern, action));
        let delay = delays.next().map(|(_, delay)| *delay).unwrap_or_default();
        let mut faults = self.faults.iter_mut().filter(|(pattern, _)| covers(pattern, action));
        let kind = faults.find_map(|(_, fault)| fault.meets().then(|| fault.kind.clone()));
        self.met += u32::from(kind.is_some());
        (delay, kind)
    }
}

/// Whether an action changes nothing.
pub(super) fn is_look(action: &str) -> bool {
    let operation = action.split_once(':').map_or(action, |(_, operation)| operation);
    ["Describe", "Get", "List"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

fn covers(pattern: &str, action: &str) -> bool {
    if pattern == CHANGES {
        return !is_look(action);
    }
    match pattern.strip_suffix('*') {
        Some(start) => action.starts_with(start),
        None => pattern == action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_meet_the_calls_that_they_are_for() {
        let mut script = Script::default();
        script.add("ec2:CreateSubnet", Fault::throttled().skip(1).times(2));
        script.add("eks:*", Fault::cut().always());
        script.delay("*", Duration::from_secs(1));
        let mut kinds = |action: &str| script.enter(action).1;
        assert_eq!(kinds("ec2:CreateVpc"), None);
        assert_eq!(kinds("ec2:CreateSubnet"), None);
        assert_eq!(kinds("ec2:CreateSubnet"), Some(Kind::Throttled));
        assert_eq!(kinds("ec2:CreateSubnet"), Some(Kind::Throttled));
        assert_eq!(kinds("ec2:CreateSubnet"), None);
        assert_eq!(kinds("eks:ListClusters"), Some(Kind::Cut));
        assert_eq!(script.clear(), 3);
        assert_eq!(script.enter("eks:ListClusters"), (Duration::from_secs(1), None));
        assert_eq!(script.clear(), 0);
    }

    #[test]
    fn faults_of_changes_let_looks_pass() {
        let mut script = Script::default();
        script.add(CHANGES, Fault::withheld().skip(1).always());
        let looks = ["ec2:DescribeVpcs", "sts:GetCallerIdentity", "eks:ListNodegroups"];
        assert!(looks.iter().all(|action| script.enter(action).1.is_none()));
        let changes = ["ec2:CreateVpc", "iam:TagRole", "eks:DeleteCluster"];
        let met = changes.map(|action| script.enter(action).1);
        assert_eq!(met, [None, Some(Kind::Withheld), Some(Kind::Withheld)]);
    }
}
