//! Which version a configuration brings: that of `image.tag` where it is given, or else `cht_version`.

use tf_framework::Attr;
use tf_framework::path::Path;

use crate::cht::instance::model::{Image, InstanceModel, InstanceModelDraft};
use crate::cht::version::ChtVersion;

/// A version that is to run, and the attribute that says so.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cht::instance) struct Target {
    pub(super) version: ChtVersion,
    pub(super) attribute: Path,
}

impl Target {
    /// The version of a model; none if its tag names no release, as that of a branch: such images have no order.
    pub(super) fn of(model: &InstanceModel) -> Option<Target> {
        Target::new(&model.cht_version, own_tag(model))
    }

    /// The same of a plan, as far as it is known.
    pub(super) fn in_draft(draft: &InstanceModelDraft) -> Option<Target> {
        let tag = match &draft.image {
            Attr::Unknown => return None,
            Attr::Null => &Attr::Null,
            Attr::Known(image) => &image.tag,
        };
        match tag {
            Attr::Unknown => None,
            tag => Target::new(draft.cht_version.known()?, tag.known().map(String::as_str)),
        }
    }

    fn new(cht_version: &str, tag: Option<&str>) -> Option<Target> {
        let attribute = match tag {
            Some(_) => Path::new(InstanceModel::IMAGE).attribute(Image::TAG),
            None => Path::new(InstanceModel::CHT_VERSION),
        };
        let version = tag.unwrap_or(cht_version).parse().ok()?;
        Some(Target { version, attribute })
    }
}

/// The version that a model is to report when it runs; none where its tag names no release.
pub(in crate::cht::instance) fn version_of(model: &InstanceModel) -> Option<ChtVersion> {
    Target::of(model).map(|target| target.version)
}

/// The tag of the images of a model.
pub(super) fn tag(model: &InstanceModel) -> &str {
    own_tag(model).unwrap_or(&model.cht_version)
}

fn own_tag(model: &InstanceModel) -> Option<&str> {
    model.image.as_ref()?.tag.as_deref()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{draft, model, with};

    #[test]
    fn a_tag_that_names_a_release_is_that_release() {
        let table = [
            (json!({}), Some(("5.3.1", "cht_version"))),
            (
                json!({"image": {"registry": "registry.example"}}),
                Some(("5.3.1", "cht_version")),
            ),
            (json!({"image": {"tag": "5.2.0"}}), Some(("5.2.0", "image.tag"))),
            (json!({"image": {"tag": "5.3.1-my-branch"}}), None),
        ];
        for (configuration, expected) in table {
            let configuration = with(configuration);
            let target = Target::of(&model(&configuration));
            assert_eq!(Target::in_draft(&draft(&configuration)), target);
            let target = target.map(|target| (target.version.to_string(), target.attribute.to_string()));
            let expected = expected.map(|(version, attribute)| (version.to_owned(), attribute.to_owned()));
            assert_eq!(target, expected);
        }
    }

    #[test]
    fn what_is_not_known_yet_is_no_release() {
        let mut planned = draft(&with(json!({"image": {"tag": "5.2.0"}})));
        if let Attr::Known(image) = &mut planned.image {
            image.tag = Attr::Unknown;
        }
        assert_eq!(Target::in_draft(&planned), None);
        planned.image = Attr::Unknown;
        assert_eq!(Target::in_draft(&planned), None);
    }
}
