//! The checks of all hosts together.

use std::collections::BTreeMap;

use super::{Found, Problem, Subject};
use crate::k3s::config::Role;
use crate::k3s::probe::Machine;

/// By how many seconds the clocks of servers may differ. They are read to the second, one after another.
const CLOCK_SKEW: i64 = 3;

/// What of a machine is looked at.
type Part = fn(&Machine) -> Option<&String>;

/// What has to differ between hosts.
const UNIQUE: [(&str, Part); 2] = [
    ("host name", |machine| machine.hostname.as_ref()),
    ("machine id", |machine| machine.machine_id.as_ref()),
];

pub(super) fn problems(subjects: &BTreeMap<String, Subject<'_>>) -> Vec<Found> {
    let mut found = Vec::new();
    for (what, of) in UNIQUE {
        let mut values: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for (name, subject) in subjects {
            if let Some(value) = of(&subject.state.machine) {
                values.entry(value).or_default().push(name.clone());
            }
        }
        for (value, hosts) in values.into_iter().filter(|(_, hosts)| hosts.len() > 1) {
            let value = value.clone();
            found.push(Found {
                hosts,
                problem: Problem::Same { what, value },
            });
        }
    }
    found.extend(clocks(subjects));
    found
}

/// Compares how far each server's clock is from ours, at the moment when it was asked.
fn clocks(subjects: &BTreeMap<String, Subject<'_>>) -> Option<Found> {
    let servers = subjects
        .iter()
        .filter(|(_, subject)| subject.wanted.role == Role::Server);
    let ahead: Vec<(i64, &String)> = servers
        .filter_map(|(name, subject)| Some((subject.state.machine.time? - subject.asked_at, name)))
        .collect();
    let (first, last) = (ahead.iter().min()?, ahead.iter().max()?);
    let seconds = last.0 - first.0;
    (seconds > CLOCK_SKEW).then(|| Found {
        hosts: vec![first.1.clone(), last.1.clone()],
        problem: Problem::Clocks(seconds),
    })
}
