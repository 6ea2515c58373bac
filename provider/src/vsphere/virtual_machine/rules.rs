//! What the attributes of a machine accept, each by itself.

use tf_framework::schema::Validator;

/// A name in the vCenter.
pub(super) fn machine_name() -> Validator {
    Validator::string("the name of a machine", |name| {
        let problem = if name.is_empty() || name.trim() != name {
            "It must not be empty, nor begin or end with a space."
        } else if name.chars().count() > 80 {
            "It must not be longer than 80 characters."
        } else if name.contains(['/', '\\', '%']) || name.chars().any(char::is_control) {
            "It must not have `/`, `\\` or `%` in it: the vCenter writes them otherwise."
        } else {
            return Ok(());
        };
        Err(problem.to_owned())
    })
}

/// A name of a guest: that of a node of Kubernetes, too.
pub(super) fn host_name() -> Validator {
    Validator::string("the name of a host in lower case", |name| {
        if is_host_name(name) {
            return Ok(());
        }
        Err("It must have lower-case letters, digits and dashes only, begin and end with a letter or digit, and have at most \
             63 characters."
            .to_owned())
    })
}

/// Whether it is the name of a host in lower case.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(is_plain) && !name.starts_with('-') && !name.ends_with('-')
}

/// A name of a disk, which is noted in the machine's settings.
pub(super) fn disk_name() -> Validator {
    Validator::matches("^[a-z0-9][a-z0-9-]{0,31}$", "lower-case letters, digits and dashes")
}

/// A setting that nothing else here sets.
pub(super) fn setting_name() -> Validator {
    Validator::string("the name of a setting", |name| {
        let lower = name.to_lowercase();
        let instead = if lower.starts_with("guestinfo.") {
            "It is what the guest is told: use `cloud_init`."
        } else if lower == "disk.enableuuid" {
            "Use `disk_uuid`."
        } else if lower.starts_with("cht.") {
            "Names that begin with `cht.` are for the provider itself."
        } else if name.is_empty() || name.contains(char::is_whitespace) {
            "It must be the name of a setting."
        } else {
            return Ok(());
        };
        Err(instead.to_owned())
    })
}

/// A MAC address of one card.
pub(super) fn mac_address() -> Validator {
    Validator::string("a MAC address such as `00:50:56:12:34:56`", |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let is_byte = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if parts.len() != 6 || !parts.iter().all(is_byte) {
            return Err("It must be six pairs of hexadecimal digits with colons between them.".to_owned());
        }
        let first = u8::from_str_radix(parts.first().copied().unwrap_or_default(), 16).unwrap_or(1);
        if first & 1 == 1 {
            return Err("It is the address of a group of cards, not of one.".to_owned());
        }
        Ok(())
    })
}

/// A public key of SSH.
pub(super) fn public_key() -> Validator {
    Validator::string("a public key of SSH", |text| {
        let is_key = ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| text.starts_with(kind)) && text.contains(' ');
        if is_key && !text.trim_end().contains('\n') {
            return Ok(());
        }
        Err("It must be one line such as `ssh-ed25519 AAAA… name`, as in the file that ends with `.pub`.".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    fn refused(rule: &Validator, text: &str) -> bool {
        rule.check(&Value::from(text)).is_err()
    }

    #[test]
    fn each_rule_takes_what_is_right_and_refuses_what_is_not() {
        for (rule, right, wrong) in [
            (machine_name(), vec!["CHT Server 1", "n"], vec!["", " a", "a/b", "50%"]),
            (host_name(), vec!["node-1", "a"], vec!["Node", "-a", "a-", "a.b", ""]),
            (disk_name(), vec!["data", "d-1"], vec!["Data", "-d", ""]),
            (
                setting_name(),
                vec!["sched.cpu.latencySensitivity"],
                vec!["guestinfo.userdata", "disk.enableUUID", "cht.x", ""],
            ),
            (
                mac_address(),
                vec!["00:50:56:AB:cd:ef"],
                vec!["00:50:56", "01:50:56:00:00:00", "0:50:56:00:00:000"],
            ),
            (
                public_key(),
                vec!["ssh-ed25519 AAAA me"],
                vec!["AAAA", "ssh-ed25519", "ssh-rsa A\nssh-rsa B"],
            ),
        ] {
            for text in right {
                assert!(!refused(&rule, text), "{}: {text}", rule.description());
            }
            for text in wrong {
                assert!(refused(&rule, text), "{}: {text}", rule.description());
            }
        }
    }
}
