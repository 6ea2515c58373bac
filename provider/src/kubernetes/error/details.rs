//! What an error holds of fields and names, and how messages list it.

use std::fmt;
use std::mem::discriminant;

use tf_framework::diagnostics::error_chain;

use super::Error;

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

/// Failures one after another. What befalls all calls alike is told once.
pub(super) fn list_failures(failures: &[Error]) -> String {
    let mut told: Vec<(&Error, usize)> = Vec::new();
    for failure in failures {
        let is_alike = |one: &Error| failure.is_about_server() && discriminant(one) == discriminant(failure);
        match told.iter_mut().find(|(one, _)| is_alike(one)) {
            Some((_, others)) => *others += 1,
            None => told.push((failure, 0)),
        }
    }
    let texts: Vec<_> = told
        .into_iter()
        .map(|(failure, others)| match others {
            0 => error_chain(failure),
            1 => format!("{}, and another call alike", error_chain(failure)),
            _ => format!("{}, and {others} other calls alike", error_chain(failure)),
        })
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
