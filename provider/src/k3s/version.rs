//! Versions of k3s, such as `v1.36.3+k3s1`: a release of Kubernetes, and a build of it by k3s.
//!
//! The form is that of [k3s' releases](https://docs.k3s.io/release-notes/v1.36.X): release candidates are
//! `v1.36.3-rc1+k3s1`. [`upgrade`] says which versions can follow each other, [`features`] what a version can do.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::number::canonical;

pub mod features;
pub mod upgrade;

/// A version of k3s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct K3sVersion {
    /// Kubernetes' major version: 1.
    pub major: u16,
    /// Kubernetes' minor version. Upgrades go through each of them.
    pub minor: u16,
    /// Kubernetes' patch.
    pub patch: u16,
    /// The number of a release candidate.
    pub candidate: Option<u16>,
    /// The number of k3s' build of this release of Kubernetes.
    pub build: u16,
}

/// The text is not a version of k3s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of k3s: expected one such as v1.36.3+k3s1, as it is named on k3s' page of releases")]
pub struct ParseVersionError {
    text: String,
}

impl K3sVersion {
    /// Kubernetes' version without the patch, by which features and upgrades go.
    #[must_use]
    pub fn line(&self) -> (u16, u16) {
        (self.major, self.minor)
    }

    /// How many minor versions this one is ahead of another; negative if behind. Nothing between major versions, of
    /// which there has been one.
    #[must_use]
    pub fn minors_ahead_of(&self, other: &Self) -> Option<i32> {
        (self.major == other.major).then(|| i32::from(self.minor) - i32::from(other.minor))
    }

    /// The version in the tag of an image, where `+` cannot be.
    #[must_use]
    pub fn image_tag(&self) -> String {
        self.to_string().replace('+', "-")
    }

    /// The version in an address, where `+` would be read as a blank.
    #[must_use]
    pub fn url_segment(&self) -> String {
        self.to_string().replace('+', "%2B")
    }
}

impl FromStr for K3sVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseVersionError { text: text.to_owned() })
    }
}

impl fmt::Display for K3sVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)?;
        if let Some(candidate) = self.candidate {
            write!(f, "-rc{candidate}")?;
        }
        write!(f, "+k3s{}", self.build)
    }
}

impl Ord for K3sVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        // Candidates come before their release: nothing sorts after any number.
        let key = |version: &Self| {
            let candidate = version.candidate.map_or(u32::MAX, u32::from);
            (version.major, version.minor, version.patch, version.build, candidate)
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for K3sVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn parse(text: &str) -> Option<K3sVersion> {
    let (kubernetes, build) = text.strip_prefix('v')?.split_once("+k3s")?;
    let (numbers, candidate) = match kubernetes.split_once("-rc") {
        Some((numbers, candidate)) => (numbers, Some(canonical(candidate)?)),
        None => (kubernetes, None),
    };
    let numbers: Vec<u16> = numbers.split('.').map(canonical).collect::<Option<_>>()?;
    let [major, minor, patch] = *numbers.as_slice() else {
        return None;
    };
    Some(K3sVersion {
        major,
        minor,
        patch,
        candidate,
        build: canonical(build)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_form_is_read_and_written_back() {
        for text in ["v1.36.3+k3s1", "v1.25.14+k3s1", "v1.35.0+k3s3", "v1.37.1-rc2+k3s1"] {
            assert_eq!(text.parse::<K3sVersion>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused_with_an_example() {
        for text in [
            "",
            "stable",
            "v1.36",
            "1.36.3+k3s1",
            "v1.36.3",
            "v1.36.3-k3s1",
            "v1.36.3+k3s",
            "v1.36.3+rke2r1",
            "v1.36.03+k3s1",
            "v1.36.3+k3s1 ",
            "v1.36.3-alpha1+k3s1",
            "v1.36.3-rc+k3s1",
            "v1.36.99999+k3s1",
        ] {
            let error = text.parse::<K3sVersion>().expect_err(text).to_string();
            assert!(
                error.contains(&format!("{text:?}")) && error.contains("v1.36.3+k3s1"),
                "{error}"
            );
        }
    }

    #[test]
    fn versions_are_ordered_as_they_are_released() {
        let ascending = [
            "v1.9.9+k3s1",
            "v1.35.0+k3s1",
            "v1.35.0-rc1+k3s3",
            "v1.35.0+k3s3",
            "v1.35.1+k3s1",
            "v1.35.10+k3s1",
            "v1.36.0-rc1+k3s1",
            "v1.36.0+k3s1",
        ];
        let mut sorted: Vec<K3sVersion> = ascending.iter().rev().map(|text| text.parse().unwrap()).collect();
        sorted.sort();
        assert_eq!(sorted.iter().map(ToString::to_string).collect::<Vec<_>>(), ascending);
    }

    #[test]
    fn the_plus_has_other_spellings_in_tags_and_addresses() {
        let version: K3sVersion = "v1.36.3+k3s1".parse().unwrap();
        assert_eq!(version.image_tag(), "v1.36.3-k3s1");
        assert_eq!(version.url_segment(), "v1.36.3%2Bk3s1");
    }
}
