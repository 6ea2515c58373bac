//! What attributes about volumes and snapshots accept.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

/// The name of a volume or a snapshot.
pub(super) fn name() -> Validator {
    Validator::matches(
        "^[A-Za-z0-9][A-Za-z0-9 _.:/=+@-]{0,254}$",
        "a name of 1 to 255 letters, digits, spaces or characters of `_.:/=+@-`, which begins with a letter or digit",
    )
}

/// An availability zone.
pub(super) fn zone() -> Validator {
    Validator::matches(
        "^[a-z]{2,4}(-[a-z0-9]+)+-[0-9]+[a-z]$",
        "an availability zone such as `eu-west-2a`",
    )
}

/// The id of a snapshot.
pub(super) fn snapshot_id() -> Validator {
    Validator::matches(
        "^snap-[0-9a-f]+$",
        "the id of a snapshot, such as `snap-0a1b2c3d4e5f60718`",
    )
}

/// The id of a volume.
pub(super) fn volume_id() -> Validator {
    Validator::matches("^vol-[0-9a-f]+$", "the id of a volume, such as `vol-0a1b2c3d4e5f60718`")
}

/// The ARN of a key.
pub(super) fn key() -> Validator {
    Validator::matches(
        "^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$",
        "the ARN of a key of KMS, such as `arn:aws:kms:eu-west-2:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`",
    )
}

/// Tags without a name, which is an attribute of its own.
pub(super) fn no_name() -> Validator {
    Validator::new("tags without `Name`", |value| {
        let Value::Map(tags) = value else { return Ok(()) };
        match tags.contains_key("Name") {
            true => Err("The tag `Name` is made of `name`. Leave it out here.".to_owned()),
            false => Ok(()),
        }
    })
}
