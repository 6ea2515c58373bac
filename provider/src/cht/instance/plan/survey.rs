//! What a creation finds in the cluster, and whether it may go on. [`unsaved`] is about a finished instance that no
//! state has.

use std::collections::BTreeSet;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::claim;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::{self, secrets};
use crate::cht::instance::model::{Couchdb, InstanceModel};
use crate::cht::instance::plan::data_guard;
use crate::cht::instance::record::{Record, Stage};
use crate::cht::instance::spec::Volume;
use crate::kubernetes::{Access, Found};

pub(in crate::cht::instance) mod unsaved;

/// What a creation finds.
pub(in crate::cht::instance) struct Survey {
    pub(in crate::cht::instance) started_with: Known,
    pub(in crate::cht::instance) found: Found,
    pub(super) record: Option<Record>,
    claims: BTreeSet<String>,
}

impl Survey {
    /// Looks at what is there before a creation.
    pub(in crate::cht::instance) async fn take(access: &Access, model: &InstanceModel) -> Result<Self, Diagnostics> {
        let found = live::find(access, &model.namespace, &[model]).await?;
        Ok(Survey {
            started_with: secrets::credentials(&found, &model.namespace),
            record: Record::find(&found, &model.namespace),
            claims: claims(&found),
            found,
        })
    }

