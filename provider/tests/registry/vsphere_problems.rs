//! The guide on problems with vSphere, held to tests: each fault and each complaint has tests that are named after it,
//! and each test that is named after one is in the guide.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{read, root};

const GUIDE: &str = "docs/guides/vsphere-problems.md";

/// How many faults and complaints there are.
const FAULTS: usize = 14;
const COMPLAINTS: usize = 16;

#[test]
fn each_fault_and_each_complaint_names_tests_that_are_named_after_it() {
    let mut tests = BTreeSet::new();
    for folder in ["provider/src/vsphere", "acceptance-tests/tests/acceptance"] {
        collect(&root().join(folder), &mut tests);
    }
    let guide = read(GUIDE);
    let rows = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let rows: Vec<(&str, &str)> = rows.filter(|(id, _)| mark(id).is_some()).collect();
    let ids: Vec<String> = rows.iter().map(|(id, _)| (*id).to_owned()).collect();
    let faults = (1..=FAULTS).map(|number| format!("F{number}"));
    let complaints = (1..=COMPLAINTS).map(|number| format!("P{number}"));
    assert_eq!(ids, faults.chain(complaints).collect::<Vec<_>>());
    let mut named = BTreeSet::new();
    for (id, row) in rows {
        let proofs = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let proofs: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        let mark = mark(id).unwrap();
        assert!(
            !proofs.is_empty() && proofs.iter().all(|name| name.contains(&mark)),
            "{id} of {GUIDE}: {proofs:?}"
        );
        named.extend(proofs.into_iter().map(str::to_owned));
    }
    assert_eq!(named, tests, "{GUIDE} names the tests that there are");
}

/// What the name of a test has in it that is named after a row.
fn mark(id: &str) -> Option<String> {
    let (kind, number) = id.split_at_checked(1)?;
    let number: usize = number.parse().ok()?;
    match kind {
        "F" => Some(format!("fault_{number:02}_")),
        "P" => Some(format!("complaint_{number:02}_")),
        _ => None,
    }
}

/// The names of all tests below a folder that are named after a row.
fn collect(path: &Path, tests: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), tests);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).unwrap();
        let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
        let is_number = |rest: &str| rest.starts_with(|character: char| character.is_ascii_digit());
        let is_named = |name: &&str| {
            let rest = name.strip_prefix("fault_").or_else(|| name.strip_prefix("complaint_"));
            rest.is_some_and(is_number)
        };
        tests.extend(functions.filter(is_named).map(str::to_owned));
    }
}
