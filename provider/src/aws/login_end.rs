//! A warning in plans of what takes long: the login to AWS ends before that may be over.
//!
//! Keys in the environment end for good, and no others follow them. Who waits a quarter of an hour for a cluster wants
//! to know of it before, not after.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use tf_framework::diagnostics::Diagnostic;
use tf_framework::model::{format_duration, parse_duration};
use tf_framework::value::Value;
use tf_framework::{Attr, Model};

use super::account::Account;
use super::environment::EXPIRATION;
use super::time::rfc3339;

/// The warning about a creation of a `what`, if the keys may end before it is over: when that is, is in the
/// configuration's `timeouts` or in the schema.
pub(super) async fn warning<M: Model>(account: &Account, what: &str, timeouts: &Attr<Value>) -> Option<Diagnostic> {
    let end = account.keys_end().await?;
    let limit = limit::<M>(timeouts);
    (end < SystemTime::now() + limit).then(|| ends(what, end, limit))
}

/// How long a creation may take.
fn limit<M: Model>(timeouts: &Attr<Value>) -> Duration {
    let configured = timeouts
        .known()
        .and_then(|limits| limits.attribute_or_null("create").as_str());
    let configured = configured.and_then(parse_duration);
    configured.unwrap_or_else(|| M::schema().timeouts.create)
}

fn ends(what: &str, end: SystemTime, limit: Duration) -> Diagnostic {
    let end = rfc3339(&DateTime::from(end)).unwrap_or_default();
    let limit = format_duration(limit);
    let detail = format!(
        "The keys in the environment end at {end}, says {EXPIRATION}, and the creation of the {what} may take {limit}. No others follow \
         by themselves: if they end meanwhile, the apply fails. Nothing would be lost by that, but it has to be applied again.\n\nLog in \
         anew first. Or take the keys out of the environment and name a profile, as by AWS_PROFILE: its keys are renewed."
    );
    Diagnostic::warning("Login to AWS ends soon", detail)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Peer;
    use super::*;

    /// What takes long.
    #[derive(Clone, Debug, Model)]
    #[tf(timeouts(create = "40m"))]
    struct Slow {
        /// How long it may take.
        timeouts: tf_framework::Timeouts,
    }

    #[test]
    fn the_limit_is_that_of_the_configuration_or_else_of_the_schema() {
        let configured = Attr::Known(Value::object([("create", Value::from("5m"))]));
        assert_eq!(limit::<Slow>(&configured), Duration::from_secs(300));
        for unsaid in [
            Attr::Null,
            Attr::Unknown,
            Attr::Known(Value::object([("create", Value::UNKNOWN)])),
        ] {
            assert_eq!(limit::<Slow>(&unsaid), Duration::from_secs(2400));
        }
    }

    #[tokio::test]
    async fn complaint_03_keys_that_are_renewed_are_no_reason_to_warn() {
        let (account, _) = Peer::account([]);
        assert!(warning::<Slow>(&account, "cluster", &Attr::Null).await.is_none());
    }

    #[test]
    fn complaint_03_a_warning_says_when_the_login_ends_and_what_to_do() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        let told = ends("cluster", end, Duration::from_secs(2400));
        for words in [
            "2026-01-02T03:04:05Z",
            "may take 40m",
            "Nothing would be lost",
            "AWS_PROFILE",
        ] {
            assert!(told.detail.contains(words), "{words}: {}", told.detail);
        }
    }
}
