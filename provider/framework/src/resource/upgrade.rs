//! Upgrades: the ways from what older releases have stored, states and identities alike.

use std::fmt;

use crate::diagnostics::Diagnostics;
use crate::resource::stored::{Stored, StoredObject};

/// The way from one older version of a schema to the present one: the model or identity `T`.
///
/// ```
/// use tf_framework::Model;
/// use tf_framework::resource::Upgrade;
///
/// /// A bucket, as the first release knew it. Frozen.
/// #[derive(Model)]
/// struct BucketModelV0 {
///     /// Its size.
///     size_kib: i64,
/// }
///
/// /// A bucket.
/// #[derive(Model)]
/// #[tf(version = 1)]
/// struct BucketModel {
///     /// Its size.
///     size_mib: i64,
/// }
///
/// let upgrade = Upgrade::new(|old: BucketModelV0| {
///     let size_mib = old.size_kib / 1024;
///     Ok(BucketModel { size_mib })
/// });
/// assert_eq!(upgrade.version(), 0);
/// ```
pub struct Upgrade<T> {
    version: i64,
    way: Box<Way<T>>,
}

type Way<T> = dyn Fn(StoredObject<'_>) -> Result<T, Diagnostics> + Send + Sync;

impl<T> Upgrade<T> {
    /// From a frozen copy of the model or identity of that time, which knows its own version.
    pub fn new<Old: Stored>(way: impl Fn(Old) -> Result<T, Diagnostics> + Send + Sync + 'static) -> Self {
        Upgrade::raw(Old::version(), move |stored| way(stored.read()?))
    }

    /// From what was stored, where a frozen copy would be more than is needed.
    pub fn raw(version: i64, way: impl Fn(StoredObject<'_>) -> Result<T, Diagnostics> + Send + Sync + 'static) -> Self {
        Upgrade {
            version,
            way: Box::new(way),
        }
    }

    /// No way, for this reason: a sentence that says what to do instead.
    pub fn refused(version: i64, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Upgrade::raw(version, move |_| {
            Err(Diagnostics::error("Unable to upgrade state", reason.clone()))
        })
    }

    /// The version from which it comes.
    pub fn version(&self) -> i64 {
        self.version
    }
}

/// Takes the way from a version, if there is one; `what` is what was stored.
pub(crate) fn upgrade<T>(upgrades: &[Upgrade<T>], version: i64, stored: &[u8], what: &str) -> Result<T, Diagnostics> {
    match upgrades.iter().find(|upgrade| upgrade.version == version) {
        Some(upgrade) => (upgrade.way)(StoredObject::new(stored)),
        None => Err(Diagnostics::error(
            "Unable to upgrade state",
            format!(
                "The {what} was written with version {version} of its schema, and there is no upgrade from that version. \
                 Apply once with the provider release that wrote it, then with the ones after it."
            ),
        )),
    }
}

/// What is wrong with a list of upgrades to a version of `what`.
///
/// A state for which there is no upgrade is lost to its owner: no plan works any more. So a gap is either a mistake or
/// meant, and whoever means it says so, and why, with [`Upgrade::refused`].
pub(crate) fn lint<T>(upgrades: &[Upgrade<T>], current: i64, what: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for version in 0..current {
        match upgrades.iter().filter(|upgrade| upgrade.version == version).count() {
            0 => problems.push(format!("There is no upgrade from version {version} of the {what}.")),
            1 => {}
            _ => problems.push(format!(
                "There are several upgrades from version {version} of the {what}."
            )),
        }
    }
    for upgrade in upgrades.iter().filter(|one| !(0..current).contains(&one.version)) {
        problems.push(format!(
            "There is an upgrade from version {} of the {what}, which has version {current}.",
            upgrade.version
        ));
    }
    problems
}

impl<T> fmt::Debug for Upgrade<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_older_version_has_one_upgrade_and_no_other_has_any() {
        let to = |version| Upgrade::raw(version, |_| Ok(()));
        let without = Upgrade::refused(0, "It was never released.");
        assert_eq!(lint(&[without, to(1)], 2, "state"), Vec::<String>::new());
        assert_eq!(
            lint(&[to(1), to(1), to(3)], 3, "state"),
            [
                "There is no upgrade from version 0 of the state.",
                "There are several upgrades from version 1 of the state.",
                "There is no upgrade from version 2 of the state.",
                "There is an upgrade from version 3 of the state, which has version 3.",
            ]
        );
    }

    #[test]
    fn a_version_without_a_way_says_what_to_do() {
        let upgrades = [Upgrade::<()>::refused(0, "Version 0 was never released.")];
        for (version, expected) in [(0, "never released"), (1, "Apply once with")] {
            let failure = upgrade(&upgrades, version, b"{}", "state").unwrap_err();
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }
}
