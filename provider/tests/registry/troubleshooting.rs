//! The guide on troubleshooting, held to what the provider says: the summaries of failures, and their reasons.

use std::collections::BTreeSet;
use std::fs;

use super::{read, root};

#[test]
fn every_failure_is_in_the_guide() {
    let guide = guide();
    let mut sources = vec![root().join("provider/src")];
    let mut summaries = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for call in [
            "Diagnostic::error(",
            "Diagnostics::error(",
            "Diagnostic::warning(",
            ".explain(",
            "Task::new(",
        ] {
            let arguments = text.split(call).skip(1);
            let literals = arguments.filter_map(|arguments| arguments.trim_start().strip_prefix('"'));
            summaries.extend(literals.filter_map(|literal| literal.split('"').next().map(str::to_owned)));
        }
    }
    assert!(summaries.len() > 20, "the summaries were not found: {summaries:?}");
    let missing: Vec<_> = summaries.iter().filter(|summary| !guide.contains(*summary)).collect();
    assert!(
        missing.is_empty(),
        "docs/guides/troubleshooting.md says what to do about every failure; it lacks {missing:?}"
    );
}

/// The errors that users meet as the reason of a failure, each with the texts that are defects of the provider.
const REASONS: [(&str, &[&str]); 6] = [
    (
        "provider/src/aws/error.rs",
        &["unable to prepare calls of AWS", "unable to sign the call …"],
    ),
    ("provider/src/cht/error.rs", &[]),
    ("provider/src/cht/transport.rs", &[]),
    (
        "provider/src/kubernetes/error.rs",
        &[
            "unable to make the request",
            "unable to write a … as JSON",
            "the kind … of … is not one that this provider makes",
            "a … lacks its name or namespace (name \"…\")",
            "\"…\" cannot mark an owner: it must be a label value of 1 to 63 characters",
        ],
    ),
    ("provider/src/ssh/error.rs", &[]),
    ("provider/src/vsphere/error.rs", &["unable to write the request …"]),
];

#[test]
fn every_reason_is_in_the_guide_but_for_defects() {
    let guide = guide();
    for (path, defects) in REASONS {
        let texts: Vec<String> = read(path).split("#[error(").skip(1).filter_map(shown).collect();
        assert!(texts.len() > 10, "the texts of {path} were not found: {texts:?}");
        let missing: Vec<&String> = texts.iter().filter(|text| !guide.contains(*text)).collect();
        assert_eq!(
            missing, defects,
            "docs/guides/troubleshooting.md says what to do about every reason, with `…` for what differs; only defects of the \
             provider are none of the user's business ({path})"
        );
    }
}

/// Texts of k3s that are defects of the provider, or that it says of itself before anything is done.
const DEFECTS_OF_K3S: [&str; 4] = [
    "a cluster has at least one server",
    "the list of snapshots on … has not the expected shape",
    "what k3s on … says of the encryption of Secrets has not the expected shape",
    "… is not one of the servers",
];

#[test]
fn every_reason_of_k3s_is_in_the_guide_but_for_defects() {
    let guide = guide();
    let mut sources = vec![root().join("provider/src/k3s")];
    let mut texts = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let shown = text.split("#[error(").skip(1).filter_map(shown);
        // One that only joins two others says nothing of its own.
        texts.extend(shown.map(|shown| before_advice(&shown)).filter(|shown| shown != "…"));
    }
    assert!(texts.len() > 90, "the texts were not found: {texts:?}");
    let missing: Vec<&String> = texts.iter().filter(|text| !guide.contains(&quoted(text))).collect();
    assert_eq!(
        missing, DEFECTS_OF_K3S,
        "docs/guides/troubleshooting.md says what to do about every reason, with `…` for what differs, up to what the text itself \
         advises"
    );
}

/// What a text says before it says what to do: that follows a colon or a dot.
fn before_advice(text: &str) -> String {
    let ends = [": ", ". "].iter().filter_map(|end| text.find(end)).min();
    text[..ends.unwrap_or(text.len())].to_owned()
}

/// A text as the guide shows it: a short one could be part of any other.
fn quoted(text: &str) -> String {
    match text.contains('`') {
        true => text.to_owned(),
        false => format!("`{text}`"),
    }
}

/// How the guide writes the text of an error: `…` in place of what differs, without what follows the last colon.
fn shown(attribute: &str) -> Option<String> {
    let literal = attribute.trim_start().strip_prefix('"')?.replace("\\\"", "\u{0}");
    let text = literal.split('"').next()?.replace('\u{0}', "\"");
    let lines: Vec<&str> = text.split("\\\n").map(str::trim_start).collect();
    let mut shown = String::new();
    let mut rest = lines.concat();
    while let Some((before, after)) = rest.split_once('{') {
        shown.push_str(before);
        shown.push('…');
        rest = after.split_once('}')?.1.to_owned();
    }
    shown.push_str(&rest);
    Some(shown.split(": …").next()?.trim().to_owned())
}

fn guide() -> String {
    let guide = read("docs/guides/troubleshooting.md");
    guide.split_whitespace().collect::<Vec<_>>().join(" ")
}
