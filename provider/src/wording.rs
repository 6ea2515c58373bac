//! How texts for users are put.

/// The text with its first letter in upper case, unless it begins with an address.
pub(crate) fn sentence(text: &str) -> String {
    let first_word = text.split(' ').next().unwrap_or_default();
    if first_word.contains([':', '.']) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_letter_is_upper_case_unless_it_is_that_of_an_address() {
        assert_eq!(sentence("there is no host"), "There is no host");
        for address in [
            "https://10.0.0.9:6443 cannot be reached",
            "h1.example refuses",
            "10.0.0.9:22 refuses",
        ] {
            assert_eq!(sentence(address), address);
        }
        assert_eq!(sentence(""), "");
    }
}
