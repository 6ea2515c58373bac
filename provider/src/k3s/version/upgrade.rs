//! Which version can follow which, and which can run beside which.
//!
//! The rules are those of [k3s](https://docs.k3s.io/upgrades/manual) and of
//! [Kubernetes' version skew](https://kubernetes.io/releases/version-skew-policy/): no minor version is skipped, there
//! is no way back, and a kubelet is never newer than an API server and at most three minor versions older.

use super::K3sVersion;

/// How many minor versions a kubelet may be older than the API server.
pub const KUBELET_SKEW: i32 = 3;

/// A version that cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// It is older than the one that runs.
    #[error(
        "the cluster runs {from}, and k3s cannot go back to {to}: what was written to its datastore since may not be readable \
         there. Only a snapshot that was taken with {to} can be restored with it"
    )]
    Downgrade {
        /// What runs.
        from: K3sVersion,
        /// What is wanted.
        to: K3sVersion,
    },
    /// It is in another major version.
    #[error("the cluster runs {from}; there is no known way to {to}")]
    OtherMajor {
        /// What runs.
        from: K3sVersion,
        /// What is wanted.
        to: K3sVersion,
    },
    /// There are minor versions between, and no step for the first of them.
    #[error(
        "the cluster runs {from}, and {to} is {minors} minor versions ahead. k3s is upgraded one minor version at a time: give \
         a release of 1.{missing} as a step between, or set `version` to one first"
    )]
    MissingStep {
        /// What runs before the missing step.
        from: K3sVersion,
        /// What comes after it.
        to: K3sVersion,
        /// How many minor versions that is.
        minors: i32,
        /// The first minor version without a step.
        missing: u16,
    },
}

/// A kubelet that cannot run beside an API server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkewError {
    /// It is newer.
    #[error(
        "an agent cannot be newer than its servers: it would run {kubelet}, and they run {server}. Upgrade the servers first"
    )]
    KubeletNewer {
        /// The version of the agent.
        kubelet: K3sVersion,
        /// The version of the oldest server.
        server: K3sVersion,
    },
    /// It is too old.
    #[error(
        "an agent with {kubelet} is more than {KUBELET_SKEW} minor versions behind servers with {server}. Upgrade it first, to \
         a version that its present servers allow"
    )]
    KubeletTooOld {
        /// The version of the agent.
        kubelet: K3sVersion,
        /// The version of the newest server.
        server: K3sVersion,
    },
}

/// The versions to go through, the last being `to`; none if it runs already. Of `steps`, which can be in any order,
/// those that lie on the way are taken; where there are several of a minor version, the newest.
///
/// # Errors
/// `to` is older, or minor versions between have no step.
pub fn path(from: &K3sVersion, to: &K3sVersion, steps: &[K3sVersion]) -> Result<Vec<K3sVersion>, UpgradeError> {
    if to < from {
        return Err(UpgradeError::Downgrade { from: *from, to: *to });
    }
    if to == from {
        return Ok(Vec::new());
    }
    if to.major != from.major {
        return Err(UpgradeError::OtherMajor { from: *from, to: *to });
    }
    let mut path = Vec::new();
    let mut last = *from;
    for minor in from.minor.saturating_add(1)..to.minor {
        let step = steps.iter().filter(|step| step.line() == (to.major, minor)).max();
        let step = step.ok_or(UpgradeError::MissingStep {
            from: last,
            to: *to,
            minors: i32::from(to.minor) - i32::from(last.minor),
            missing: minor,
        })?;
        path.push(*step);
        last = *step;
    }
    path.push(*to);
    Ok(path)
}

/// Whether an agent can run a version beside servers whose versions are these. Without servers, there is nothing to
/// ask.
///
/// # Errors
/// It is newer than the oldest server, or too old for the newest.
pub fn check_skew(kubelet: &K3sVersion, servers: &[K3sVersion]) -> Result<(), SkewError> {
    let (Some(oldest), Some(newest)) = (servers.iter().min(), servers.iter().max()) else {
        return Ok(());
    };
    let ahead = |one: &K3sVersion, other: &K3sVersion| one.minors_ahead_of(other).unwrap_or(i32::MAX);
    if ahead(kubelet, oldest) > 0 {
        return Err(SkewError::KubeletNewer {
            kubelet: *kubelet,
            server: *oldest,
        });
    }
    if ahead(newest, kubelet) > KUBELET_SKEW {
        return Err(SkewError::KubeletTooOld {
            kubelet: *kubelet,
            server: *newest,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> K3sVersion {
        text.parse().unwrap()
    }

    fn way(from: &str, to: &str, steps: &[&str]) -> Result<Vec<String>, UpgradeError> {
        let steps: Vec<K3sVersion> = steps.iter().map(|text| version(text)).collect();
        let path = path(&version(from), &version(to), &steps)?;
        Ok(path.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_minor_version_is_one_step_and_the_same_version_none() {
        assert_eq!(way("v1.36.3+k3s1", "v1.36.3+k3s1", &[]).unwrap(), Vec::<String>::new());
        assert_eq!(way("v1.36.3+k3s1", "v1.36.3+k3s2", &[]).unwrap(), ["v1.36.3+k3s2"]);
        assert_eq!(way("v1.35.9+k3s1", "v1.36.0+k3s1", &[]).unwrap(), ["v1.36.0+k3s1"]);
    }

    #[test]
    fn given_steps_are_put_in_order_and_those_off_the_way_left_out() {
        let steps = [
            "v1.35.4+k3s1",
            "v1.33.1+k3s1",
            "v1.34.1+k3s1",
            "v1.34.6+k3s1",
            "v1.36.0+k3s1",
        ];
        assert_eq!(
            way("v1.33.5+k3s1", "v1.36.3+k3s1", &steps).unwrap(),
            ["v1.34.6+k3s1", "v1.35.4+k3s1", "v1.36.3+k3s1"]
        );
    }

    #[test]
    fn a_skipped_minor_version_is_named() {
        let error = way("v1.33.5+k3s1", "v1.36.3+k3s1", &["v1.34.6+k3s1"]).expect_err("1.35 is missing");
        assert_eq!(
            error.to_string(),
            "the cluster runs v1.34.6+k3s1, and v1.36.3+k3s1 is 2 minor versions ahead. k3s is upgraded one minor version at \
             a time: give a release of 1.35 as a step between, or set `version` to one first"
        );
    }

    #[test]
    fn there_is_no_way_back() {
        for (from, to) in [
            ("v1.36.3+k3s1", "v1.36.2+k3s1"),
            ("v1.36.3+k3s1", "v1.35.9+k3s1"),
            ("v1.36.3+k3s2", "v1.36.3+k3s1"),
        ] {
            assert!(
                matches!(way(from, to, &[]), Err(UpgradeError::Downgrade { .. })),
                "{from} {to}"
            );
        }
    }

    #[test]
    fn an_agent_is_not_newer_and_not_much_older_than_its_servers() {
        let servers = [version("v1.35.1+k3s1"), version("v1.36.3+k3s1")];
        let check = |kubelet: &str| check_skew(&version(kubelet), &servers);
        assert!(check("v1.35.9+k3s1").is_ok(), "patches do not count");
        assert!(check("v1.33.0+k3s1").is_ok());
        assert!(matches!(check("v1.36.0+k3s1"), Err(SkewError::KubeletNewer { .. })));
        assert!(matches!(check("v1.32.9+k3s1"), Err(SkewError::KubeletTooOld { .. })));
        assert!(check_skew(&version("v1.36.0+k3s1"), &[]).is_ok());
    }
}
