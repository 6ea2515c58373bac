//! What the attributes of [`super::attribute`] accept, each by itself.

use tf_framework::schema::Validator;

use super::tls::Thumbprint;

/// A name or an address, without what belongs elsewhere.
pub(super) fn server() -> Validator {
    Validator::string("the name or IP address of a vCenter", |text| {
        let problem = if text.contains("://") {
            "Leave out the protocol: it is always HTTPS."
        } else if text.contains('/') {
            "Leave out the path: the one of the API is always the same."
        } else if text.is_empty() || text.contains(char::is_whitespace) {
            "It must be a name or an IP address, and nothing else."
        } else if text.matches(':').count() == 1 {
            "Give the port in `port`."
        } else {
            return Ok(());
        };
        Err(problem.to_owned())
    })
}

/// A print of SHA-256.
pub(super) fn thumbprint() -> Validator {
    Validator::string("the SHA-256 thumbprint of a certificate", |text| {
        Thumbprint::parse(text).map(|_| ())
    })
}

/// A UUID of a machine, or the provider id of its node.
pub(super) fn machine_uuid() -> Validator {
    Validator::string("the BIOS UUID of a machine, or the provider id of its node", |text| {
        let uuid = text.strip_prefix("vsphere://").unwrap_or(text);
        match uuid.parse::<uuid::Uuid>() {
            Ok(_) if uuid.len() == 36 => Ok(()),
            _ => Err("It must be like `4221de28-b7d6-7625-eaad-433c7ce445ec`, or that after `vsphere://`.".to_owned()),
        }
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn server_is_a_name_or_an_address() {
        for accepted in ["vc.example", "10.0.0.5", "fd00::5", "[fd00::5]"] {
            assert_eq!(server().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        for (refused, hint) in [
            ("https://vc.example", "protocol"),
            ("vc.example/sdk", "path"),
            ("vc.example:444", "`port`"),
            ("", "name"),
            ("a b", "name"),
        ] {
            assert!(
                server().check(&Value::from(refused)).unwrap_err().contains(hint),
                "{refused}"
            );
        }
    }

    #[test]
    fn uuid_has_five_groups_and_may_be_a_provider_id() {
        let uuid = "4221de28-b7d6-7625-eaad-433c7ce445ec";
        for accepted in [uuid.to_owned(), uuid.to_uppercase(), format!("vsphere://{uuid}")] {
            assert_eq!(
                machine_uuid().check(&Value::from(accepted.as_str())),
                Ok(()),
                "{accepted}"
            );
        }
        for refused in ["vm-42", "4221de28b7d67625eaad433c7ce445ec", "", "aws://x"] {
            assert!(machine_uuid().check(&Value::from(refused)).is_err(), "{refused}");
        }
    }
}
