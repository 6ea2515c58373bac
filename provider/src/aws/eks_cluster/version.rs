//! Versions of Kubernetes: which steps a cluster can take, and until when EKS supports them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_eks::types::{ClusterVersionInformation, VersionStatus};
use aws_smithy_types::DateTime;
use tf_framework::diagnostics::Diagnostic;

use super::super::time::date;
use super::model::EksClusterModel;

/// How long before the end of standard support a plan says so.
const WARN_BEFORE_DAYS: u64 = 60;

const DAY: u64 = 24 * 60 * 60;

/// The second number of a version.
pub(super) fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("1.")?.parse().ok()
}

/// What a cluster has to do to get from one version to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Stay,
    /// It gets the next version.
    Up,
    /// It gets several versions, one after the other: these.
    Several(Vec<String>),
    /// It goes back to the version before.
    Back,
    /// It goes back several versions, which it cannot.
    FarBack,
}

/// The step from one version to another.
pub(super) fn step(from: &str, to: &str) -> Step {
    let (Some(from), Some(to)) = (minor(from), minor(to)) else {
        return Step::Stay;
    };
    match (from, to) {
        _ if to == from => Step::Stay,
        _ if to == from + 1 => Step::Up,
        _ if to > from => Step::Several((from + 1..=to).map(|minor| format!("1.{minor}")).collect()),
        _ if to + 1 == from => Step::Back,
        _ => Step::FarBack,
    }
}

/// Refuses several steps at once.
pub(super) fn several(from: &str, to: &str, steps: &[String]) -> Diagnostic {
    let detail = format!(
        "The cluster has {from}, and EKS upgrades by one minor version at a time: {to} is {} steps away. Apply these one after the \
         other, and bring the node groups along after each: {}.",
        steps.len(),
        steps.join(", ")
    );
    Diagnostic::error("Upgrade skips versions", detail).at(EksClusterModel::VERSION)
}

/// Refuses to go back further than EKS can.
pub(super) fn far_back(from: &str, to: &str) -> Diagnostic {
    let detail = format!(
        "The cluster has {from}, and EKS goes back by one minor version only, within seven days of the upgrade: {to} is out of reach."
    );
    Diagnostic::error("Version is too old", detail).at(EksClusterModel::VERSION)
}

/// Says that the cluster stays newer than it is configured.
pub(super) fn newer(has: &str, configured: &str) -> Diagnostic {
    let detail = format!(
        "The cluster has {has}, and the configuration says {configured}. It stays at {has}: AWS upgrades clusters by itself when the \
         support of their version ends, or somebody has upgraded it. Set `version = \"{has}\"`.\n\nIf it is meant to go back, which EKS \
         can within seven days of the upgrade by one minor version, set `allow_rollback = true`."
    );
    Diagnostic::warning("Cluster is newer than configured", detail).at(EksClusterModel::VERSION)
}

/// What EKS says of a version that is to be taken: an error if it has it not, a warning if it has it not for long.
pub(super) fn support(version: &str, support_type: &str, offered: &[ClusterVersionInformation]) -> Option<Diagnostic> {
    let supported = |one: &&ClusterVersionInformation| one.version_status() != Some(&VersionStatus::Unsupported);
    let mut supported = offered.iter().filter(supported);
    let Some(found) = supported.find(|one| one.cluster_version() == Some(version)) else {
        let mut names: Vec<&str> = offered.iter().filter_map(|one| one.cluster_version()).collect();
        names.sort_by_key(|name| minor(name));
        let detail = format!(
            "EKS does not have {version} for clusters. It has: {}.",
            names.join(", ")
        );
        return Some(Diagnostic::error("Version is not offered", detail).at(EksClusterModel::VERSION));
    };
    let day = |time: Option<&DateTime>| {
        time.and_then(date)
            .unwrap_or_else(|| "a day that AWS does not tell".to_owned())
    };
    let (standard, extended) = (
        found.end_of_standard_support_date(),
        found.end_of_extended_support_date(),
    );
    let then = match support_type {
        "EXTENDED" => format!(
            "The cluster costs about six times as much from then on, until EKS upgrades it by force on {}.",
            day(extended)
        ),
        _ => "EKS upgrades the cluster by itself then, as its `support_type` is `STANDARD`.".to_owned(),
    };
    let detail = match days_until(standard?) {
        Some(days) if days > WARN_BEFORE_DAYS => return None,
        Some(days) => format!(
            "Standard support of {version} ends in {days} days, on {}. {then}",
            day(standard)
        ),
        None => format!("Standard support of {version} has ended on {}. {then}", day(standard)),
    };
    let warning = Diagnostic::warning("Support of the version ends", format!("{detail} Plan to upgrade it."));
    Some(warning.at(EksClusterModel::VERSION))
}

/// The days until a time that is to come.
fn days_until(time: &DateTime) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let then = u64::try_from(time.secs()).ok()?;
    Some(then.checked_sub(now)? / DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_goes_up_and_back_one_version_at_a_time() {
        assert_eq!(step("1.35", "1.35"), Step::Stay);
        assert_eq!(step("1.34", "1.35"), Step::Up);
        assert_eq!(step("1.35", "1.34"), Step::Back);
        assert_eq!(step("1.35", "1.32"), Step::FarBack);
        let steps = ["1.33", "1.34", "1.35"].map(str::to_owned).to_vec();
        assert_eq!(step("1.32", "1.35"), Step::Several(steps));
    }

    #[test]
    fn the_end_of_support_is_told_in_time() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let ends_in = |days: i64| {
            let version = ClusterVersionInformation::builder().cluster_version("1.34");
            let ends = DateTime::from_secs(now + days * 86_400 + 60);
            vec![version.end_of_standard_support_date(ends).build()]
        };
        assert_eq!(support("1.34", "STANDARD", &ends_in(90)), None);
        let soon = support("1.34", "STANDARD", &ends_in(10)).unwrap().detail;
        assert!(soon.contains("in 10 days") && soon.contains("by itself"), "{soon}");
        let over = support("1.34", "EXTENDED", &ends_in(-3)).unwrap().detail;
        assert!(over.contains("has ended") && over.contains("six times"), "{over}");
        let unknown = support("1.99", "STANDARD", &ends_in(90)).unwrap().detail;
        assert!(unknown.contains("It has: 1.34"), "{unknown}");
    }
}
