//! What a command said: its exit code, its text, and the diagnostics in it.

use serde::Deserialize;
use serde_json::Value;

/// The warning that comes with every command because of what the workspace itself sets.
const OVERRIDES_WARNING: &str = "Provider development overrides are in effect";

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The command failed.
    Error,
    /// The command went on.
    Warning,
}

/// One error or warning.
#[derive(Clone, Debug, Deserialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The title.
    pub summary: String,
    /// The text under it.
    #[serde(default)]
    pub detail: String,
    /// The resource it is about.
    #[serde(default)]
    pub address: Option<String>,
    /// The source lines it points at, from which the attribute can be told.
    #[serde(default)]
    pub snippet: Option<Snippet>,
}

/// The part of the configuration that a diagnostic points at.
#[derive(Clone, Debug, Deserialize)]
pub struct Snippet {
    /// The block, such as `resource "cht_instance" "this"`.
    #[serde(default)]
    pub context: Option<String>,
    /// The lines.
    pub code: String,
    /// Where in the lines the part begins that is to blame, and where it ends.
    #[serde(default)]
    highlight_start_offset: usize,
    #[serde(default)]
    highlight_end_offset: usize,
}

impl Snippet {
    /// The part of the lines that is to blame.
    pub fn highlighted(&self) -> &str {
        let range = self.highlight_start_offset..self.highlight_end_offset;
        self.code.get(range).unwrap_or_default()
    }
}

/// The end of a command.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The command as it was typed.
    pub command: String,
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
    /// All errors and warnings, without the one that a provider under development always causes.
    pub diagnostics: Vec<Diagnostic>,
}

impl Outcome {
    pub(super) fn new(command: String, code: Option<i32>, stdout: String, stderr: String) -> Self {
        let mut diagnostics = from_json_lines(&stdout);
        if diagnostics.is_empty() {
            diagnostics = from_text(&format!("{stdout}\n{stderr}"));
        }
        diagnostics.retain(|diagnostic| diagnostic.summary != OVERRIDES_WARNING);
        Self {
            command,
            code,
            stdout,
            stderr,
            diagnostics,
        }
    }

    /// Everything that was printed.
    pub fn text(&self) -> String {
        format!("{}\n{}{}", self.command, self.stdout, self.stderr)
    }

    /// The errors among the diagnostics.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The warnings among the diagnostics.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Warning)
    }

    /// The messages of the machine-readable output, such as `apply_complete`.
    pub fn messages(&self, kind: &str) -> Vec<Value> {
        json_lines(&self.stdout)
            .filter(|line| line.get("type").and_then(Value::as_str) == Some(kind))
            .collect()
    }
}

/// Why there is no successful outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command failed, and says why.
    #[error("command failed with {:?}: {}", .0.code, .0.text())]
    Failed(Box<Outcome>),
    /// The command did not start, or its end could not be learned.
    #[error("unable to run {command}")]
    Run {
        /// The command as it was typed.
        command: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The command was killed because it took too long; what it had said until then.
    #[error("{command} took more than {limit} s and was killed; so far it said: {text}")]
    TimedOut {
        /// The command as it was typed.
        command: String,
        /// The limit in seconds.
        limit: u64,
        /// What it printed.
        text: String,
    },
    /// What was printed is not the JSON that it should be.
    #[error("unable to parse what {command} printed")]
    Parse {
        /// The command as it was typed.
        command: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    /// The outcome of a command that failed; none if it never came to an end.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Failed(outcome) => Some(outcome),
            Self::Run { .. } | Self::TimedOut { .. } | Self::Parse { .. } => None,
        }
    }

    /// The diagnostics of a command that failed.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.outcome()
            .map(|outcome| outcome.diagnostics.as_slice())
            .unwrap_or_default()
    }
}

fn json_lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// Diagnostics of `-json` output: a line each, or a list in the one document that `validate` prints.
fn from_json_lines(text: &str) -> Vec<Diagnostic> {
    let documents: Vec<Value> = match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => json_lines(text).collect(),
    };
    let listed = |document: &Value| document.get("diagnostics").and_then(Value::as_array).cloned();
    let single = |document: &Value| document.get("diagnostic").cloned().map(|diagnostic| vec![diagnostic]);
    let found = documents
        .iter()
        .filter_map(|document| listed(document).or_else(|| single(document)))
        .flatten();
    found
        .filter_map(|diagnostic| serde_json::from_value(diagnostic).ok())
        .collect()
}

