//! What the attributes of volumes accept.

use tf_framework::schema::Validator;

use super::is_dns_label;

/// A directory of a volume, as Kubernetes takes it for `subPath`.
pub(crate) fn data_path() -> Validator {
    Validator::string("a path below the root of the volume", |text| {
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(format!(
                "`{text}` is not a path below the root of the volume: write it without a slash in front, such as `data` or \
                 `storage/medic-core/couchdb/data`."
            ));
        }
        Ok(())
    })
}

/// The id of a volume of Amazon EBS.
pub(crate) fn ebs_volume_id() -> Validator {
    Validator::string("the id of an EBS volume", |text| {
        let digits = text.strip_prefix("vol-").unwrap_or_default();
        let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        if matches!(digits.len(), 8 | 17) && digits.chars().all(is_hex) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not the id of an EBS volume, which is `vol-` and 17 hexadecimal digits, such as \
             `vol-0a1b2c3d4e5f60718`."
        ))
    })
}

/// The name of a disk of Google Compute Engine.
pub(crate) fn gce_disk() -> Validator {
    Validator::string("the name of a disk", |text| {
        if is_dns_label(text) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not the name of a disk: give the name alone, such as `kisumu-data`, without project or zone."
        ))
    })
}

/// A directory of a node. Whether the instance has it for itself, the plan tells.
pub(crate) fn host_path() -> Validator {
    Validator::string("an absolute path", |text| {
        let is_proper = text.len() > 1 && text.starts_with('/') && text.split('/').all(|part| part != "..");
        if is_proper {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not a directory: write an absolute path, such as `/var/lib/cht-kisumu`."
        ))
    })
}

/// What a CSI driver knows a volume by.
pub(crate) fn volume_handle() -> Validator {
    Validator::string("the handle of a volume", |text| {
        if !text.is_empty() && text.len() <= 253 && !text.chars().any(char::is_whitespace) {
            return Ok(());
        }
        Err("The handle of a volume is what its PersistentVolume has in `spec.csi.volumeHandle`.".to_owned())
    })
}

/// The name of a Kubernetes object.
pub(crate) fn object_name() -> Validator {
    Validator::string("the name of a Kubernetes object", |text| {
        if text.len() <= 253 && !text.is_empty() && text.split('.').all(is_dns_label) {
            return Ok(());
        }
        Err(format!(
            "`{text}` is not the name of a Kubernetes object: use lower-case letters, digits, hyphens and dots."
        ))
    })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::cht::instance::model::checks::tests::check;

    #[test]
    fn data_is_in_a_directory_of_the_volume_or_at_its_root() {
        check(
            &data_path(),
            &["", "data", "storage/medic-core/couchdb/data", "node%d/data"],
            &["/data", "../data", "data/../.."],
        );
    }

    #[test]
    fn c04_the_placeholder_of_the_charts_is_no_volume() {
        check(
            &ebs_volume_id(),
            &["vol-0a1b2c3d4e5f60718", "vol-0a1b2c3d"],
            &["", "vol-0123456789abcdefg", "vol-", "vol-XYZ", "0a1b2c3d4e5f60718"],
        );
    }

    #[test]
    fn a_directory_is_absolute() {
        check(
            &host_path(),
            &["/var/lib/cht-kisumu", "/srv/couchdb1", "/var/lib/couchdb-kisumu"],
            &["", "/", "data", "/srv/../etc"],
        );
    }

    #[test]
    fn volumes_are_named_as_their_platform_names_them() {
        check(&gce_disk(), &["kisumu-data"], &["", "projects/p/zones/z/disks/d"]);
        check(&volume_handle(), &["3a1e0b1c-5f0e"], &["", "a b"]);
        check(&object_name(), &["pv.kisumu-1"], &["", "PV"]);
    }
}
