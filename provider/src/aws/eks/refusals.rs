//! What EKS says when it refuses something, and which attribute it means.

use tf_framework::diagnostics::Diagnostics;

use crate::aws::diagnostics::explain;
use crate::aws::error::Error;

/// Whether something of that name is there, or is being changed.
pub(in crate::aws) fn is_in_use(error: &Error) -> bool {
    error.is_refused_with("ResourceInUseException")
}

/// Whether EKS does not know a role, or not yet all of it.
pub(in crate::aws) fn is_about_role(error: &Error) -> bool {
    let is_asked =
        error.is_refused_with("InvalidParameterException") || error.is_refused_with("InvalidRequestException");
    is_asked && said(error).contains("role")
}

/// What EKS has said, in lower case.
pub(in crate::aws) fn said(error: &Error) -> String {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    said.unwrap_or_default()
}

/// An error at the attribute that EKS blames: that of the first of these words which it says.
pub(in crate::aws) fn blame(summary: &str, error: &Error, words: &[(&str, &'static str)]) -> Diagnostics {
    let said = said(error);
    let explained = explain(summary, error);
    match words.iter().find(|(word, _)| said.contains(word)) {
        Some((_, attribute)) => explained.at(*attribute),
        None => explained,
    }
}
