//! Versions of the CHT: releases, betas and feature releases.
//!
//! The tag of an image is the version itself, so only what Medic publishes is accepted here. The order is the one in
//! which the versions of a line are built: a feature release and a beta come before the release of the same number.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::number::canonical;

/// A version of the CHT: `X.Y.Z`, `X.Y.Z-beta.N`, `X.Y.Z-FR-name` or `X.Y.Z-FR-name-beta.N`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChtVersion {
    /// The line that users speak of: 4 or 5.
    pub major: u64,
    /// The minor version; each is supported for a limited time.
    pub minor: u64,
    /// The patch version.
    pub patch: u64,
    /// The name of a feature release, without `FR-`.
    pub feature: Option<String>,
    /// The number of a beta.
    pub beta: Option<u64>,
}

/// The text is not a version of the CHT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a CHT version: expected X.Y.Z, X.Y.Z-beta.N, X.Y.Z-FR-name or X.Y.Z-FR-name-beta.N, such as 5.3.1"
)]
pub struct ParseVersionError {
    text: String,
}

impl FromStr for ChtVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseVersionError { text: text.to_owned() })
    }
}

impl fmt::Display for ChtVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if let Some(feature) = &self.feature {
            write!(f, "-FR-{feature}")?;
        }
        if let Some(beta) = self.beta {
            write!(f, "-beta.{beta}")?;
        }
        Ok(())
    }
}

impl Ord for ChtVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = |version: &Self| (version.major, version.minor, version.patch);
        // `None` is the finished thing, which comes last: a release after its feature releases and betas.
        number(self)
            .cmp(&number(other))
            .then_with(|| none_last(self.feature.as_ref(), other.feature.as_ref()))
            .then_with(|| none_last(self.beta.as_ref(), other.beta.as_ref()))
    }
}

impl PartialOrd for ChtVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn none_last<T: Ord>(left: Option<&T>, right: Option<&T>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.cmp(right),
        _ => right.is_some().cmp(&left.is_some()),
    }
}

fn parse(text: &str) -> Option<ChtVersion> {
    let (numbers, suffix) = match text.split_once('-') {
        Some((numbers, suffix)) => (numbers, Some(suffix)),
        None => (text, None),
    };
    let numbers: Vec<u64> = numbers.split('.').map(canonical).collect::<Option<_>>()?;
    let [major, minor, patch] = *numbers.as_slice() else {
        return None;
    };
    let (feature, beta) = match suffix {
        Some(suffix) => parse_suffix(suffix)?,
        None => (None, None),
    };
    Some(ChtVersion {
        major,
        minor,
        patch,
        feature,
        beta,
    })
}

fn parse_suffix(suffix: &str) -> Option<(Option<String>, Option<u64>)> {
    if let Some(beta) = suffix.strip_prefix("beta.") {
        return Some((None, Some(canonical(beta)?)));
    }
    let name = suffix.strip_prefix("FR-")?;
    let (name, beta) = match name.rsplit_once("-beta.") {
        Some((name, beta)) => (name, Some(canonical(beta)?)),
        None => (name, None),
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then(|| (Some(name.to_owned()), beta))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_form_is_read_and_written_back() {
        for text in [
            "5.3.1",
            "4.22.0",
            "5.3.0-beta.12",
            "4.5.0-FR-contact-search",
            "5.0.0-FR-nouveau-beta.3",
            "10.0.0",
        ] {
            assert_eq!(text.parse::<ChtVersion>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_accepted_forms() {
        let refused = [
            "",
            "5",
            "5.3",
            "5.3.1.2",
            "v5.3.1",
            "5.3.x",
            "5.03.1",
            "+5.3.1",
            "5.3.1 ",
            "5.3.1-",
            "5.3.1-beta",
            "5.3.1-beta.",
            "5.3.1-beta.x",
            "5.3.1-alpha.1",
            "5.3.1-FR-",
            "5.3.1-FR-a_b",
            "5.3.1-FR-beta.1.2",
            "master",
            "99999999999999999999.0.0",
            "5.3.1-FR--beta.01",
        ];
        for text in refused {
            let error = text.parse::<ChtVersion>().expect_err(text).to_string();
            assert!(
                error.contains(&format!("{text:?}")) && error.contains("X.Y.Z-FR-name-beta.N"),
                "{error}"
            );
        }
    }

    #[test]
    fn versions_are_ordered_as_they_are_built() {
        let ascending = [
            "4.22.0",
            "5.3.0-FR-archive-beta.1",
            "5.3.0-FR-archive-beta.10",
            "5.3.0-FR-archive",
            "5.3.0-beta.2",
            "5.3.0-beta.10",
            "5.3.0",
            "5.3.1-beta.1",
            "5.3.1",
            "5.10.0",
        ];
        let mut sorted: Vec<ChtVersion> = ascending.iter().rev().map(|text| text.parse().unwrap()).collect();
        sorted.sort();
        assert_eq!(sorted.iter().map(ToString::to_string).collect::<Vec<_>>(), ascending);
    }
}
