//! The form of files, whatever their layer: where modules stand, what they begin with, how wide comments are.

use std::fs;

use super::source::{files, root};

#[test]
fn a_module_is_a_file_and_its_parts_and_tests_are_in_the_folder_of_its_name() {
    let others: Vec<String> = [
        "proto/src",
        "provider/src",
        "provider/framework/src",
        "provider/framework/derive/src",
    ]
    .iter()
    .flat_map(|folder| files(folder))
    .filter(|path| path.ends_with("/mod.rs") || path.ends_with("_tests.rs"))
    .collect();
    assert!(
        others.is_empty(),
        "the module `name` is `name.rs`, with its parts in `name/` and its tests in `name/tests.rs`, so that a module is found by \
         its name; these are not: {others:?}"
    );
}

/// Part of the examples of the guide, which include it: no module, so it cannot begin as one.
const NO_MODULE: &str = "framework/src/guide/stand_in.rs";

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<String> = ["proto/src", "provider", "acceptance-tests"]
        .iter()
        .flat_map(|folder| files(folder))
        .filter(|path| !path.ends_with(NO_MODULE))
        .filter(|path| !fs::read_to_string(root().join(path)).unwrap().starts_with("//! "))
        .collect();
    assert!(
        silent.is_empty(),
        "a module begins with `//!`: what it is, which API, where to look next; these do not: {silent:?}"
    );
}

/// As in `rustfmt.toml`, which holds the code to it.
const WIDTH: usize = 120;

#[test]
fn comments_are_no_wider_than_code() {
    let mut wide = Vec::new();
    for path in ["proto", "provider", "acceptance-tests"]
        .iter()
        .flat_map(|folder| files(folder))
    {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        for (number, line) in text.lines().enumerate() {
            if is_comment(line) && line.chars().count() > WIDTH {
                wide.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "a comment fits into {WIDTH} columns, as code does; these do not:\n{}",
        wide.join("\n")
    );
}

/// Whether a line is a comment that can be wrapped: rows of tables and addresses cannot.
fn is_comment(line: &str) -> bool {
    let text = line.trim_start();
    let words = text.trim_start_matches(['/', '!']).trim_start();
    text.starts_with("//") && !words.starts_with('|') && !words.contains("://")
}
