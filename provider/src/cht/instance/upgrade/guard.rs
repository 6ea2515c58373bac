//! Changes of the version that are refused: ways that CHT does not support, and ways back, which lose data silently.
//! Nothing stops an older image from starting on the database of a newer version.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Plan;

use super::images::Images;
use super::target::{Target, tag};
use crate::cht::instance::InstanceResource;
use crate::cht::instance::live::{self, application};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::{Record, Stage};
use crate::cht::upgrade::path::{Path, STOPOVER, path};
use crate::cht::version::ChtVersion;
use crate::kubernetes::{Access, Found};

/// Refuses a plan because of what the last refresh found.
pub(in crate::cht::instance) fn check(
    plan: &Plan<'_, '_, InstanceResource>,
    prior: &InstanceModel,
    diagnostics: &mut Diagnostics,
) {
    let planned = plan.planned();
    let planned = planned.as_ref();
    let wanted = planned.and_then(Target::in_draft);
    // What is not known yet is looked at again before it is applied.
    let allowed = planned.is_some_and(|planned| planned.allow_downgrade.known().copied().unwrap_or(true));
    let live = prior.live_version.known().and_then(|version| version.parse().ok());
    if let (Some(wanted), Some(live)) = (wanted, live)
        && let Some(refused) = refusal(&live, &wanted, allowed, Evidence::Application)
    {
        diagnostics.push(refused);
    }
}

/// Refuses a plan because of the images in the cluster, where the application told nothing in the last refresh.
pub(in crate::cht::instance) async fn check_images(
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    let Some(prior) = prior.filter(|prior| prior.live_version.is_null()) else {
        return Ok(());
    };
    let found = live::find(access, &model.namespace, &[prior]).await?;
    let change = VersionChange {
        model,
        prior,
        found: &found,
    };
    change.check(None)
}

/// An instance that is to have another version, perhaps.
pub(in crate::cht::instance) struct VersionChange<'a> {
    pub(in crate::cht::instance) model: &'a InstanceModel,
    pub(in crate::cht::instance) prior: &'a InstanceModel,
    /// What is in the cluster now.
    pub(in crate::cht::instance) found: &'a Found,
}

impl VersionChange<'_> {
    /// Refuses an update before anything is changed; the application is asked only if it may run another version.
    pub(in crate::cht::instance) async fn refuse_downgrade(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
    ) -> Result<(), Diagnostics> {
        let running = match Images::of(self.found).api() {
            Some(image) if image == tag(self.model) => return Ok(()),
            Some(_) => application::live_version(cx, access, self.model).await?,
            // There is nobody to ask.
            None => None,
        };
        let running = running.and_then(|version| version.parse().ok());
        self.check(running.as_ref())
    }

    /// Refuses an update because of what is in the cluster now: `running` is the version that the application tells, if
    /// it does.
    pub(super) fn check(&self, running: Option<&ChtVersion>) -> Result<(), Diagnostics> {
        let Some(wanted) = Target::of(self.model) else {
            return Ok(());
        };
        let images = Images::of(self.found);
        let known = match (running, images.api()) {
            (Some(running), _) => Some((running.clone(), Evidence::Application)),
            (None, Some(_)) => images.api_version().map(|image| (image, Evidence::Image)),
            (None, None) => remembered(self.prior, self.found).map(|version| (version, Evidence::Record)),
        };
        let refused = known.and_then(|(live, evidence)| refusal(&live, &wanted, self.model.allow_downgrade, evidence));
        refused.map_or(Ok(()), |refused| Err(refused.into()))
    }
}

/// The newest version that may have run: that of the state, or of an update that was not finished. What was never
/// usable has no API because none was made.
fn remembered(prior: &InstanceModel, found: &Found) -> Option<ChtVersion> {
    let record = Record::find(found, &prior.namespace);
    if record.as_ref().is_some_and(|record| record.stage == Stage::Creating) {
        return None;
    }
    let recorded = record.and_then(|record| Target::of(&record.model().ok()?));
    let versions = recorded.into_iter().chain(Target::of(prior));
    versions.map(|target| target.version).max()
}

/// How the version that there is was learned.
#[derive(Clone, Copy)]
enum Evidence {
    Application,
    Image,
    Record,
}

fn refusal(live: &ChtVersion, target: &Target, allowed: bool, evidence: Evidence) -> Option<Diagnostic> {
    let Target {
        version: wanted,
        attribute,
    } = target;
    let (summary, detail) = match path(live, wanted) {
        Path::None | Path::Upgrade => return None,
        Path::Downgrade if allowed => return None,
        Path::Downgrade => ("CHT cannot be downgraded", downgrade(live, target, evidence)),
        Path::Stopover => (
            "CHT cannot be upgraded in one step",
            format!(
                "The instance runs CHT {live}, from which {wanted} cannot be reached: CHT 5 needs what CHT 4.5 and later prepare. \
                 Apply `{attribute} = \"{STOPOVER}\"` first, then {wanted}."
            ),
        ),
    };
    Some(Diagnostic::error(summary, detail).at(attribute.clone()))
}

