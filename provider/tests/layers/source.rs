//! The sources of the repository, without what is behind `#[cfg(test)]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
pub(super) struct Source {
    /// From the root of the repository.
    pub(super) path: String,
    /// All of it.
    pub(super) text: String,
    /// What is neither a comment nor a test, by number.
    pub(super) lines: Vec<(usize, String)>,
}

/// All source files below a folder of the repository, tests left out.
pub(super) fn sources(folder: &str) -> Vec<Source> {
    let texts: BTreeMap<PathBuf, String> = collect(&root().join(folder))
        .into_iter()
        .filter(|path| !relative(path).split('/').any(|part| part == "tests"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    let tests: Vec<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let is_test = |path: &Path| {
        tests
            .iter()
            .any(|test| path == test.with_extension("rs") || path.starts_with(test))
    };
    let sources: Vec<Source> = texts
        .into_iter()
        .filter(|(path, _)| !is_test(path))
        .map(|(path, text)| Source {
            path: relative(&path),
            lines: code(&text),
            text,
        })
        .collect();
    assert!(!sources.is_empty(), "{folder} holds no sources");
    sources
}

/// The paths of all source files below a folder of the repository, those of tests among them.
pub(super) fn files(folder: &str) -> Vec<String> {
    collect(&root().join(folder))
        .iter()
        .map(|path| relative(path))
        .collect()
}

fn collect(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            files.extend(collect(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

/// The modules in files of their own that a file declares behind `#[cfg(test)]`: their paths without extension.
fn test_modules(file: &Path, text: &str) -> Vec<PathBuf> {
    let parent = file.parent().unwrap();
    let stem = file.file_stem().unwrap();
    let own = if ["mod", "lib", "main"].iter().any(|root| stem == *root) {
        parent.to_owned()
    } else {
        parent.join(stem)
    };
    let mut modules = Vec::new();
    for part in text.split("#[cfg(test)]\n").skip(1) {
        let mut lines = part.lines();
        let mut line = lines.next().unwrap_or_default();
        let mut folder = own.as_path();
        let mut named = None;
        if let Some(path) = line.strip_prefix("#[path = \"") {
            named = path.strip_suffix(".rs\"]");
            folder = parent;
            line = lines.next().unwrap_or_default();
        }
        let declared = line.rsplit_once("mod ").and_then(|(_, name)| name.strip_suffix(';'));
        if let Some(declared) = declared {
            modules.push(folder.join(named.unwrap_or(declared)));
        }
    }
    modules
}

/// The numbered lines of a file up to its inline test module, without comments.
fn code(text: &str) -> Vec<(usize, String)> {
    let end = text
        .match_indices("#[cfg(test)]\nmod ")
        .find(|(at, _)| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')))
        .map_or(text.len(), |(at, _)| at);
    text[..end]
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect()
}

/// The repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
