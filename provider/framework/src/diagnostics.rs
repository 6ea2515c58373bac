//! Errors and warnings for users.
//!
//! [`Diagnostics`] is deliberately no [`std::error::Error`]: a collection that holds only warnings is no failure.
//! An operation fails with `Err(Diagnostics)`, which holds at least one error; warnings go through the operation's
//! context instead. An operation that cannot be done yet says so with the error that it would otherwise be:
//! [`Diagnostics::or_defer`].

use std::fmt;

use crate::path::Path;

mod deferral;

pub use deferral::Deferral;

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// One message for a user.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What happened: title-like, without values and without a dot, at most about sixty characters.
    pub summary: String,
    /// What was attempted, why it failed, and what to do next.
    pub detail: String,
    /// The attribute that is to blame, if one is.
    pub path: Option<Path>,
}

impl Diagnostic {
    /// An error.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            path: None,
        }
    }

    /// A warning.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(summary, detail)
        }
    }

    /// An error that only a defect of the provider can cause.
    pub fn bug(detail: impl fmt::Display) -> Self {
        Diagnostic::error(
            "Provider defect",
            format!("{detail}\n\nThis is a bug in the provider; please report it to its developers."),
        )
    }

    /// This diagnostic, blaming an attribute.
    #[must_use]
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// Messages in the order in which they arose, without repetitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    messages: Vec<Diagnostic>,
    /// Set if every error in it is about something that cannot be done yet.
    deferral: Option<Deferral>,
}

impl Diagnostics {
    /// No message.
    pub fn new() -> Self {
        Diagnostics::default()
    }

    /// One error: the usual way to fail.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Diagnostic::error(summary, detail).into()
    }

    /// Adds a message unless the same one is there.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.deferral = None;
        }
        self.add(diagnostic);
    }

    /// Adds the messages of another collection.
    pub fn append(&mut self, other: Diagnostics) {
        self.deferral = match (self.has_errors(), other.has_errors()) {
            (true, true) => self.deferral.filter(|_| other.deferral.is_some()),
            (false, true) => other.deferral,
            (_, false) => self.deferral,
        };
        other.messages.into_iter().for_each(|diagnostic| self.add(diagnostic));
    }

    /// These messages, blaming an attribute where none is blamed yet.
    #[must_use]
    pub fn at(mut self, path: impl Into<Path>) -> Self {
        let path = path.into();
        for diagnostic in &mut self.messages {
            diagnostic.path.get_or_insert_with(|| path.clone());
        }
        self
    }

    /// Whether one of the messages is an error.
    pub fn has_errors(&self) -> bool {
        self.messages
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.messages.iter()
    }

    /// These messages, with an error among them: without one, the core would take a failure for success.
    #[must_use]
    pub(crate) fn or_bug(mut self) -> Self {
        if !self.has_errors() {
            self.push(Diagnostic::bug("The operation failed without saying why."));
        }
        self
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        if !self.messages.contains(&diagnostic) {
            self.messages.push(diagnostic);
        }
    }

    /// `Ok` with the given value, or these messages if one of them is an error.
    ///
    /// # Errors
    /// Returns `self` if it holds an error.
    pub fn into_result<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics {
            messages: vec![diagnostic],
            deferral: None,
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.messages.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, diagnostic) in self.messages.iter().enumerate() {
            if position > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{}: {}", diagnostic.summary, diagnostic.detail)?;
            if let Some(path) = &diagnostic.path {
                write!(f, " ({path})")?;
            }
        }
        Ok(())
    }
}

/// The text of an error and of all its sources, each once: `unable to list pods: connection refused`.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some libraries repeat the source in their own text.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_alone_are_no_failure() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.push(Diagnostic::warning("Old version", "It ends soon."));
        assert_eq!(diagnostics.clone().into_result(1), Ok(1));
        diagnostics.push(Diagnostic::error("Bad", "Very bad."));
        assert!(diagnostics.into_result(1).is_err());
    }

    #[test]
    fn a_message_is_kept_once() {
        let mut diagnostics = Diagnostics::error("Bad", "Very bad.");
        diagnostics.push(Diagnostic::error("Bad", "Very bad."));
        assert_eq!(diagnostics.iter().count(), 1);
    }
}