    /// Whether there is an instance whose creation was not finished.
    pub(super) fn is_unfinished(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.stage.is_creation())
    }

    /// How far a creation was that was not finished; at the beginning if there was none.
    pub(in crate::cht::instance) fn stage(&self) -> Stage {
        let stage = self.record.as_ref().map(|record| record.stage);
        stage.filter(|stage| stage.is_creation()).unwrap_or(Stage::Creating)
    }

    /// The creation that made what is there, as far as the record tells.
    pub(in crate::cht::instance) fn made_by(&self) -> Option<String> {
        self.record.as_ref()?.creation.name.clone()
    }

    /// What an earlier creation, which was not finished, was to make.
    pub(in crate::cht::instance) fn begun(&self) -> Option<InstanceModel> {
        let record = self.record.as_ref().filter(|record| record.stage.is_creation())?;
        // One that cannot be read is of a later release; then what it had more than this one is not known either.
        record.model().ok()
    }

    /// Whether there is an instance that has been usable.
    pub(super) fn is_finished(&self) -> bool {
        self.record.as_ref().is_some_and(|record| !record.stage.is_creation())
    }

    /// Checks that an instance can be made: there is none, or an unfinished one, or the data of one that was destroyed
    /// and everything that is needed to use it.
    pub(in crate::cht::instance) fn allows_creation(&self, model: &InstanceModel) -> Result<(), Diagnostics> {
        let namespace = &model.namespace;
        let wanted = Known::of(&model.couchdb);
        match &self.record {
            Some(record) if !record.stage.is_creation() => Err(Diagnostic::error(
                "CHT instance exists already",
                format!(
                    "There is a finished instance in the namespace {namespace}. If it is not in this state, import it with \
                     the id `{namespace}`, or choose another namespace.\n\n{}",
                    claim::TAINTED
                ),
            )
            .at(InstanceModel::NAMESPACE)
            .into()),
            Some(record) => {
                let mut diagnostics = Diagnostics::new();
                if let Ok(earlier) = record.model() {
                    data_guard::compare(&earlier.couchdb, &model.couchdb, &mut diagnostics);
                }
                diagnostics.into_result(())?;
                self.started_with.agree_with(&wanted)
            }
            None if !self.claims.is_empty() => self.fits_retained_data(model, wanted.complete().is_some()),
            None if model.couchdb.existing_data && makes_new_volumes(model) => Err(Diagnostic::error(
                "No volumes with existing data",
                format!(
                    "`existing_data` is on, but no node names a volume in its `storage`, and the namespace {namespace} holds \
                     none of an earlier instance. Name the volumes, or remove `existing_data`."
                ),
            )
            .at(Path::new(InstanceModel::COUCHDB).attribute(Couchdb::EXISTING_DATA))
            .into()),
            None => Ok(()),
        }
    }

    /// Tells of volumes that a creation takes from an instance that was destroyed, where the configuration does not.
    pub(super) fn warning(&self, model: &InstanceModel) -> Option<Diagnostic> {
        if self.record.is_some() || self.claims.is_empty() || model.couchdb.existing_data {
            return None;
        }
        let detail = format!(
            "The namespace {} holds the volumes of an instance that was destroyed, which this one takes: {}. CouchDB has to find \
             its data in them before anything else is started.",
            model.namespace,
            self.claim_names()
        );
        Some(Diagnostic::warning("Volumes of an earlier instance are used", detail).at(InstanceModel::COUCHDB))
    }

    /// Checks that the volumes of an instance that was destroyed can be used: by as many nodes, and with its
    /// credentials.
    fn fits_retained_data(&self, model: &InstanceModel, has_credentials: bool) -> Result<(), Diagnostics> {
        let namespace = &model.namespace;
        let found = self.claim_names();
        let couchdb = model.couchdb.spec();
        let wanted: BTreeSet<String> = couchdb.members().map(|member| member.claim()).collect();
        let problem = if self.claims != wanted {
            format!(
                "CouchDB finds data only under the names that its nodes had: it needs as many nodes as before, for the volume \
                 claims {found}"
            )
        } else if !has_credentials {
            "It only works with the `admin_password`, `secret` and `uuid` of that instance: give all three".to_owned()
        } else {
            return Ok(());
        };
        Err(Diagnostic::error(
            "Data of an earlier instance",
            format!(
                "The namespace {namespace} holds the data of an instance that was destroyed and whose volumes were retained. \
                 {problem}. If the data is not needed any more, delete the volume claims {found} first."
            ),
        )
        .at(InstanceModel::COUCHDB)
        .into())
    }

    fn claim_names(&self) -> String {
        self.claims.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// The claims of data volumes.
fn claims(found: &Found) -> BTreeSet<String> {
    let claims = found
        .objects()
        .filter(|live| live.key().kind.kind == "PersistentVolumeClaim");
    claims.map(|live| live.key().name.clone()).collect()
}

fn makes_new_volumes(model: &InstanceModel) -> bool {
    let nodes = model.couchdb.spec().nodes;
    nodes.iter().all(|node| node.storage.volume == Volume::New)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{self, cluster, minimal, model, state, with};

    #[test]
    fn a_creation_goes_on_where_an_earlier_one_was_killed() {
        let state = state(&minimal());
        let found = cluster(&state, Stage::Creating, &[]);
        let survey = Survey {
            started_with: secrets::credentials(&found, "cht-kisumu"),
            record: Record::find(&found, "cht-kisumu"),
            claims: claims(&found),
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
    fn a_creation_that_goes_on_does_not_forget_that_users_may_have_come() {
        for (stage, expected) in [(Stage::Creating, Stage::Creating), (Stage::Opened, Stage::Opened)] {
            let found = cluster(&state(&minimal()), stage, &[]);
            let survey = Survey {
                started_with: Known::default(),
                record: Record::find(&found, "cht-kisumu"),
                claims: claims(&found),
                found,
            };
            assert!(survey.is_unfinished() && !survey.is_finished());
            assert_eq!(survey.stage(), expected);
        }
    }

    #[test]
    fn a_creation_goes_on_with_the_volumes_that_it_began_with() {
        let state = state(&minimal());
        let found = cluster(&state, Stage::Creating, &[]);
        let survey = Survey {
            started_with: Known::default(),
            record: Record::find(&found, "cht-kisumu"),
            claims: claims(&found),
            found,
        };
        assert!(survey.begun().is_some_and(|begun| begun.namespace == "cht-kisumu"));
        let other = model(&with(fixtures::couchdb(
            json!({"nodes": [{"storage": {"gce_disk": "data"}}]}),
        )));
        let refused = survey.allows_creation(&other).expect_err("another volume");
        assert!(refused.to_string().contains("Put the old value back"), "{refused}");
    }

    #[test]
    fn a_finished_instance_or_the_data_of_a_destroyed_one_is_not_taken_over() {
        let state = state(&minimal());
        let found = cluster(&state, Stage::Created, &[]);
        let finished = Survey {
            started_with: Known::default(),
            record: Record::find(&found, "cht-kisumu"),
            claims: claims(&found),
            found,
        };
        assert!(
            finished
                .allows_creation(&model(&minimal()))
                .expect_err("finished")
                .to_string()
                .contains("import it")
        );
        let data = Survey {
            started_with: Known::default(),
            record: None,
            claims: BTreeSet::from(["couchdb-claim0".to_owned()]),
            found: Found::default(),
        };
        assert!(
            data.allows_creation(&model(&minimal()))
                .expect_err("data")
                .to_string()
                .contains("admin_password")
        );
        assert!(data.allows_creation(&state).is_ok(), "all credentials are known");
        let warning = data.warning(&state).expect("the configuration does not name them");
        assert!(warning.detail.contains("couchdb-claim0"), "{}", warning.detail);
        let told = fixtures::state(&with(fixtures::couchdb(json!({"existing_data": true}))));
        assert_eq!(data.warning(&told), None);

        let cluster = fixtures::state(&with(fixtures::couchdb(json!({"nodes": [{}, {}]}))));
        let refused = data.allows_creation(&cluster).expect_err("other nodes");
        assert!(refused.to_string().contains("as many nodes as before"), "{refused}");
    }

    #[test]
    fn existing_data_is_in_volumes_that_are_named_or_retained() {
        let nothing = Survey {
            started_with: Known::default(),
            record: None,
            claims: BTreeSet::new(),
            found: Found::default(),
        };
        let given = |nodes| fixtures::state(&with(fixtures::couchdb(json!({"existing_data": true, "nodes": nodes}))));
        let refused = nothing.allows_creation(&given(json!([{}]))).expect_err("no volumes");
        assert!(refused.to_string().contains("no node names a volume"), "{refused}");
        let named = given(json!([{"storage": {"gce_disk": "data"}}]));
        assert!(nothing.allows_creation(&named).is_ok());
        let retained = Survey {
            claims: BTreeSet::from(["couchdb-claim0".to_owned()]),
            ..nothing
        };
        assert!(retained.allows_creation(&given(json!(null))).is_ok());
    }
}
