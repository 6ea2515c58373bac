//! Versions of Kubernetes with the ends of their support, and versions of add-ons. The days are AWS's own, as far as
//! they are known; patches and builds are the lab's.

use serde_json::{Value, json};

use super::refusals::not_found;
use super::surroundings::{self, texts};
use super::{Asked, Outcome, now};

/// The version of a cluster for which none is asked.
pub(super) const DEFAULT: &str = "1.34";

/// A day, in the seconds of documents.
const DAY: i64 = 86_400;

/// Minor version, and the days on which it appeared, standard support ends and extended support ends.
const VERSIONS: [(&str, &str, &str, &str); 6] = [
    ("1.30", "2024-05-23", "2025-07-23", "2026-07-23"),
    ("1.31", "2024-09-26", "2025-11-26", "2026-11-26"),
    ("1.32", "2025-01-23", "2026-03-23", "2027-03-23"),
    ("1.33", "2025-05-29", "2026-07-29", "2027-07-29"),
    ("1.34", "2025-10-02", "2026-12-02", "2027-12-02"),
    ("1.35", "2026-01-27", "2027-03-27", "2028-03-27"),
];

/// Name, namespace, whether it may have a role by pod identity, its service account, and two versions, the default
/// first. Those of `kube-proxy` follow Kubernetes.
const ADDONS: [Addon; 10] = [
    Addon::of(
        "aws-ebs-csi-driver",
        "kube-system",
        Some("ebs-csi-controller-sa"),
        ["v1.58.0-eksbuild.1", "v1.57.1-eksbuild.1"],
    ),
    Addon::of(
        "cert-manager",
        "cert-manager",
        None,
        ["v1.19.1-eksbuild.1", "v1.18.2-eksbuild.2"],
    ),
    Addon::of(
        "coredns",
        "kube-system",
        None,
        ["v1.12.4-eksbuild.1", "v1.12.3-eksbuild.1"],
    ),
    Addon::of(
        "eks-node-monitoring-agent",
        "kube-system",
        None,
        ["v1.4.1-eksbuild.1", "v1.4.0-eksbuild.2"],
    ),
    Addon::of(
        "eks-pod-identity-agent",
        "kube-system",
        None,
        ["v1.3.10-eksbuild.1", "v1.3.9-eksbuild.3"],
    ),
    Addon::of(
        "external-dns",
        "external-dns",
        Some("external-dns"),
        ["v0.20.0-eksbuild.1", "v0.19.0-eksbuild.2"],
    ),
    Addon::of("kube-proxy", "kube-system", None, ["-eksbuild.2", "-eksbuild.1"]),
    Addon::of(
        "metrics-server",
        "kube-system",
        None,
        ["v0.8.0-eksbuild.3", "v0.8.0-eksbuild.2"],
    ),
    Addon::of(
        "snapshot-controller",
        "kube-system",
        None,
        ["v8.3.0-eksbuild.1", "v8.2.0-eksbuild.1"],
    ),
    Addon::of(
        "vpc-cni",
        "kube-system",
        Some("aws-node"),
        ["v1.20.4-eksbuild.1", "v1.20.3-eksbuild.1"],
    ),
];

/// An add-on that is offered.
pub(super) struct Addon {
    pub(super) name: &'static str,
    pub(super) namespace: &'static str,
    pub(super) service_account: Option<&'static str>,
    versions: [&'static str; 2],
}

impl Addon {
    const fn of(
        name: &'static str,
        namespace: &'static str,
        service_account: Option<&'static str>,
        versions: [&'static str; 2],
    ) -> Self {
        Self {
            name,
            namespace,
            service_account,
            versions,
        }
    }

    /// The add-on of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ADDONS.iter().find(|addon| addon.name == name)
    }

