//! Users and groups as they are written: `DOMAIN\name` in the API, `name@domain` where people log in.

use std::fmt;

use tf_framework::custom_types::Notation;

/// A user or a group, with its domain. Upper and lower case mean the same.
#[derive(Clone, Debug)]
pub struct Principal {
    domain: String,
    name: String,
}

impl Notation for Principal {
    const EXPECTED: &'static str =
        "a user or group with its domain, such as `cns@vsphere.local` or `VSPHERE.LOCAL\\cns`";

    fn parse(text: &str) -> Result<Self, String> {
        let parts = match (text.split_once('\\'), text.rsplit_once('@')) {
            (Some((domain, name)), _) => Some((domain, name)),
            (None, Some((name, domain))) => Some((domain, name)),
            (None, None) => None,
        };
        let is_word = |word: &str| !word.is_empty() && word.trim() == word && !word.contains(['\\', ':']);
        match parts {
            Some((domain, name)) if is_word(domain) && is_word(name) && !domain.contains('@') => Ok(Principal {
                domain: domain.to_uppercase(),
                name: name.to_owned(),
            }),
            Some(_) => Err(format!(
                "`{text}` is no user or group with its domain: give it like `cns@vsphere.local`."
            )),
            None => Err(format!(
                "`{text}` lacks its domain: give it like `{text}@vsphere.local`."
            )),
        }
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl fmt::Display for Principal {
    /// As the API has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\\{}", self.domain, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same_and_become_that_of_the_api() {
        let one = Principal::parse("cns@vsphere.local").unwrap();
        assert_eq!(one, Principal::parse("VSPHERE.LOCAL\\CNS").unwrap());
        assert_eq!(one.to_string(), "VSPHERE.LOCAL\\cns");
        assert_eq!(
            Principal::parse("CORP\\Jane Doe").unwrap().to_string(),
            "CORP\\Jane Doe"
        );
        assert_ne!(one, Principal::parse("cns@corp.example").unwrap());
    }

    #[test]
    fn what_lacks_a_part_is_refused_with_what_to_write() {
        for (text, hint) in [
            ("cns", "cns@vsphere.local"),
            ("@vsphere.local", "no user"),
            ("CORP\\", "no user"),
            ("a\\b\\c", "no user"),
            (" cns@vsphere.local", "no user"),
        ] {
            assert!(Principal::parse(text).unwrap_err().contains(hint), "{text}");
        }
    }
}
