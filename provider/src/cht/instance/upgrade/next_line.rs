//! What is more to an upgrade from CHT 4 to CHT 5 than to others: a plan says what it changes for users, and an update
//! whether the search index is complete, which CouchDB builds only after the images were exchanged.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, error_chain};
use tf_framework::resource::Plan;

use super::target::{Target, tag};
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::live::application;
use crate::cht::instance::model::InstanceModel;
use crate::cht::version::ChtVersion;
use crate::kubernetes::Access;

/// The first line of versions with a search index of its own.
const WITH_SEARCH_INDEX: u64 = 5;

/// Warns of what changes for users.
pub(in crate::cht::instance) fn warn(cx: &Context<InstanceResource>, plan: &Plan<'_, '_, InstanceResource>) {
    let Some(prior) = &plan.prior else { return };
    let wanted = plan.planned().as_ref().and_then(Target::in_draft);
    if let Some(warning) = wanted.and_then(|wanted| warning(&running(prior)?, &wanted)) {
        cx.warn(warning);
    }
}

/// The version that an instance has, as far as its state tells.
fn running(prior: &InstanceModel) -> Option<ChtVersion> {
    let live = prior.live_version.known().and_then(|version| version.parse().ok());
    live.or_else(|| Target::of(prior).map(|target| target.version))
}

fn warning(running: &ChtVersion, wanted: &Target) -> Option<Diagnostic> {
    if running.major >= WITH_SEARCH_INDEX || wanted.version.major < WITH_SEARCH_INDEX {
        return None;
    }
    let detail = format!(
        "After the upgrade from CHT {running} to {}, phones do not synchronize and online users find nothing until the new search \
         index is built, which takes up to 24 hours on a large database. Before you apply: every phone needs Chrome 107 or later; \
         `app_url` has to be in the settings if `token_login` is, and `languages`; and the settings have to be compiled with a \
         recent cht-conf, as rules have to be declarative. The guide on upgrades has the whole list.",
        wanted.version
    );
    Some(Diagnostic::warning("CHT 5 changes more than the images", detail).at(wanted.attribute.clone()))
}

/// Tells, after an update to another version, whether the search index is being built. It never fails: the instance
/// runs.
pub(in crate::cht::instance) async fn report(
    cx: &Context<InstanceResource>,
    access: &Access,
    (prior, model): (&InstanceModel, &InstanceModel),
    credentials: &Credentials,
) {
    let has_index = Target::of(model).is_some_and(|target| target.version.major >= WITH_SEARCH_INDEX);
    if !has_index || tag(prior) == tag(model) {
        return;
    }
    let Ok(client) = application::client(cx, access, model, Some(credentials)) else {
        return;
    };
    match client.search_indexing().await {
        Ok(Some(percent)) => cx.warn(still_indexing(percent)),
        Ok(None) => {}
        Err(error) => tracing::info!(
            error = error_chain(&error),
            "it cannot be told whether the search index is complete"
        ),
    }
}

fn still_indexing(percent: u64) -> Diagnostic {
    let detail = format!(
        "The instance runs, and CouchDB is building its search index: {percent} % so far. Until that is complete, which takes up to \
         24 hours on a large database, phones fail to synchronize, and online users find nothing. Nothing is to be done but to \
         wait: `/_utils/#/activetasks` shows the tasks `search_indexer` until then."
    );
    Diagnostic::warning("Search index is still being built", detail).at(InstanceModel::CHT_VERSION)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{model, with};

    #[test]
    fn an_upgrade_to_cht_5_says_what_it_changes_for_users() {
        let warned = |running: &str, wanted: &str| {
            let running = running.parse().expect("a version");
            let wanted = Target::of(&model(&with(json!({"cht_version": wanted})))).expect("a release");
            warning(&running, &wanted).map(|warning| warning.detail)
        };
        for (running, wanted) in [("4.22.0", "4.22.1"), ("5.0.0", "5.3.1"), ("5.3.1", "4.22.0")] {
            assert_eq!(warned(running, wanted), None, "{running} to {wanted}");
        }
        let text = warned("4.22.0", "5.3.1").expect("it is another line");
        for part in ["24 hours", "`app_url`", "`languages`", "declarative", "Chrome 107"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_a_state_says_of_the_version_is_what_runs_or_else_what_was_configured() {
        let prior = model(&with(json!({"cht_version": "4.22.0"})));
        assert_eq!(running(&prior).map(|version| version.major), Some(4));
        let mut upgraded = prior;
        upgraded.live_version = Some("5.3.1".to_owned()).into();
        assert_eq!(running(&upgraded).map(|version| version.major), Some(5));
    }
}
