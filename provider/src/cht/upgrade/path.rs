//! Which version of the CHT can follow which.

use crate::cht::version::ChtVersion;

/// The first version from which CHT 5 can be reached, see
/// [cht-core#9202](https://github.com/medic/cht-core/issues/9202).
const LAST_STOP: (u64, u64) = (4, 5);

/// The version to go to in between: the last one of CHT 4.
pub const STOPOVER: &str = "4.22.0";

/// What it takes to get from one version to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// They are the same.
    None,
    /// The other one is newer and can be installed over this one.
    Upgrade,
    /// The other one is newer, and another version has to come in between.
    Stopover,
    /// The other one is older.
    Downgrade,
}

/// The way from a version to another.
#[must_use]
pub fn path(from: &ChtVersion, to: &ChtVersion) -> Path {
    if from == to {
        return Path::None;
    }
    if to < from {
        return Path::Downgrade;
    }
    if to.major > 4 && (from.major, from.minor) < LAST_STOP {
        return Path::Stopover;
    }
    Path::Upgrade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_releases_of_cht_4_reach_cht_5_over_the_last_one() {
        let table = [
            ("5.3.0", "5.3.0", Path::None),
            ("5.2.0", "5.3.1", Path::Upgrade),
            ("5.3.0-beta.1", "5.3.0", Path::Upgrade),
            ("5.3.1", "5.3.0", Path::Downgrade),
            ("5.0.0", "4.22.0", Path::Downgrade),
            ("4.0.0", "4.4.9", Path::Upgrade),
            ("4.4.2", "4.22.0", Path::Upgrade),
            ("4.4.2", "5.0.0", Path::Stopover),
            ("4.0.1", "5.3.1", Path::Stopover),
            ("4.5.0", "5.3.1", Path::Upgrade),
            ("4.22.0", "5.3.1", Path::Upgrade),
        ];
        for (from, to, expected) in table {
            let found = path(&from.parse().unwrap(), &to.parse().unwrap());
            assert_eq!(found, expected, "{from} to {to}");
        }
        let stopover = STOPOVER.parse().unwrap();
        assert_eq!(path(&"4.0.0".parse().unwrap(), &stopover), Path::Upgrade);
        assert_eq!(path(&stopover, &"5.0.0".parse().unwrap()), Path::Upgrade);
    }
}
