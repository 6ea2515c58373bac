//! What whoever applies the cloud environment may do in AWS, held to the calls that the provider makes: each is allowed
//! by one of the two policies beside the example, and they allow nothing that it does not need.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{read, root};

const SOURCES: &str = "provider/src/aws";

/// What the example takes, and what disks and snapshots take beside it.
const POLICIES: [&str; 2] = [
    "examples/environments/eks/operator-policy.json",
    "examples/environments/eks/backups-policy.json",
];

/// Actions that AWS wants to be allowed, and that are not called, each with the reason.
const NOT_CALLED: [(&str, &str); 4] = [
    (
        "ec2:RunInstances",
        "EKS launches machines by a template only for those who could do it themselves",
    ),
    (
        "iam:CreateServiceLinkedRole",
        "EKS makes its own roles with the first cluster of an account",
    ),
    (
        "iam:PassRole",
        "to give a cluster, machines, pods or a policy of snapshots their role",
    ),
    ("logs:TagResource", "to make a log group that has tags from the start"),
];

/// How long a managed policy may be, without white space.
const LONGEST: usize = 6144;

#[test]
fn the_policies_allow_what_is_called_and_nothing_else() {
    let mut called = BTreeSet::new();
    collect(&root().join(SOURCES), &mut called);
    assert!(
        called.len() > 100,
        "calls are made in another form than this reads: {called:?}"
    );
    called.extend(NOT_CALLED.iter().map(|(action, _)| (*action).to_owned()));
    let allowed: BTreeSet<String> = POLICIES.iter().flat_map(|path| actions(path)).collect();
    let lacking: Vec<_> = called.difference(&allowed).collect();
    let idle: Vec<_> = allowed.difference(&called).collect();
    assert!(
        lacking.is_empty() && idle.is_empty(),
        "lacking {lacking:?}, not needed {idle:?}"
    );
}

#[test]
fn the_policies_fit_into_what_iam_takes() {
    for path in POLICIES {
        let length = read(path).chars().filter(|letter| !letter.is_whitespace()).count();
        assert!(length <= LONGEST, "{path} has {length} characters");
        let policy: Value = serde_json::from_str(&read(path)).unwrap();
        assert_eq!(policy["Version"], "2012-10-17", "{path}");
        let statements = policy["Statement"].as_array().unwrap();
        let names: BTreeSet<&str> = statements.iter().filter_map(|one| one["Sid"].as_str()).collect();
        assert_eq!(
            names.len(),
            statements.len(),
            "{path}: each statement has a name of its own"
        );
        for name in names {
            assert!(
                name.chars().all(|letter| letter.is_ascii_alphanumeric()),
                "{path}: {name}"
            );
        }
    }
}

/// The actions of a policy, in which each stands once.
fn actions(path: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(&read(path)).unwrap();
    let mut actions = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        let listed = match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            action => vec![action.clone()],
        };
        for action in listed {
            let action = action.as_str().unwrap();
            assert!(actions.insert(action.to_owned()), "{path} has {action} twice");
        }
    }
    actions
}

/// The calls below a folder: `self.call(SERVICE, "Operation")`, with the `SERVICE` of the file or of the one above.
fn collect(path: &Path, calls: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), calls);
        }
        return;
    }
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    for rest in code.split(".call(").skip(1) {
        let mut arguments = rest.split([',', ')']).map(str::trim);
        let (service, operation) = (
            arguments.next().unwrap_or_default(),
            arguments.next().unwrap_or_default(),
        );
        let Some(operation) = literal(operation) else { continue };
        let service = match literal(service) {
            Some(service) => service.to_owned(),
            None => service_of(path).unwrap_or_else(|| panic!("{}: {operation} is of no service", path.display())),
        };
        calls.insert(format!("{service}:{operation}"));
    }
}

/// The `SERVICE` of a file, or of the module that it is a part of.
fn service_of(path: &Path) -> Option<String> {
    let own = |path: &Path| {
        let text = fs::read_to_string(path).ok()?;
        let (_, rest) = text.split_once("const SERVICE: &str = ")?;
        literal(rest.split(';').next()?).map(str::to_owned)
    };
    own(path).or_else(|| own(&path.parent()?.with_extension("rs")))
}

fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}
