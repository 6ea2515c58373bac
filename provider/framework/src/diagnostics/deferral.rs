//! Deferral: what cannot be done yet, as opposed to what failed.
//!
//! An author says so with [`Diagnostics::or_defer`]. Whether it becomes a deferral or stays the error that it is
//! depends on the core: one that was not asked to defer takes a deferral for a defect of the provider, or for an empty
//! answer.

use crate::diagnostics::{Diagnostics, Severity};

/// Why something is deferred: what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    /// The configuration of the resource has unknowns without which nothing can be said.
    ResourceConfigUnknown,
    /// The configuration of the provider has unknowns without which it has no clients.
    ProviderConfigUnknown,
    /// Something that has to be there first is not, such as the cluster that objects are to be made on.
    AbsentPrerequisite,
}

impl Diagnostics {
    /// This error, or a deferral where the core was asked to defer: the user sees the error only if nothing was
    /// deferred.
    ///
    /// It counts in [`configure`](crate::provider::Provider::configure) of a provider, in `modify_plan`, `read` and
    /// `import` of a resource, in `read` of a data source, and in `open` of an ephemeral resource; everywhere else an
    /// error is an error. So it is when it comes together with an error that is none of deferral.
    ///
    /// # Caveats
    /// What could be planned must not be deferred when it is planned once more during the apply: Terraform allows that,
    /// and then calls it a defect of the provider, in place of the error.
    ///
    /// ```
    /// use tf_framework::diagnostics::{Deferral, Diagnostics};
    ///
    /// fn endpoint(of_cluster: Option<&str>) -> Result<&str, Diagnostics> {
    ///     of_cluster.ok_or_else(|| {
    ///         Diagnostics::error("No cluster yet", "The cluster has no address yet. Create it first, with `-target`.")
    ///             .or_defer(Deferral::AbsentPrerequisite)
    ///     })
    /// }
    ///
    /// assert_eq!(endpoint(Some("10.0.0.1")), Ok("10.0.0.1"));
    /// assert_eq!(endpoint(None).unwrap_err().deferral(), Some(Deferral::AbsentPrerequisite));
    /// ```
    #[must_use]
    pub fn or_defer(mut self, reason: Deferral) -> Self {
        if self.has_errors() {
            self.deferral = Some(reason);
        }
        self
    }

    /// What it waits for, if all of it is about something that cannot be done yet.
    pub fn deferral(&self) -> Option<Deferral> {
        self.deferral
    }

    /// The deferral that this is, and what the user should know besides.
    ///
    /// # Errors
    /// Returns `self` if it is none, or if the core must not get any.
    pub(crate) fn deferred(self, allowed: bool) -> Result<(Deferral, Diagnostics), Diagnostics> {
        match self.deferral {
            Some(reason) if allowed => {
                let mut warnings = Diagnostics::new();
                let messages = self.messages.into_iter();
                messages
                    .filter(|message| message.severity == Severity::Warning)
                    .for_each(|warning| warnings.push(warning));
                Ok((reason, warnings))
            }
            _ => Err(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Diagnostic;

    fn not_yet() -> Diagnostics {
        Diagnostics::error("Not yet", "It is early.").or_defer(Deferral::AbsentPrerequisite)
    }

    #[test]
    fn only_an_error_can_be_deferred() {
        for none in [Diagnostics::new(), Diagnostic::warning("Odd", "It works.").into()] {
            assert_eq!(none.or_defer(Deferral::ProviderConfigUnknown).deferral(), None);
        }
    }

    #[test]
    fn warnings_and_other_deferrals_go_with_a_deferral_and_errors_end_it() {
        let other = Diagnostics::error("Too early", "Later.").or_defer(Deferral::ResourceConfigUnknown);
        let failure = Diagnostics::error("Bad", "Very bad.");
        let warning = Diagnostics::from(Diagnostic::warning("Odd", "It works."));
        let expected = Some(Deferral::AbsentPrerequisite);
        for (first, then, deferral) in [
            (not_yet(), Diagnostics::new(), expected),
            (Diagnostics::new(), not_yet(), expected),
            (not_yet(), warning.clone(), expected),
            (warning, not_yet(), expected),
            (not_yet(), other, expected),
            (not_yet(), failure.clone(), None),
            (failure, not_yet(), None),
        ] {
            let mut all = first;
            all.append(then);
            assert_eq!(all.deferral(), deferral, "{all}");
        }
        let mut pushed = not_yet();
        pushed.push(Diagnostic::error("Bad", "Very bad."));
        assert_eq!(pushed.deferral(), None);
    }

    #[test]
    fn a_deferral_keeps_its_warnings_and_is_one_only_where_that_is_allowed() {
        let mut all = not_yet();
        all.push(Diagnostic::warning("Odd", "It works."));
        assert_eq!(all.clone().deferred(false), Err(all.clone()));
        let warning = Diagnostic::warning("Odd", "It works.").into();
        assert_eq!(all.deferred(true), Ok((Deferral::AbsentPrerequisite, warning)));
    }
}
