//! What an error holds of fields and names, and how messages list it.

use std::fmt;

/// A field that another manager owns and that an apply without force may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflict {
    /// The field, as the server names it: `.spec.replicas`.
    pub field: String,
    /// Who owns it: `kubectl-edit`.
    pub manager: String,
}

/// A field that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRejection {
    /// The field, as the server names it: `spec.selector`; empty if it names none.
    pub field: String,
    /// The server's reason.
    pub message: String,
    /// Whether the field cannot change while the object lives, so that only a new object can have the value.
    pub immutable: bool,
}

pub(super) fn join<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("; ")
}

pub(super) fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

pub(super) fn list_conflicts(conflicts: &[FieldConflict]) -> String {
    let texts: Vec<_> = conflicts
        .iter()
        .map(|conflict| format!("{} is owned by \"{}\"", conflict.field, conflict.manager))
        .collect();
    texts.join("; ")
}

pub(super) fn list_rejections(rejections: &[FieldRejection]) -> String {
    let texts: Vec<_> = rejections
        .iter()
        .map(|rejection| {
            if rejection.field.is_empty() {
                rejection.message.clone()
            } else {
                format!("{}: {}", rejection.field, rejection.message)
            }
        })
        .collect();
    texts.join("; ")
}
