//! What is claimed is proved: the tables of the guide on known problems name tests that exist, and every problem of
//! hosters, every defect of the official charts and every check of a plan has one that is named after it; so has every
//! trap that the framework's guide lists.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const GUIDE: &str = "docs/guides/known-problems.md";

/// The traps of providers.
const TRAPS: &str = "provider/framework/src/guide/traps.rs";

#[test]
fn every_line_of_the_guide_names_tests_that_exist() {
    let tests = tests();
    let lines = lines();
    let problems: Vec<String> = (1..=17).map(|number| number.to_string()).collect();
    let defects = (1..=13).map(|number| format!("C{number}"));
    let checks = (1..=13).map(|number| format!("V{number}"));
    let expected: Vec<String> = problems.into_iter().chain(defects).chain(checks).collect();
    let found: Vec<String> = lines.iter().map(|line| line.id.clone()).collect();
    assert_eq!(found, expected);
    for line in lines {
        let missing: Vec<&String> = line.tests.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(
            missing.is_empty(),
            "{GUIDE} names tests that are not there: {missing:?}"
        );
        let mark = line.mark();
        assert!(
            line.tests.iter().any(|name| name.contains(mark.as_str())),
            "line {} of {GUIDE} needs a test with `{mark}` in its name",
            line.id
        );
    }
}

#[test]
fn every_test_that_is_named_after_a_line_is_in_it() {
    let guide = read(GUIDE);
    let is_row = |name: &str| name.contains("row_") && name.split("row_").any(starts_with_number);
    let is_check = |name: &str| name.strip_prefix('v').is_some_and(starts_with_number);
    let is_claim = |name: &str| is_row(name) || is_check(name) || is_defect(name);
    for name in tests().into_iter().filter(|name| is_claim(name)) {
        assert!(guide.contains(&format!("`{name}`")), "{GUIDE} does not name `{name}`");
    }
}

#[test]
fn every_trap_has_a_test_and_every_test_of_one_a_trap() {
    let folders = ["provider/framework", "provider/tests", "acceptance-tests/tests/judges"];
    let tests = found_in(&folders);
    let of_tests: BTreeSet<String> = tests.keys().filter_map(|name| trap_of(name)).collect();
    let is_run = |name: &&String| tests.get(*name) == Some(&IsRun::Always);
    let of_run_tests: BTreeSet<String> = tests.keys().filter(is_run).filter_map(|name| trap_of(name)).collect();
    let guide = read(TRAPS);
    let cells = guide
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split_once(' '));
    let numbers = cells
        .map(|(number, _)| number)
        .filter(|number| number.parse::<u32>().is_ok());
    let listed: BTreeSet<String> = numbers.map(|number| format!("{number:0>2}")).collect();
    assert_eq!(of_tests, listed);
    assert_eq!(of_run_tests, listed, "a plain `cargo test` passes these over");
    assert_eq!(listed, (1..=34).map(|number| format!("{number:02}")).collect());
}

#[test]
fn row_03_each_platform_has_an_example() {
    let examples = [
        "examples/resources/cht_instance",
        "examples/environments/quickstart",
        "docs/guides",
    ]
    .map(|folder| files(&root().join(folder)))
    .concat();
    let texts: Vec<String> = examples.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for part in [
        "class = \"traefik\"",
        "class = \"nginx\"",
        "class = \"alb\"",
        "class = \"gce\"",
        "ebs_volume_id = ",
        "gce_disk = ",
        "vsphere_volume_handle = ",
        "host_path = ",
        "volume_name = ",
        "claim_name = ",
    ] {
        let has = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part);
        assert!(texts.iter().any(has), "no example has `{part}`");
    }
}

/// A line of the guide's tables.
struct Line {
    id: String,
    tests: Vec<String>,
}

impl Line {
    /// What the name of its test has in it.
    fn mark(&self) -> String {
        match self.id.split_at_checked(1) {
            Some(("C", number)) => format!("c{number:0>2}_"),
            Some(("V", number)) => format!("v{number:0>2}_"),
            _ => format!("row_{:0>2}_", self.id),
        }
    }
}

fn lines() -> Vec<Line> {
    let guide = read(GUIDE);
    let cells = guide.lines().filter_map(|line| line.strip_prefix("| "));
    let lines = cells.filter(|line| {
        line.trim_start_matches(['C', 'V'])
            .starts_with(|c: char| c.is_ascii_digit())
    });
    lines
        .map(|line| {
            let proofs = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let names = proofs.split('`').skip(1).step_by(2);
            Line {
                id: line.split(' ').next().unwrap().to_owned(),
                tests: names.map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// The number in the name of a trap's test.
fn trap_of(name: &str) -> Option<String> {
    let (number, _) = name.strip_prefix("trap_")?.split_once('_')?;
    Some(number.to_owned())
}

/// The names of all tests of instances.
fn tests() -> BTreeSet<String> {
    tests_in(&[
        "provider/src/cht",
        "provider/src/kubernetes",
        "provider/tests",
        "acceptance-tests/tests/acceptance",
    ])
}

/// When a test is run.
#[derive(Clone, Copy, PartialEq)]
enum IsRun {
    /// By a plain `cargo test`.
    Always,
    /// Only if what is ignored is asked for.
    OnDemand,
}

/// The names of all tests in folders.
fn tests_in(folders: &[&str]) -> BTreeSet<String> {
    found_in(folders).into_keys().collect()
}

/// All tests in folders, by name. Of several with one name, one that is always run counts.
fn found_in(folders: &[&str]) -> BTreeMap<String, IsRun> {
    let sources = folders.iter().flat_map(|folder| files(&root().join(folder)));
    let mut tests = BTreeMap::new();
    for path in sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let mut is_test = false;
        let mut run = IsRun::Always;
        for line in text.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            if is_test && line.starts_with("#[") && line.contains("ignore") {
                run = IsRun::OnDemand;
            }
            let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            if let Some(name) = function.and_then(|rest| rest.split('(').next()).filter(|_| is_test) {
                let known = tests.entry(name.to_owned()).or_insert(run);
                if run == IsRun::Always {
                    *known = run;
                }
                (is_test, run) = (false, IsRun::Always);
            }
        }
    }
    assert!(tests.len() > 100, "only {} tests were found", tests.len());
    tests
}

fn is_defect(name: &str) -> bool {
    name.split('_')
        .any(|word| word.len() == 3 && word.strip_prefix('c').is_some_and(starts_with_number))
}

fn starts_with_number(text: &str) -> bool {
    text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_digit())
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    below
        .filter(|path| path.extension().is_some_and(|extension| extension != "json"))
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
