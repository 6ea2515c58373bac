//! What attributes about AWS accept, each by itself.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

/// Tags that nobody but AWS may set.
const RESERVED: &str = "aws:";

/// The tags by which this provider knows what it has made.
pub(super) const OWN: &str = "cht:";

/// A region, such as `eu-west-2`.
pub(super) fn region() -> Validator {
    Validator::matches("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", "a region such as `eu-west-2`")
}

/// The id of an account.
pub(super) fn account_id() -> Validator {
    Validator::matches("^[0-9]{12}$", "the id of an account, which has 12 digits")
}

/// The name of a session of a role.
pub(super) fn session_name() -> Validator {
    Validator::matches(
        "^[0-9A-Za-z_+=,.@-]{2,64}$",
        "2 to 64 letters, digits or characters of `_+=,.@-`",
    )
}

/// The name of an EKS cluster.
pub(crate) fn cluster_name() -> Validator {
    Validator::matches(
        "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$",
        "a name of 1 to 100 letters, digits, `-` or `_`, which begins with a letter or digit",
    )
}

/// Tags that users may set.
pub(super) fn tags() -> Validator {
    Validator::new("tags whose keys begin neither with `aws:` nor with `cht:`", |value| {
        let Value::Map(tags) = value else { return Ok(()) };
        if tags.len() > 40 {
            return Err(
                "There can be 40 tags at most: AWS takes 50, and some are needed to know what was made.".to_owned(),
            );
        }
        tags.iter()
            .try_for_each(|(key, value)| tag(key, value.as_str().unwrap_or_default()))
    })
}

fn tag(key: &str, value: &str) -> Result<(), String> {
    let is_taken = |prefix: &str| {
        key.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if is_taken(RESERVED) || is_taken(OWN) {
        return Err(format!(
            "The key `{key}` is not for configurations: `{RESERVED}` belongs to AWS, and by `{OWN}` this provider knows what it has \
             made."
        ));
    }
    if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
        return Err(format!(
            "`{key}`: a key has 1 to 128 characters, and a value 256 at most."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_none_of_its_zones() {
        for accepted in [
            "eu-west-2",
            "af-south-1",
            "us-gov-west-1",
            "cn-north-1",
            "eusc-de-east-1",
        ] {
            assert_eq!(region().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        for refused in ["eu-west-2a", "London", "", "eu_west_2"] {
            assert!(region().check(&Value::from(refused)).is_err(), "{refused}");
        }
    }

    #[test]
    fn keys_of_tags_that_mean_something_to_others_are_refused() {
        assert_eq!(tag("owner", "moh"), Ok(()));
        for key in ["aws:cloudformation:stack", "CHT:part", ""] {
            assert!(tag(key, "x").is_err(), "{key}");
        }
    }
}
