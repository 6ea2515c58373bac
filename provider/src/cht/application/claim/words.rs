//! What users are told of objects that more than one creation has to do with. What is such as "user `jane`".

use tf_framework::diagnostics::Diagnostic;

/// The words for a creation that takes something.
pub(in crate::cht) fn taken(what: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT object exists already",
        format!(
            "The instance has a {what} with this configuration, which an apply made less than a day ago. That apply \
             seems to have been killed before its state was saved, so the {what} is taken into this state. If another \
             state has it, that state must forget it: `tofu state rm`."
        ),
    )
}

/// The words for a creation that finds what an earlier one has begun and is too old to be gone on with.
pub(in crate::cht) fn abandoned(what: &str) -> Diagnostic {
    Diagnostic::warning(
        "Unfinished creation is too old",
        format!(
            "An apply began to make the {what} more than a day ago, and never finished it. Whose it is by now is not \
             known, so it is treated like any other."
        ),
    )
}

/// What to do about an object in the way that this very state may have: the end of an error.
pub(in crate::cht) const TAINTED: &str = "If this resource has it already, and is tainted or to be replaced: with \
    `create_before_destroy`, also that of a resource that depends on it, there would have to be two of one name for a \
    while. `untaint` it, or do without.";

/// The words for a deletion that leaves what another creation has taken.
pub(super) fn left(what: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT object belongs to a later creation",
        format!(
            "The {what} was taken by a creation after the one of this object, such as the other half of a replacement \
             that makes the new object first. It stays in the instance. If no state has it any more, delete it in the \
             pages of the application."
        ),
    )
}

/// The words for a deletion that cannot tell whether it would take something away from another state.
pub(super) fn unclear(what: &str) -> Diagnostic {
    Diagnostic::error(
        "CHT object may belong to a later creation",
        format!(
            "A creation after the one of this object has taken the {what}, and nothing tells yet whether a state has it \
             since: that apply may have been killed. So nothing was deleted. If another state has it, refresh that \
             one (`tofu apply -refresh-only`), and try again. If none has it, apply: within a day, that takes it again, \
             and the next apply drops this object. Later, let the state forget it (`tofu state rm`) and import it."
        ),
    )
}
