//! Changes of the version that are refused: ways that CHT does not support, and ways back, which lose data silently. Nothing
//! stops an older image from starting on the database of a newer version.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::Plan;

use super::images::Images;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::{desired, steps};
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
    let wanted = planned.and_then(|planned| planned.cht_version.known()?.parse().ok());
    // What is not known yet is looked at again before it is applied.
    let allowed = planned.is_some_and(|planned| planned.allow_downgrade.known().copied().unwrap_or(true));
    let live = prior.live_version.known().and_then(|version| version.parse().ok());
    if let (Some(wanted), Some(live)) = (wanted, live)
        && let Some(refused) = refusal(&live, &wanted, allowed, Evidence::Application)
    {
        diagnostics.push(refused);
    }
}

/// Refuses an update because of what is in the cluster now: `running` is the version that the application tells, if it does.
pub(in crate::cht::instance) fn check_live(
    model: &InstanceModel,
    running: Option<&ChtVersion>,
    found: &Found,
) -> Result<(), Diagnostics> {
    let has_own_tag = model.image.as_ref().is_some_and(|image| image.tag.is_some());
    let Some(wanted) = model.cht_version.parse().ok().filter(|_| !has_own_tag) else {
        return Ok(());
    };
    let image = Images::of(found).api_version();
    let refused = match (running, &image) {
        (Some(running), _) => refusal(running, &wanted, model.allow_downgrade, Evidence::Application),
        (None, Some(image)) => refusal(image, &wanted, model.allow_downgrade, Evidence::Image),
        (None, None) => None,
    };
    refused.map_or(Ok(()), |refused| Err(refused.into()))
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
    let found = desired::find(access, &model.namespace, &[prior]).await?;
    check_live(model, None, &found)
}

/// Refuses an update before anything is changed; the application is asked only if it may run another version.
pub(in crate::cht::instance) async fn refuse_downgrade(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    found: &Found,
) -> Result<(), Diagnostics> {
    let images = Images::of(found);
    if images.api().is_none_or(|tag| tag == model.cht_version) {
        return Ok(());
    }
    let running = steps::live_version(cx, access, model).await?;
    let running = running.and_then(|version| version.parse().ok());
    check_live(model, running.as_ref(), found)
}

/// How the version that there is was learned.
#[derive(Clone, Copy)]
enum Evidence {
    Application,
    Image,
}

fn refusal(live: &ChtVersion, wanted: &ChtVersion, allowed: bool, evidence: Evidence) -> Option<Diagnostic> {
    let (summary, detail) = match path(live, wanted) {
        Path::None | Path::Upgrade => return None,
        Path::Downgrade if allowed => return None,
        Path::Downgrade => ("CHT cannot be downgraded", downgrade(live, wanted, evidence)),
        Path::Stopover => (
            "CHT cannot be upgraded in one step",
            format!(
                "The instance runs CHT {live}, from which {wanted} cannot be reached: CHT 5 needs what CHT 4.5 and later prepare. \
                 Apply `cht_version = \"{STOPOVER}\"` first, then {wanted}."
            ),
        ),
    };
    Some(Diagnostic::error(summary, detail).at(InstanceModel::CHT_VERSION))
}

fn downgrade(live: &ChtVersion, wanted: &ChtVersion, evidence: Evidence) -> String {
    let reason = match evidence {
        Evidence::Application => format!(
            "The instance runs CHT {live}, which cannot be taken back to {wanted}: its database is already that of {live}. If it \
             was upgraded in another way, as from its admin page, Terraform only has to be told."
        ),
        Evidence::Image => format!(
            "The API has the image of CHT {live} and does not answer, so its database may be that of {live} already, which cannot \
             be taken back to {wanted}."
        ),
    };
    format!(
        "{reason}\n\nWrite `cht_version = \"{live}\"`. To take it back all the same, which CHT does not support, make a backup \
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
        let outcome = check_live(&model(&with(configuration)), running.as_ref(), &found);
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
    fn images_with_a_tag_of_their_own_have_no_order() {
        let own = json!({"cht_version": "5.3.0", "image": {"tag": "master"}});
        assert_eq!(refused(own, Some("5.3.1"), "5.3.1"), None);
    }
}
