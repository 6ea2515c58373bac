//! Text in which upper and lower case mean the same.

use crate::custom_types::Notation;

/// Text in which upper and lower case mean the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IgnoringCase(String);

impl IgnoringCase {
    /// The text in lower case.
    pub fn lower_case(&self) -> &str {
        &self.0
    }
}

impl Notation for IgnoringCase {
    const EXPECTED: &'static str = "a text, in upper or lower case";

    fn parse(text: &str) -> Result<Self, String> {
        // By way of upper case, since some letters have two lower-case forms.
        Ok(IgnoringCase(text.to_uppercase().to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_types::check;

    #[test]
    fn case_makes_no_difference_in_any_alphabet() {
        check::<IgnoringCase>(
            &[
                ("Zone-A", "zone-a", "zone-b"),
                ("ÄÖ", "äö", "ao"),
                ("ΣΑΣ", "σας", "σα"),
                ("", "", " "),
            ],
            &[],
        );
    }
}
