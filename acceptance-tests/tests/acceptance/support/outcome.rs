//! What a command has to end with: shared with the tests on hosts.

use acceptance_tests::tofu::{Diagnostic, Error};

/// The result of a command that has to succeed.
#[track_caller]
pub(crate) fn done<T>(command: &str, result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{command} fails: {error}\n{:#?}", error.diagnostics()))
}

/// The first error of a command that has to fail.
#[track_caller]
pub(crate) fn failure<T>(command: &str, result: Result<T, Error>) -> Diagnostic {
    let Err(error) = result else {
        panic!("{command} succeeds")
    };
    let outcome = error
        .outcome()
        .unwrap_or_else(|| panic!("{command} does not run: {error}"));
    outcome
        .errors()
        .next()
        .unwrap_or_else(|| panic!("no error: {}", outcome.text()))
        .clone()
}
