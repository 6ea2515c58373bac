//! Numbers as they stand in the names of versions.

use std::str::FromStr;

/// A number of digits only and without a leading zero, so that each version has one spelling.
pub(crate) fn canonical<N: FromStr>(text: &str) -> Option<N> {
    let is_canonical = text == "0" || !text.starts_with('0');
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_canonical && is_digits {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_one_spelling() {
        assert_eq!(canonical::<u16>("0"), Some(0));
        assert_eq!(canonical::<u16>("37"), Some(37));
        for text in ["", "01", "+1", "-1", "1a", " 1", "65536"] {
            assert_eq!(canonical::<u16>(text), None, "{text}");
        }
    }
}
