//! How long a version is supported, for warnings in plans. The dates are those of CHT's
//! [releases](https://docs.communityhealthtoolkit.org/releases/): a minor version is supported for three months after
//! the next one, the last one of a major version for twelve.

use std::time::SystemTime;

use tf_framework::custom_types::{Notation, Timestamp};
use tf_framework::diagnostics::Diagnostic;

use crate::cht::instance::model::InstanceModel;
use crate::cht::version::ChtVersion;

/// The days on which the support of versions ended, newest version first; older versions ended before the last one.
const SUPPORT_ENDS: [((u64, u64), &str); 5] = [
    ((5, 2), "2026-11-26"),
    ((5, 1), "2026-09-26"),
    ((5, 0), "2026-05-26"),
    ((4, 22), "2026-11-20"),
    ((4, 21), "2026-01-10"),
];

/// The newest version of each line whose objects are known, newest line first.
const NEWEST: [(u64, u64); 2] = [(5, 3), (4, 22)];

/// What to warn of a version on a day.
pub(super) fn warning(version: &ChtVersion, now: SystemTime) -> Option<Diagnostic> {
    let minor = (version.major, version.minor);
    let newest = NEWEST
        .iter()
        .find(|(major, _)| *major <= version.major)
        .unwrap_or(&NEWEST[0]);
    if minor > *newest {
        let detail = format!(
            "CHT {version} is newer than this release of the provider, which makes the same objects for it as for CHT {}.{}. \
             Look for a newer release of the provider, and read what has changed in this one of CHT.",
            newest.0, newest.1
        );
        return Some(Diagnostic::warning("CHT release is not known yet", detail).at(InstanceModel::CHT_VERSION));
    }
    let ended = match SUPPORT_ENDS.iter().find(|(known, _)| *known == minor) {
        Some((_, day)) => has_come(day, now).then(|| format!("on {day}"))?,
        None if minor < (4, 21) => "before 2026".to_owned(),
        None => return None,
    };
    let detail = format!(
        "The support of CHT {}.{} ended {ended}: it gets no fixes any more, not even for security. Plan an upgrade{}.",
        version.major,
        version.minor,
        last_of_line(version, now)
    );
    Some(Diagnostic::warning("CHT release is not supported any more", detail).at(InstanceModel::CHT_VERSION))
}

/// How long the last version of an older line is supported, which is no long way.
fn last_of_line(version: &ChtVersion, now: SystemTime) -> String {
    let is_before = |(major, minor): &&(u64, u64)| *major == version.major && *minor > version.minor;
    let last = NEWEST[1..].iter().find(is_before);
    let supported = SUPPORT_ENDS.iter().find(|(known, _)| last == Some(known));
    match supported {
        Some(((major, minor), day)) if !has_come(day, now) => {
            format!(": CHT {major}.{minor}, the last one of its line, is supported until {day}")
        }
        Some(((major, minor), day)) => {
            format!(": that of CHT {major}.{minor}, the last one of its line, ended on {day} as well")
        }
        None => String::new(),
    }
}

fn has_come(day: &str, now: SystemTime) -> bool {
    let end = Timestamp::parse(&format!("{day}T00:00:00Z")).ok();
    end.and_then(Timestamp::to_system_time).is_some_and(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn warned(version: &str, day: &str) -> Option<String> {
        let now = Timestamp::parse(&format!("{day}T12:00:00Z")).expect("a day");
        let version = version.parse().expect("a version");
        warning(&version, now.to_system_time().expect("a day of our time")).map(|warning| warning.detail)
    }

    #[test]
    fn v01_row_10_a_version_is_warned_of_from_the_day_on_which_its_support_ends() {
        assert_eq!(warned("5.2.0", "2026-11-25"), None);
        assert!(warned("5.2.0", "2026-11-26").is_some_and(|detail| detail.contains("on 2026-11-26")));
        assert!(warned("4.22.0", "2026-12-01").is_some());
        assert!(warned("4.5.2", "2026-12-01").is_some_and(|detail| detail.contains("before 2026")));
        assert_eq!(warned("5.3.1", "2030-01-01"), None);
    }

    #[test]
    fn the_warning_of_a_version_of_an_older_line_says_how_long_its_last_one_is_supported() {
        for version in ["4.0.0", "4.20.1", "4.21.1"] {
            let text = warned(version, "2026-11-19").expect("its support has ended");
            assert!(
                text.contains("CHT 4.22, the last one of its line, is supported until 2026-11-20"),
                "{text}"
            );
            let text = warned(version, "2026-11-20").expect("its support has ended");
            assert!(text.contains("ended on 2026-11-20 as well"), "{text}");
        }
        let text = warned("5.0.0", "2026-12-01").expect("its support has ended");
        assert!(text.ends_with("Plan an upgrade."), "{text}");
        assert!(warned("4.22.0", "2026-12-01").is_some_and(|text| text.ends_with("Plan an upgrade.")));
    }

    #[test]
    fn a_version_that_is_not_known_yet_is_warned_of() {
        for version in ["5.4.0", "6.0.0-beta.1"] {
            assert!(warned(version, "2026-12-01").is_some_and(|detail| detail.contains("as for CHT 5.3")));
        }
        let text = warned("4.23.0", "2026-10-01").expect("the last known one of CHT 4 is 4.22");
        assert!(text.contains("as for CHT 4.22"), "{text}");
    }

    #[test]
    fn every_day_is_one() {
        for (_, day) in SUPPORT_ENDS {
            assert!(Timestamp::parse(&format!("{day}T00:00:00Z")).is_ok(), "{day}");
        }
    }
}