fn downgrade(live: &ChtVersion, target: &Target, evidence: Evidence) -> String {
    let Target {
        version: wanted,
        attribute,
    } = target;
    let reason = match evidence {
        Evidence::Application => format!(
            "The instance runs CHT {live}, which cannot be taken back to {wanted}: its database is already that of {live}. If it \
             was upgraded in another way, as from its admin page, Terraform only has to be told."
        ),
        Evidence::Image => format!(
            "The API has the image of CHT {live} and does not answer, so its database may be that of {live} already, which cannot \
             be taken back to {wanted}."
        ),
        Evidence::Record => format!(
            "The instance was brought to CHT {live} and has no API at present, so its database may be that of {live}, which cannot \
             be taken back to {wanted}."
        ),
    };
    format!(
        "{reason}\n\nWrite `{attribute} = \"{live}\"`. To take it back all the same, which CHT does not support, make a backup \
         and set `allow_downgrade = true`."
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, model, state, with};
    use crate::cht::instance::record::Stage;

    #[track_caller]
    fn refused(configuration: serde_json::Value, running: Option<&str>, image: &str) -> Option<String> {
        let found = cluster(&state(&with(json!({"cht_version": image}))), Stage::Created, &[]);
        let running = running.map(|version| version.parse().expect("a version"));
        let prior = state(&with(json!({"cht_version": image})));
        let change = VersionChange {
            model: &model(&with(configuration)),
            prior: &prior,
            found: &found,
        };
        let outcome = change.check(running.as_ref());
        outcome.err().map(|refused| refused.to_string())
    }

    #[test]
    fn v02_what_runs_is_not_taken_back_unless_that_is_allowed() {
        let to = |version: &str| json!({"cht_version": version});
        assert_eq!(refused(to("5.3.1"), Some("5.3.0"), "5.3.0"), None);
        assert_eq!(refused(to("5.3.1"), None, "5.3.0"), None);
        let text = refused(to("5.3.0"), Some("5.3.1"), "5.3.0").expect("the application knows better than its image");
        assert!(
            text.contains("cht_version = \"5.3.1\"") && text.contains("admin page"),
            "{text}"
        );
        let text = refused(to("5.3.0"), None, "5.3.1").expect("it may have been started");
        assert!(
            text.contains("does not answer") && text.contains("allow_downgrade"),
            "{text}"
        );
        let allowed = json!({"cht_version": "5.3.0", "allow_downgrade": true});
        assert_eq!(refused(allowed, Some("5.3.1"), "5.3.1"), None);
    }

    #[test]
    fn an_image_that_never_ran_may_be_taken_back() {
        assert_eq!(refused(json!({"cht_version": "5.3.0"}), Some("5.3.0"), "5.3.9"), None);
    }

    #[test]
    fn v01_the_first_releases_of_cht_4_need_a_stop_on_the_way() {
        let text = refused(json!({"cht_version": "5.3.1"}), Some("4.2.0"), "4.2.0").expect("it is too far");
        assert!(text.contains("cht_version = \"4.22.0\""), "{text}");
    }

    #[test]
    fn a_tag_that_names_a_release_does_not_take_it_back_either() {
        let own = |tag: &str| json!({"cht_version": "5.3.1", "image": {"tag": tag}});
        for running in [Some("5.3.1"), None] {
            let text = refused(own("5.2.0"), running, "5.3.1").expect("5.2.0 is older");
            assert!(text.contains("image.tag = \"5.3.1\""), "{text}");
        }
        assert_eq!(refused(own("5.3.2"), Some("5.3.1"), "5.3.1"), None);
    }

    #[test]
    fn an_api_that_was_deleted_leaves_the_version_that_it_had() {
        let without_api =
            |version: &str, stage| cluster(&state(&with(json!({"cht_version": version}))), stage, &["cht-api"]);
        let to = |wanted: &str, prior: &str, found: &Found| {
            let wanted = model(&with(json!({"cht_version": wanted})));
            let prior = state(&with(json!({"cht_version": prior})));
            let change = VersionChange {
                model: &wanted,
                prior: &prior,
                found,
            };
            change.check(None).map_err(|refused| refused.to_string())
        };
        let created = without_api("5.3.1", Stage::Created);
        let text = to("5.3.0", "5.3.1", &created).expect_err("it ran 5.3.1");
        assert!(
            text.contains("has no API") && text.contains("allow_downgrade"),
            "{text}"
        );
        assert_eq!(to("5.3.1", "5.3.1", &created), Ok(()));
        let updating = without_api("5.3.1", Stage::Updating);
        assert!(
            to("5.3.0", "5.3.0", &updating).is_err(),
            "the update may have started it"
        );
        assert!(to("5.3.0", "5.3.1", &Found::default()).is_err(), "the state is enough");
        let creating = without_api("5.3.1", Stage::Creating);
        assert_eq!(to("5.3.0", "5.3.1", &creating), Ok(()), "it never started");
    }

    #[test]
    fn images_with_a_tag_of_their_own_have_no_order() {
        let own = json!({"cht_version": "5.3.0", "image": {"tag": "master"}});
        assert_eq!(refused(own, Some("5.3.1"), "5.3.1"), None);
    }
}
