//! What a creation finds in the cluster, and whether it may go on.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::credentials::Known;
use crate::cht::instance::desired::{claim_key, find, live_credentials};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::objects;
use crate::cht::instance::record::{Record, Stage};
use crate::kubernetes::{Access, Found};

/// What a creation finds.
pub(super) struct Survey {
    pub(super) started_with: Known,
    pub(super) found: Found,
    record: Option<Record>,
    has_claim: bool,
}

impl Survey {
    /// Looks at what is there before a creation.
    pub(super) async fn take(access: &Access, model: &InstanceModel) -> Result<Self, Diagnostics> {
        let found = find(access, &model.namespace, model.create_namespace).await?;
        Ok(Survey {
            started_with: live_credentials(&found, &model.namespace),
            record: Record::find(&found, &model.namespace),
            has_claim: found.get(&claim_key(&model.namespace)).is_some(),
            found,
        })
    }

    /// Whether there is an instance whose creation was not finished.
    pub(super) fn is_unfinished(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.stage == Stage::Creating)
    }

    /// Whether there is an instance that has been usable.
    pub(super) fn is_finished(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.stage != Stage::Creating)
    }

    /// Checks that an instance can be made: there is none, or an unfinished one, or the data of one that was destroyed and
    /// everything that is needed to use it.
    pub(super) fn allows_creation(&self, model: &InstanceModel) -> Result<(), Diagnostics> {
        let namespace = &model.namespace;
        let wanted = Known::of(&model.couchdb);
        match &self.record {
            Some(record) if record.stage != Stage::Creating => Err(Diagnostic::error(
                "CHT instance exists already",
                format!(
                    "There is a finished instance in the namespace {namespace}, which is not in this state. Import it with \
                     the id `{namespace}`, or choose another namespace."
                ),
            )
            .at(InstanceModel::NAMESPACE)
            .into()),
            Some(_) => self.started_with.agree_with(&wanted),
            None if self.has_claim && wanted.complete().is_none() => Err(Diagnostic::error(
                "Data of an earlier instance",
                format!(
                    "The namespace {namespace} holds the data volume of an instance that was destroyed and whose volumes \
                     were retained. It only works with the `admin_password`, `secret` and `uuid` of that instance: give all \
                     three. If the data is not needed any more, delete the volume claim {} first.",
                    objects::CLAIM
                ),
            )
            .at(InstanceModel::COUCHDB)
            .into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::instance::fixtures::{cluster, minimal, model, state};

    #[test]
    fn a_creation_goes_on_where_an_earlier_one_was_killed() {
        let state = state(&minimal());
        let found = cluster(&state, Stage::Creating, &[]);
        let survey = Survey {
            started_with: live_credentials(&found, "cht-kisumu"),
            record: Record::find(&found, "cht-kisumu"),
            has_claim: true,
            found,
        };
        let again = model(&minimal());
        assert!(survey.allows_creation(&again).is_ok());
        let continued = Known::of(&again.couchdb)
            .or(survey.started_with)
            .complete()
            .expect("all are found");
        assert_eq!(format!("{:?}", continued), "Credentials([REDACTED])");
    }

    #[test]
    fn a_finished_instance_or_the_data_of_a_destroyed_one_is_not_taken_over() {
        let state = state(&minimal());
        let found = cluster(&state, Stage::Created, &[]);
        let finished = Survey {
            started_with: Known::default(),
            record: Record::find(&found, "cht-kisumu"),
            has_claim: true,
            found,
        };
        assert!(
            finished
                .allows_creation(&model(&minimal()))
                .expect_err("finished")
                .to_string()
                .contains("Import it")
        );
        let data = Survey {
            started_with: Known::default(),
            record: None,
            has_claim: true,
            found: Found::default(),
        };
        assert!(
            data.allows_creation(&model(&minimal()))
                .expect_err("data")
                .to_string()
                .contains("admin_password")
        );
        assert!(data.allows_creation(&state).is_ok(), "all credentials are known");
    }
}