    /// Its versions for a minor version of Kubernetes, the default first.
    pub(super) fn versions(&self, kubernetes: &str) -> [String; 2] {
        let prefix = if self.name == "kube-proxy" {
            format!("v{kubernetes}.1")
        } else {
            String::new()
        };
        self.versions.map(|version| format!("{prefix}{version}"))
    }
}

/// Whether a minor version of Kubernetes is offered.
pub(super) fn is_offered(version: &str) -> bool {
    VERSIONS.iter().any(|(offered, ..)| *offered == version)
}

/// The second number of a version.
pub(super) fn minor(version: &str) -> u32 {
    let number = version.split('.').nth(1).and_then(|number| number.parse().ok());
    number.unwrap_or_default()
}

/// DescribeClusterVersions.
pub(super) fn cluster_versions(asked: &Asked<'_>) -> Outcome {
    let wanted = texts(&surroundings::list(asked.value("clusterVersions")));
    let status = asked.text("versionStatus");
    let mut found = Vec::new();
    for (version, released, standard, extended) in VERSIONS.iter().rev() {
        let calendar = asked.world.calendar.get(*version);
        let (standard, extended) =
            calendar.map_or((*standard, *extended), |(one, other)| (one.as_str(), other.as_str()));
        let (standard, extended) = (seconds(standard), seconds(extended));
        let today = now() as i64;
        let (old, supported) = match today {
            today if today < standard => ("standard-support", "STANDARD_SUPPORT"),
            today if today < extended => ("extended-support", "EXTENDED_SUPPORT"),
            _ => ("unsupported", "UNSUPPORTED"),
        };
        let is_wanted = wanted.is_empty() || wanted.iter().any(|other| other == version);
        let shown = supported != "UNSUPPORTED" || asked.value("includeAll") == true || !wanted.is_empty();
        let is_default = *version == DEFAULT;
        let passes = (status.is_empty() || status == supported) && (is_default || asked.value("defaultOnly") != true);
        if is_wanted && shown && passes {
            found.push(json!({
                "clusterVersion": version, "clusterType": "eks", "defaultPlatformVersion": "eks.1",
                "defaultVersion": is_default, "releaseDate": seconds(released),
                "endOfStandardSupportDate": standard, "endOfExtendedSupportDate": extended,
                "status": old, "versionStatus": supported, "kubernetesPatchVersion": format!("{version}.1"),
            }));
        }
    }
    asked.page("clusterVersions", found)
}

/// DescribeAddonVersions.
pub(super) fn addon_versions(asked: &Asked<'_>) -> Outcome {
    let (name, kubernetes) = (asked.text("addonName"), asked.text("kubernetesVersion"));
    if !name.is_empty() && Addon::named(name).is_none() {
        return Err(not_found(&format!("No addon versions found for {name}")));
    }
    let offered: Vec<&str> = VERSIONS.iter().map(|(version, ..)| *version).collect();
    let minors = offered
        .iter()
        .filter(|version| kubernetes.is_empty() || kubernetes == **version);
    let minors: Vec<&str> = minors.copied().collect();
    let wanted = ADDONS.iter().filter(|addon| name.is_empty() || addon.name == name);
    let addons = wanted.filter(|_| !minors.is_empty()).map(|addon| {
        json!({
            "addonName": addon.name, "type": "other", "publisher": "eks", "owner": "aws",
            "defaultNamespace": addon.namespace, "addonVersions": versions(addon, &minors),
        })
    });
    asked.page("addons", addons.collect())
}

/// DescribeAddonConfiguration.
pub(super) fn addon_configuration(asked: &Asked<'_>) -> Outcome {
    let (name, version) = (asked.text("addonName"), asked.text("addonVersion"));
    let addon = Addon::named(name).ok_or_else(|| not_found(&format!("No addon found for {name}")))?;
    let accounts = addon
        .service_account
        .iter()
        .map(|account| json!({"serviceAccount": account, "recommendedManagedPolicies": []}));
    Ok(json!({
        "addonName": name, "addonVersion": version, "configurationSchema": json!({"type": "object"}).to_string(),
        "podIdentityConfiguration": accounts.collect::<Vec<_>>(),
    }))
}

/// Each version once, with the minor versions that it goes with.
fn versions(addon: &Addon, minors: &[&str]) -> Vec<Value> {
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for minor in minors {
        for (place, version) in addon.versions(minor).into_iter().enumerate() {
            let goes = json!({"clusterVersion": minor, "platformVersions": ["*"], "defaultVersion": place == 0});
            match found.iter_mut().find(|(known, _)| *known == version) {
                Some((_, with)) => with.push(goes),
                None => found.push((version, vec![goes])),
            }
        }
    }
    let told = found.into_iter().map(|(version, with)| {
        json!({
            "addonVersion": version, "architecture": ["amd64", "arm64"], "computeTypes": ["ec2", "auto"],
            "compatibilities": with, "requiresConfiguration": false,
            "requiresIamPermissions": addon.service_account.is_some(),
        })
    });
    told.collect()
}

/// A day such as `2026-12-02` as seconds since 1970, by the calendar of every four hundred years.
pub(in super::super) fn seconds(day: &str) -> i64 {
    let mut numbers = day.split('-').map(|number| number.parse::<i64>().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    // Years that begin in March have their odd day at the end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    (days - 719_468) * DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(seconds("1970-01-01"), 0);
        assert_eq!(seconds("2024-02-29"), 1_709_164_800);
        assert_eq!(seconds("2026-12-02"), 1_796_169_600);
    }
}
