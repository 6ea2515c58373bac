//! What a version of k3s can do: one row for each thing that this provider depends on.
//!
//! The facts are those of the [release notes](https://docs.k3s.io/release-notes/v1.36.X). What was brought to several
//! lines has the first patch of each.

use super::K3sVersion;

/// The first releases that have something: line and patch, ascending. Lines after the last row have it, too; lines
/// before the first do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(&'static [(u16, u16)]);

/// Something that not every version can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `k3s token rotate`: the server token can be changed.
    TokenRotation,
    /// `k3s secrets-encrypt rotate-keys`, in place of prepare, rotate and reencrypt.
    RotateKeys,
    /// `k3s secrets-encrypt enable` on a cluster that began without.
    LateSecretsEncryption,
    /// Settings for S3 from a Secret, so that no keys stand in `config.yaml`.
    S3ConfigSecret,
    /// The kubelet refuses hosts with cgroup v1.
    RefusesCgroupV1,
    /// containerd 2: the template for its configuration is `config-v3.toml.tmpl`.
    Containerd2,
    /// A server that was removed from etcd does not come up as a cluster of its own.
    SafeInitRemoval,
}

impl Since {
    /// In all patches of a line, and after.
    #[must_use]
    pub const fn lines(lines: &'static [(u16, u16)]) -> Self {
        Self(lines)
    }

    /// Whether a version has it.
    #[must_use]
    pub fn includes(&self, version: &K3sVersion) -> bool {
        match self.0.iter().find(|(minor, _)| *minor == version.minor) {
            Some((_, patch)) => version.patch >= *patch,
            None => self.0.last().is_none_or(|(minor, _)| version.minor > *minor),
        }
    }

    /// The first release in the line of a version, or else the first of all, for errors: `1.30.4`.
    #[must_use]
    pub fn first_for(&self, version: &K3sVersion) -> Option<String> {
        let own = self.0.iter().find(|(minor, _)| *minor >= version.minor);
        let (minor, patch) = own.or(self.0.last())?;
        Some(format!("1.{minor}.{patch}"))
    }

    /// Whether the rows are in order.
    #[cfg(test)]
    pub(in crate::k3s) fn is_ascending(&self) -> bool {
        self.0.is_sorted_by(|one, next| one.0 < next.0)
    }
}

impl Feature {
    /// Whether a version can do it.
    #[must_use]
    pub fn is_in(self, version: &K3sVersion) -> bool {
        self.since().includes(version)
    }

    fn since(self) -> Since {
        Since::lines(match self {
            Self::TokenRotation => &[(25, 15), (26, 10), (27, 7), (28, 3)],
            Self::RotateKeys => &[(30, 5), (31, 1)],
            // Also in the third build of 1.35.0; the first patch that always has it is 1.35.1.
            Self::LateSecretsEncryption => &[(35, 1)],
            Self::S3ConfigSecret => &[(28, 13), (29, 8), (30, 4)],
            Self::RefusesCgroupV1 => &[(35, 0)],
            Self::Containerd2 => &[(31, 6), (32, 2)],
            Self::SafeInitRemoval => &[(35, 1)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_in_its_patch_of_each_line_and_in_all_later_lines() {
        for (feature, version, has) in [
            (Feature::TokenRotation, "v1.24.17+k3s1", false),
            (Feature::TokenRotation, "v1.25.14+k3s1", false),
            (Feature::TokenRotation, "v1.25.15+k3s1", true),
            (Feature::TokenRotation, "v1.28.2+k3s1", false),
            (Feature::TokenRotation, "v1.29.0+k3s1", true),
            (Feature::RefusesCgroupV1, "v1.34.9+k3s1", false),
            (Feature::RefusesCgroupV1, "v1.35.0-rc1+k3s1", true),
            (Feature::SafeInitRemoval, "v1.35.0+k3s3", false),
            (Feature::RotateKeys, "v1.37.1+k3s1", true),
        ] {
            assert_eq!(feature.is_in(&version.parse().unwrap()), has, "{feature:?} {version}");
        }
    }

    #[test]
    fn the_first_release_is_told_for_the_line_of_a_version() {
        let since = Since::lines(&[(25, 15), (26, 10), (28, 3)]);
        for (version, first) in [
            ("v1.24.0+k3s1", "1.25.15"),
            ("v1.26.3+k3s1", "1.26.10"),
            ("v1.30.0+k3s1", "1.28.3"),
        ] {
            assert_eq!(since.first_for(&version.parse().unwrap()).as_deref(), Some(first));
        }
    }
}
