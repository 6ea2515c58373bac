//! What resources of components have in common: the attribute that says where images come from, the one that says what
//! differs, and what is said of a component that is there already.

use tf_framework::Attr;
use tf_framework::diagnostics::Diagnostic;
use tf_framework::schema::Validator;

use crate::kubernetes::Apply;

/// A registry, with a path if need be, in which images lie by the names that they have in `registry.k8s.io`.
pub fn registry() -> Validator {
    Validator::string("a registry such as `registry.health.example/k8s`", |text| {
        let is_plain = |character: char| !character.is_whitespace() && character != '@';
        if text.contains("://") || text.ends_with('/') || text.is_empty() || !text.chars().all(is_plain) {
            return Err("Leave out the protocol and the slash at the end.".to_owned());
        }
        Ok(())
    })
}

/// How the objects of a program are applied whose last refresh found this drift; none while it is made.
pub fn how(drift: Option<&Attr<Vec<String>>>) -> Apply {
    match drift {
        Some(drift) if has_drift(drift) => Apply::Repair,
        _ => Apply::Careful,
    }
}

/// Whether the last refresh found differences, or there was none yet.
pub fn has_drift(drift: &Attr<Vec<String>>) -> bool {
    drift.known().is_none_or(|drift| !drift.is_empty())
}

/// Says of a program that it may be what a creation left that was killed, or belong to another state: the marks are the
/// same.
pub fn already_there(name: &str) -> Diagnostic {
    Diagnostic::warning(
        format!("{name} exists already"),
        format!(
            "This provider has begun to install the {name} in the cluster before, and it is taken into this state. A cluster has one: \
             if it belongs to another state, take the resource out of one of them with `tofu state rm`."
        ),
    )
}
