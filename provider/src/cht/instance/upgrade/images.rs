//! The versions of which the cluster has the images. A CHT that was upgraded from its own admin page, or by hand, shows
//! here.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::Record;
use crate::cht::version::ChtVersion;
use crate::kubernetes::Found;

/// The container of the API, whose version decides on the database.
const API: &str = "cht-api";

/// The tags of CHT's own images in the Deployments of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cht::instance) struct Images {
    api: Option<String>,
    all: BTreeSet<String>,
}

impl Images {
    /// Those that were found.
    pub(in crate::cht::instance) fn of(found: &Found) -> Self {
        let mut images = Images::default();
        let deployments = found.objects().filter(|live| live.key().kind.kind == "Deployment");
        let containers =
            deployments.filter_map(|live| live.json().pointer("/spec/template/spec/containers")?.as_array());
        for (name, tag) in containers.flatten().filter_map(name_and_tag) {
            if name == API {
                images.api = Some(tag.to_owned());
            }
            images.all.insert(tag.to_owned());
        }
        images
    }

    /// The tag of the API's image, if there is an API.
    pub(super) fn api(&self) -> Option<&str> {
        self.api.as_deref()
    }

    /// The version of the API's image.
    pub(super) fn api_version(&self) -> Option<ChtVersion> {
        self.api.as_deref()?.parse().ok()
    }

    /// The version of all images, if it is the same.
    fn version(&self) -> Option<ChtVersion> {
        let mut tags = self.all.iter();
        let only = tags.next().filter(|_| tags.next().is_none())?;
        only.parse().ok()
    }
}

/// Takes over the version that the whole instance was brought to from outside, so that the state says what there is.
/// What was changed in part only is drift.
pub(in crate::cht::instance) fn adopt(state: &mut InstanceModel, live_version: Option<&str>, found: &Found) {
    let is_unfinished = Record::find(found, &state.namespace).is_none_or(|record| record.stage.is_creation());
    let has_own_tag = state.image.as_ref().is_some_and(|image| image.tag.is_some());
    if is_unfinished || has_own_tag {
        return;
    }
    if let Some(version) = Images::of(found).version().map(|version| version.to_string())
        && live_version == Some(version.as_str())
        && state.cht_version != version
    {
        tracing::info!(version, "the instance was brought to another version from outside");
        state.cht_version = version;
    }
}

/// The name and the tag of an image of CHT's own.
fn name_and_tag(container: &Value) -> Option<(&str, &str)> {
    let image = container.get("image")?.as_str()?;
    let (name, tag) = image.rsplit('/').next()?.split_once(':')?;
    name.starts_with("cht-").then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{cluster, state, with};
    use crate::cht::instance::record::Stage;

    fn found(version: &str, stage: Stage) -> Found {
        cluster(&state(&with(json!({"cht_version": version}))), stage, &[])
    }

    #[test]
    fn the_images_of_an_instance_are_those_of_its_version() {
        let images = Images::of(&found("5.3.1", Stage::Created));
        assert_eq!(images.api(), Some("5.3.1"));
        assert_eq!(
            images.version().map(|version| version.to_string()).as_deref(),
            Some("5.3.1")
        );
        assert_eq!(Images::of(&Found::default()), Images::default());
    }

    #[test]
    fn only_what_was_brought_to_another_version_as_a_whole_is_taken_over() {
        let adopted = |live: Option<&str>, found: &Found| {
            let mut state = state(&with(json!({"cht_version": "5.3.0"})));
            adopt(&mut state, live, found);
            state.cht_version
        };
        let whole = found("5.3.1", Stage::Created);
        assert_eq!(adopted(Some("5.3.1"), &whole), "5.3.1");
        assert_eq!(adopted(Some("5.3.0"), &whole), "5.3.0", "the API has not started yet");
        assert_eq!(adopted(None, &whole), "5.3.0");
        let part: Found = found("5.3.1", Stage::Created)
            .objects()
            .filter(|live| live.key().name != "cht-sentinel")
            .chain(
                found("5.3.0", Stage::Created)
                    .objects()
                    .filter(|live| live.key().name == "cht-sentinel"),
            )
            .cloned()
            .collect();
        assert_eq!(adopted(Some("5.3.1"), &part), "5.3.0");
        assert_eq!(adopted(Some("5.3.1"), &found("5.3.1", Stage::Creating)), "5.3.0");
    }
}
