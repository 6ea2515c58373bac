//! Whether a hosted zone is one in which names can be answered for.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::account::Account;
use super::diagnostics::explain;
use super::error::Error;
use super::route53::{is_in_zone, plain};

/// A name, and the attribute that has it.
pub(super) type Named<'n> = (&'static str, &'n str);

/// Which zones are fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Those that everybody can ask.
    Public,
    /// Those of one network, too.
    Any,
}

/// Refuses a zone that is not there, is none for everybody, or has not all of the names.
///
/// # Errors
/// It is refused, or AWS does not answer. Who may not ask is not refused: nothing is known then.
pub(super) async fn check(
    account: &Account,
    (attribute, id): Named<'_>,
    names: &[Named<'_>],
    fit: Fit,
) -> Result<(), Diagnostics> {
    let zone = match account.hosted_zone(id).await {
        Ok(Some(zone)) => zone,
        Ok(None) => return Err(missing(attribute, id)),
        Err(Error::Denied { .. }) => return Ok(()),
        Err(error) => return Err(explain("Unable to look up the hosted zone", &error)),
    };
    if fit == Fit::Public && zone.config().is_some_and(|config| config.private_zone) {
        let detail = format!(
            "`{id}` is a private hosted zone: AWS does not see its records from outside, so it would never issue the certificate. Give \
             the public hosted zone of the name."
        );
        return Err(Diagnostic::error("Hosted zone is private", detail).at(attribute).into());
    }
    let mut diagnostics = Diagnostics::new();
    for (attribute, name) in names.iter().filter(|(_, name)| !is_in_zone(name, &zone.name)) {
        let detail = format!(
            "`{name}` is not in the hosted zone `{id}`, which is for `{}` and the names below it. Give the zone of the name.",
            plain(&zone.name)
        );
        diagnostics.push(Diagnostic::error("Name is not in the hosted zone", detail).at(*attribute));
    }
    diagnostics.into_result(())
}

/// The zone is not there.
pub(super) fn missing(attribute: &'static str, id: &str) -> Diagnostics {
    let detail = format!(
        "The account has no hosted zone `{id}` in Route 53. Check the id, and that the credentials are for the account that has the zone."
    );
    Diagnostic::error("No such hosted zone", detail).at(attribute).into()
}
