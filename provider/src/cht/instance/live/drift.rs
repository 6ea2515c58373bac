//! What differs in the cluster from what a state says, and what that tells a plan.

use tf_framework::diagnostics::Diagnostics;

use crate::cht::instance::adoption;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::desired::Desired;
use crate::cht::instance::live::secrets;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::{self, Record, Stage};
use crate::kubernetes::{Drift, Found, drift};

/// What differs in the cluster from what a state says, one line for each difference.
pub(in crate::cht::instance) fn differences(
    state: &InstanceModel,
    live: Known,
    found: &Found,
) -> Result<Vec<String>, Diagnostics> {
    let namespace = &state.namespace;
    let stage = Record::find(found, namespace).map_or(Stage::Created, |record| record.stage);
    // A password that the state does not have can only be compared with itself.
    let credentials = Known::of(&state.couchdb).or(live).or_generate();
    let desired = Desired::new(&secrets::with_key(state, found), &credentials, stage)?;
    let desired = adoption::keep_volumes(state, desired, found);
    // The record repeats attributes, some of which the cluster decides; each of them shows by itself.
    let is_record = |drift: &Drift| matches!(drift, Drift::Field(field) if field.object == record::key(namespace));
    let mut drift = drift(&desired.set, found);
    drift.retain(|drift| !is_record(drift));
    let mut lines = adoption::differences(&desired, found, &drift);
    match stage {
        Stage::Creating => lines.push(UNFINISHED.to_owned()),
        Stage::Opened => lines.push(format!("{UNFINISHED}, but users may have come")),
        Stage::Adopting => lines.push("The adoption of the instance was not finished".to_owned()),
        Stage::Updating => lines.push("An update of the instance was not finished".to_owned()),
        Stage::Created => {}
    }
    lines.extend(
        desired
            .obsolete(found)
            .objects()
            .map(|live| format!("{} is not needed any more", live.key())),
    );
    Ok(lines)
}

/// The line of an instance that has never been usable.
pub(super) const UNFINISHED: &str = "The creation of the instance was not finished";

/// Whether a state is that of an instance which has been usable, as far as the state can tell.
pub(in crate::cht::instance) fn was_usable(state: &InstanceModel) -> bool {
    let unfinished = |line: &String| line == UNFINISHED;
    !state.ready.is_null() && !state.drift.known().is_some_and(|drift| drift.iter().any(unfinished))
}

/// Whether the last refresh found differences.
pub(in crate::cht::instance) fn was_found(prior: &InstanceModel) -> bool {
    prior.drift.known().is_some_and(|drift| !drift.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{self, cluster, with};
    use crate::kubernetes::LiveObject;

    fn state() -> InstanceModel {
        fixtures::state(&with(json!({"ingress": {"class": "nginx"}})))
    }

    fn lines(state: &InstanceModel, found: &Found) -> Vec<String> {
        let live = secrets::credentials(found, &state.namespace);
        differences(state, live, found).expect("the state is complete")
    }

    #[test]
    fn an_untouched_instance_has_no_drift() {
        let state = state();
        assert_eq!(
            lines(&state, &cluster(&state, Stage::Created, &[])),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_is_missing_obsolete_or_unfinished_is_drift() {
        let state = state();
        assert_eq!(
            lines(&state, &cluster(&state, Stage::Created, &["haproxy"])),
            ["Service cht-kisumu/haproxy is not there"]
        );
        let unfinished = lines(&state, &cluster(&state, Stage::Creating, &[]));
        assert_eq!(unfinished, ["The creation of the instance was not finished"]);
        let changing = lines(&state, &cluster(&state, Stage::Updating, &[]));
        assert_eq!(changing, ["An update of the instance was not finished"]);
        let without_ingress = InstanceModel {
            ingress: None,
            ..state.clone()
        };
        let obsolete = lines(&without_ingress, &cluster(&state, Stage::Created, &[]));
        assert_eq!(obsolete, ["Ingress cht-kisumu/api-ingress is not needed any more"]);
    }

    #[test]
    fn row_13_another_image_of_couchdb_is_drift() {
        let state = state();
        let other_image = |live: &LiveObject| {
            let mut json = live.json().clone();
            if live.key().name == "cht-couchdb" {
                json["spec"]["template"]["spec"]["containers"][0]["image"] = json!("couchdb:3.3.3");
            }
            LiveObject::from_json(json).expect("a known kind")
        };
        let found = cluster(&state, Stage::Created, &[]);
        let lines = lines(&state, &found.objects().map(other_image).collect());
        assert_eq!(lines.len(), 1, "{lines:?}");
        let image = "image: \"couchdb:3.3.3\" instead of \"public.ecr.aws/medic/cht-couchdb:5.3.1\"";
        assert!(lines[0].contains(image), "{lines:?}");
    }

    #[test]
    fn a_password_that_the_state_does_not_have_is_no_drift() {
        let mut state = state();
        let found = cluster(&state, Stage::Created, &[]);
        state.couchdb.admin_password = tf_framework::Attr::Null;
        assert_eq!(lines(&state, &found), Vec::<String>::new());
    }

    #[test]
    fn an_instance_that_was_never_usable_is_not_protected() {
        let never_refreshed = fixtures::state(&with(json!({})));
        assert!(!was_usable(&never_refreshed));
        let unfinished = fixtures::state(&with(json!({"ready": false, "drift": [UNFINISHED]})));
        assert!(!was_usable(&unfinished));
        let down = fixtures::state(&with(
            json!({"ready": false, "drift": ["Service cht-kisumu/api is not there"]}),
        ));
        assert!(was_usable(&down), "it may hold data");
    }
}
