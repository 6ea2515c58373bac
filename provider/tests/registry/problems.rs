//! The guides on problems of platforms, held to tests: each fault and each complaint has tests that are named after it,
//! and each test that is named after one is in the guide of its platform.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{read, root};

/// A guide on the problems of one platform.
struct Guide {
    path: &'static str,
    /// How rows are numbered, and how many there are: what the platform answers, and what users complain about.
    faults: (&'static str, usize),
    complaints: (&'static str, usize),
    /// Whether a test in this file is about the platform.
    has: fn(&str) -> bool,
}

const GUIDES: [Guide; 2] = [
    Guide {
        path: "docs/guides/eks-problems.md",
        faults: ("A", 14),
        complaints: ("E", 17),
        has: |file| !file.contains("vsphere"),
    },
    Guide {
        path: "docs/guides/vsphere-problems.md",
        faults: ("F", 14),
        complaints: ("P", 16),
        has: |file| file.contains("vsphere"),
    },
];

#[test]
fn each_fault_and_each_complaint_names_tests_that_are_named_after_it() {
    let mut tests = Vec::new();
    for folder in ["provider/src", "acceptance-tests/tests/acceptance"] {
        collect(&root(), Path::new(folder), &mut tests);
    }
    for guide in GUIDES {
        let path = guide.path;
        let text = read(path);
        let rows: Vec<Row<'_>> = text.lines().filter_map(|line| guide.row(line)).collect();
        let ids: Vec<&str> = rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, guide.ids(), "{path}");
        for Row { id, mark, proofs } in &rows {
            let is_named = !proofs.is_empty() && proofs.iter().all(|name| name.contains(mark));
            assert!(is_named, "{id} of {path}: {proofs:?}");
        }
        let named: BTreeSet<&str> = rows.into_iter().flat_map(|row| row.proofs).collect();
        let own = tests.iter().filter(|(file, _)| (guide.has)(file));
        let own: BTreeSet<&str> = own.map(|(_, name)| name.as_str()).collect();
        assert_eq!(named, own, "{path} names the tests that there are");
    }
}

/// A row of a guide.
struct Row<'a> {
    id: &'a str,
    /// What the names of its tests have in them.
    mark: String,
    /// The tests that it names.
    proofs: Vec<&'a str>,
}

impl Guide {
    /// What the rows are called, in their order.
    fn ids(&self) -> Vec<String> {
        let all = |(letter, most): (&'static str, usize)| (1..=most).map(move |number| format!("{letter}{number}"));
        let mut ids: Vec<String> = all(self.faults).collect();
        ids.extend(all(self.complaints));
        ids
    }

    /// The row that a line is, if it is one.
    fn row<'a>(&self, line: &'a str) -> Option<Row<'a>> {
        let (id, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        let (letter, number) = id.split_at_checked(1)?;
        let number: usize = number.parse().ok()?;
        let mark = match letter {
            letter if letter == self.faults.0 => format!("fault_{number:02}_"),
            letter if letter == self.complaints.0 => format!("complaint_{number:02}_"),
            _ => return None,
        };
        let proofs = rest.trim_end_matches(" |").rsplit(" | ").next()?;
        let proofs = proofs.split('`').skip(1).step_by(2).collect();
        Some(Row { id, mark, proofs })
    }
}

/// The names of all tests below a folder that are named after a row, each with its file.
fn collect(root: &Path, path: &Path, tests: &mut Vec<(String, String)>) {
    let here = root.join(path);
    if here.is_dir() {
        for entry in fs::read_dir(here).unwrap() {
            collect(root, &path.join(entry.unwrap().file_name()), tests);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(here).unwrap();
        let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
        let is_number = |rest: &str| rest.starts_with(|character: char| character.is_ascii_digit());
        let is_named = |name: &&str| {
            let rest = name.strip_prefix("fault_").or_else(|| name.strip_prefix("complaint_"));
            rest.is_some_and(is_number)
        };
        let file = path.to_string_lossy();
        tests.extend(
            functions
                .filter(is_named)
                .map(|name| (file.to_string(), name.to_owned())),
        );
    }
}
