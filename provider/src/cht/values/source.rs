//! Values files, read as Helm reads them: later files win, and tables are merged.
//!
//! Charts treat what people write in quotes as what it looks like, sometimes: a size may be a number, a flag may be a
//! text. So do the readers here. Problems are collected, so that all of them are told at once, and name keys only:
//! values may be secret.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// All values, and which of them were asked for.
#[derive(Debug)]
pub(super) struct Source {
    tree: Json,
    asked: BTreeSet<String>,
    problems: Vec<String>,
}

/// A file that cannot be read; which one, counted from 0.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// The text is not YAML.
    #[error("This is not YAML{}.", .line.map(|line| format!(": see line {line}")).unwrap_or_default())]
    Parse { file: usize, line: Option<u64> },
    /// The text is YAML, but something else than keys with values.
    #[error("These are no values of a chart: a mapping of keys to values is expected.")]
    NoMapping { file: usize },
}

impl SourceError {
    pub(super) fn file(&self) -> usize {
        match self {
            Self::Parse { file, .. } | Self::NoMapping { file } => *file,
        }
    }
}

impl Source {
    pub(super) fn read<'a>(files: impl IntoIterator<Item = &'a String>) -> Result<Self, SourceError> {
        let mut tree = Json::Object(serde_json::Map::new());
        for (file, text) in files.into_iter().enumerate() {
            let values: Json = serde_saphyr::from_str(text).map_err(|error| SourceError::Parse {
                file,
                line: error.location().map(|location| location.line()),
            })?;
            match values {
                Json::Object(_) => merge(&mut tree, values),
                // A file of comments.
                Json::Null => {}
                _ => return Err(SourceError::NoMapping { file }),
            }
        }
        Ok(Self {
            tree,
            asked: BTreeSet::new(),
            problems: Vec::new(),
        })
    }

    /// The text at a key such as `couchdb.user`; nothing if it is empty or missing. What the chart's files have in its
    /// place for people to replace is a problem.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let text = match self.ask(key)? {
            Json::String(text) => text.trim().to_owned(),
            Json::Number(number) => number.to_string(),
            Json::Bool(flag) => flag.to_string(),
            _ => return self.misfit(key, "a text"),
        };
        if is_placeholder(&text) {
            self.problem(format!("`{key}` still holds a placeholder: replace it."));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// The text at a key that has to be there.
    pub(super) fn required(&mut self, key: &str) -> String {
        let before = self.problems.len();
        let text = self.text(key);
        if text.is_none() && self.problems.len() == before {
            self.problem(format!("`{key}` is missing."));
        }
        text.unwrap_or_default()
    }

    /// The flag at a key, in quotes or not.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.ask(key)? {
            Json::Bool(flag) => Some(flag),
            Json::String(text) => match text.trim() {
                "" => None,
                "true" => Some(true),
                "false" => Some(false),
                _ => self.misfit(key, "`true` or `false`"),
            },
            _ => self.misfit(key, "`true` or `false`"),
        }
    }

    /// The whole number at a key, in quotes or not.
    pub(super) fn number(&mut self, key: &str) -> Option<i64> {
        match self.ask(key)? {
            Json::Number(number) if number.is_i64() => number.as_i64(),
            Json::String(text) if text.trim().is_empty() => None,
            Json::String(text) => match text.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => self.misfit(key, "a whole number"),
            },
            _ => self.misfit(key, "a whole number"),
        }
    }

    /// Whether there is something at a key.
    pub(super) fn has(&self, key: &str) -> bool {
        !self.find(key).is_none_or(Json::is_null)
    }

    /// Takes note that a key was considered, and that all is as `cht_instance` has it anyway where it is `usual`.
    pub(super) fn expect(&mut self, key: &str, usual: &str) {
        let found = self.find(key).map(|value| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        });
        if found.is_none_or(|found| found.is_empty() || found == usual) {
            self.asked.insert(key.to_owned());
        }
    }

    /// Takes note that a key says nothing about the instance.
    pub(super) fn ignore(&mut self, keys: &[&str]) {
        self.asked.extend(keys.iter().map(|key| (*key).to_owned()));
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The keys with a value that nobody has asked for.
    pub(super) fn unused(&self) -> Vec<String> {
        let mut leaves = Vec::new();
        collect_leaves(&self.tree, String::new(), &mut leaves);
        let is_asked = |leaf: &String| {
            let mut prefixes = leaf.match_indices('.').map(|(end, _)| leaf.get(..end).unwrap_or(leaf));
            self.asked.contains(leaf) || prefixes.any(|prefix| self.asked.contains(prefix))
        };
        leaves.retain(|leaf| !is_asked(leaf));
        leaves
    }

    fn ask(&mut self, key: &str) -> Option<Json> {
        self.asked.insert(key.to_owned());
        self.find(key).filter(|value| !value.is_null()).cloned()
    }

    fn find(&self, key: &str) -> Option<&Json> {
        key.split('.').try_fold(&self.tree, |table, name| table.get(name))
    }

    fn misfit<T>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.problem(format!("`{key}` has to be {expected}."));
        None
    }
}

/// Tables are merged; anything else takes the place of what was there, and null removes it.
fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(into), Json::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Json::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn collect_leaves(value: &Json, key: String, leaves: &mut Vec<String>) {
    match value {
        Json::Object(table) => {
            for (name, value) in table {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                collect_leaves(value, key, leaves);
            }
        }
        Json::Null => {}
        Json::String(text) if text.is_empty() => {}
        _ => leaves.push(key),
    }
}

/// What the charts' files have where people have to write something: `<…>`, or the id of no volume.
fn is_placeholder(text: &str) -> bool {
    let in_brackets = text.starts_with('<') && text.ends_with('>');
    in_brackets || text == "vol-0123456789abcdefg"
}
