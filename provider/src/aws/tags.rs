//! Tags: by which we know what we have made, and those of users; the same for all services.

use std::collections::BTreeMap;

/// Who made it.
const MANAGED_BY: &str = "cht:managed-by";
const PROVIDER: &str = "terraform-provider-cht";

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// The tags of something that is ours: the default ones, those of the user, and ours.
pub(super) fn wanted(own: Option<&Tags>, defaults: &Tags) -> Tags {
    let mut tags = given(own, defaults);
    tags.insert(MANAGED_BY.to_owned(), PROVIDER.to_owned());
    tags
}

/// The default tags and those of the user, who has the last word.
pub(super) fn given(own: Option<&Tags>, defaults: &Tags) -> Tags {
    let mut tags = defaults.clone();
    tags.extend(own.cloned().unwrap_or_default());
    tags
}

/// Whether this provider has made what has these tags.
pub(super) fn are_ours(is: &Tags) -> bool {
    is.get(MANAGED_BY).is_some_and(|by| by == PROVIDER)
}

/// The tags that users have given, beside the default ones, as an import finds them; none if there are none.
pub(super) fn of_user(is: &Tags, defaults: &Tags) -> Option<Tags> {
    let is_users = |(key, value): &(&String, &String)| {
        defaults.get(*key) != Some(value) && !key.starts_with("cht:") && !key.starts_with("aws:")
    };
    let tags = copied(is.iter().filter(is_users));
    (!tags.is_empty()).then_some(tags)
}

/// What has become of a user's tags; those that others have set meanwhile are theirs.
pub(super) fn observed(own: Option<&Tags>, is: &Tags) -> Option<Tags> {
    let keys = own?.keys();
    Some(copied(keys.filter_map(|key| is.get_key_value(key))))
}

/// Which of the wanted tags are not there, or have another value.
pub(super) fn missing(wanted: &Tags, is: &Tags) -> Tags {
    copied(wanted.iter().filter(|(key, value)| is.get(*key) != Some(value)))
}

/// Which tags that we set once are there still, and not wanted any more.
pub(super) fn surplus(wanted: &Tags, is: &Tags, ours: &[String]) -> Vec<String> {
    let is_surplus = |key: &&String| ours.contains(key) && !wanted.contains_key(*key);
    is.keys().filter(is_surplus).cloned().collect()
}

fn copied<'t>(tags: impl Iterator<Item = (&'t String, &'t String)>) -> Tags {
    tags.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_read_is_what_was_asked_for() {
        let (own, defaults) = (tags(&[("county", "siaya")]), tags(&[("owner", "moh")]));
        let set = wanted(Some(&own), &defaults);
        assert!(are_ours(&set));
        assert_eq!(of_user(&set, &defaults), Some(own));
        assert_eq!(of_user(&wanted(None, &defaults), &defaults), None);
        assert!(!are_ours(&defaults));
        let others = tags(&[("county", "kisumu"), ("team", "x")]);
        let seen = observed(Some(&tags(&[("county", "siaya")])), &others);
        assert_eq!(seen, Some(tags(&[("county", "kisumu")])));
        assert_eq!(observed(None, &others), None);
    }

    #[test]
    fn tags_of_others_are_neither_missing_nor_surplus() {
        let wanted = tags(&[("owner", "moh"), ("kept", "1")]);
        let is = tags(&[("owner", "other"), ("kept", "1"), ("team", "x"), ("old", "y")]);
        assert_eq!(missing(&wanted, &is), tags(&[("owner", "moh")]));
        assert_eq!(surplus(&wanted, &is, &["old".to_owned(), "kept".to_owned()]), ["old"]);
    }
}
