//! Limits of single waits that are shorter than that of the operation: an update may take a day, as data may have to be
//! indexed, but only that part of it.

use std::time::Duration;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::model::format_duration;
use tf_framework::path::Path;
use tokio::time::Instant;

use crate::cht::instance::model::{InstanceModel, Upgrade};

/// How long CHT may take to start when it has nothing to index.
const START: Duration = Duration::from_secs(30 * 60);

/// How long data may be indexed, unless `upgrade.timeout` says otherwise.
const INDEXING: Duration = Duration::from_secs(24 * 60 * 60);

/// How long one thing is waited for.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    limit: Option<Duration>,
    began: Instant,
    attribute: Path,
    after: &'static str,
}

impl Patience {
    /// As long as the operation may take.
    pub(super) fn of_operation() -> Self {
        Self::new(None, Path::new(InstanceModel::TIMEOUTS), "")
    }

    /// For the start of a version that has nothing to index; whoever sets a timeout for updates means this as well.
    pub(super) fn of_start(model: &InstanceModel) -> Self {
        let limit = model.timeouts.update.is_none().then_some(START);
        Self::new(limit, Path::new(InstanceModel::TIMEOUTS).attribute("update"), "")
    }

    /// For indexing data.
    pub(super) fn of_indexing(model: &InstanceModel, after: &'static str) -> Self {
        let configured = model.upgrade.as_ref().and_then(|upgrade| upgrade.timeout.as_ref());
        let limit = configured.map_or(INDEXING, |timeout| *timeout.value());
        Self::new(
            Some(limit),
            Path::new(InstanceModel::UPGRADE).attribute(Upgrade::TIMEOUT),
            after,
        )
    }

    fn new(limit: Option<Duration>, attribute: Path, after: &'static str) -> Self {
        Patience {
            limit,
            began: Instant::now(),
            attribute,
            after,
        }
    }

    /// The same, from now on.
    pub(super) fn restarted(&self) -> Self {
        Patience {
            began: Instant::now(),
            ..self.clone()
        }
    }

    /// Fails when the time is over, with what was waited for and how far it is.
    pub(super) fn check(&self, what: &str, status: &str) -> Result<(), Diagnostics> {
        let Some(limit) = self.limit.filter(|limit| self.began.elapsed() > *limit) else {
            return Ok(());
        };
        let Patience { attribute, after, .. } = self;
        let limit = format_duration(limit);
        let detail = format!(
            "Waited for {what} until the time for that ({limit}) was over.\n\nLast status: {status}\n\n{after}If it only needs \
             longer, raise `{attribute}`."
        );
        Err(Diagnostic::error("Timed out", detail).at(attribute.clone()).into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{model, with};

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_names_its_own_limit() {
        let patience = Patience::of_indexing(&model(&with(json!({"upgrade": {"timeout": "90m"}}))), "It goes on. ");
        assert_eq!(patience.check("the version", "indexing: 3 %"), Ok(()));
        tokio::time::advance(Duration::from_secs(91 * 60)).await;
        let text = patience
            .check("the version", "indexing: 3 %")
            .expect_err("late")
            .to_string();
        for part in ["(1h30m)", "indexing: 3 %", "It goes on. ", "`upgrade.timeout`"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_of_the_configuration_is_the_only_one_of_a_start() {
        let own = Patience::of_start(&model(&with(json!({}))));
        let configured = Patience::of_start(&model(&with(json!({"timeouts": {"update": "2h"}}))));
        tokio::time::advance(START + Duration::from_secs(1)).await;
        assert!(own.check("CHT", "closed").is_err());
        assert!(
            configured.check("CHT", "closed").is_ok(),
            "the operation ends by itself"
        );
        assert!(Patience::of_operation().check("CHT", "closed").is_ok());
    }
}