/// Diagnostics of commands that have no `-json`: a summary after `Error: `, then the detail up to the next one.
fn from_text(text: &str) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['│', '╷', '╵']).trim();
        let start = [(Severity::Error, "Error: "), (Severity::Warning, "Warning: ")]
            .into_iter()
            .find_map(|(severity, prefix)| Some((severity, line.strip_prefix(prefix)?)));
        if let Some((severity, summary)) = start {
            let summary = summary.to_owned();
            diagnostics.push(Diagnostic {
                severity,
                summary,
                detail: String::new(),
                address: None,
                snippet: None,
            });
        } else if let Some(diagnostic) = diagnostics.last_mut() {
            let address = line.strip_prefix("with ").and_then(|rest| rest.strip_suffix(','));
            match address {
                Some(address) => diagnostic.address = Some(address.to_owned()),
                None => {
                    diagnostic.detail.push_str(line);
                    diagnostic.detail.push('\n');
                }
            }
        }
    }
    for diagnostic in &mut diagnostics {
        diagnostic.detail = diagnostic.detail.trim().to_owned();
    }
    diagnostics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(stdout: &str) -> Outcome {
        Outcome::new("tofu".to_owned(), Some(1), stdout.to_owned(), String::new())
    }

    #[test]
    fn diagnostics_come_from_json_lines() {
        let outcome = parse(concat!(
            r#"{"@level":"info","type":"version","tofu":"1.12.6"}"#,
            "\n",
            r#"{"@level":"error","type":"diagnostic","diagnostic":{"severity":"error","summary":"No","detail":"Why.","address":"a.b","range":{"filename":"main.tf"},"snippet":{"context":"resource \"a\" \"b\"","code":"  c = 1","start_line":2}}}"#,
            "\n"
        ));
        let [diagnostic] = &outcome.diagnostics[..] else {
            panic!("one diagnostic: {outcome:?}")
        };
        assert_eq!(diagnostic.severity, Severity::Error);
        assert_eq!(
            (diagnostic.summary.as_str(), diagnostic.detail.as_str()),
            ("No", "Why.")
        );
        assert_eq!(diagnostic.address.as_deref(), Some("a.b"));
        assert_eq!(diagnostic.snippet.as_ref().unwrap().code, "  c = 1");
        assert_eq!(outcome.messages("version").len(), 1);
    }

    #[test]
    fn diagnostics_come_from_one_document() {
        let text = "{\n\"valid\": false,\n\"diagnostics\": [{\"severity\": \"warning\", \"summary\": \"Old\", \"detail\": \"\"}]}";
        assert_eq!(parse(text).warnings().count(), 1);
    }

    #[test]
    fn diagnostics_come_from_text() {
        let outcome =
            parse("\nError: Not there\n\n  with cht_x.y,\n\nIt is gone.\n\nWarning: Old\n\nUse the new one.\n");
        let found: Vec<_> = outcome
            .diagnostics
            .iter()
            .map(|it| (it.severity, it.summary.as_str(), it.detail.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (Severity::Error, "Not there", "It is gone."),
                (Severity::Warning, "Old", "Use the new one.")
            ]
        );
        assert_eq!(outcome.diagnostics[0].address.as_deref(), Some("cht_x.y"));
    }

    #[test]
    fn warning_about_the_provider_under_test_is_left_out() {
        let outcome = parse("Warning: Provider development overrides are in effect\n\nText.\n\nError: No\n");
        assert_eq!(outcome.diagnostics.len(), 1);
        assert_eq!(outcome.errors().count(), 1);
    }

    #[test]
    fn failure_shows_what_was_printed() {
        let error = Error::Failed(Box::new(parse("Error: No\n")));
        assert!(error.to_string().contains("Error: No"));
        assert_eq!(error.diagnostics().len(), 1);
    }
}
