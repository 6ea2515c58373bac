//! Classes that are well known: what makes their volumes, and what it is told.

use std::collections::BTreeMap;

/// What makes volumes, and what it is told beside what a user tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Preset {
    /// Its name in configurations.
    pub(super) name: &'static str,
    /// What makes the volumes.
    pub(super) provisioner: &'static str,
    parameters: &'static [(&'static str, &'static str)],
}

/// The names of all presets.
pub(super) const NAMES: [&str; 1] = [EKS_GP3.name];

/// Volumes of Amazon EBS as CouchDB needs them in EKS: encrypted, and as fast as small.
const EKS_GP3: Preset = Preset {
    name: "eks-gp3",
    provisioner: "ebs.csi.aws.com",
    parameters: &[
        ("type", "gp3"),
        ("encrypted", "true"),
        ("csi.storage.k8s.io/fstype", "ext4"),
    ],
};

impl Preset {
    /// The preset of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        (name == EKS_GP3.name).then_some(&EKS_GP3)
    }

    /// What the provisioner is told: what is given has the last word.
    pub(super) fn with(&self, given: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
        let own = self.parameters.iter();
        let mut all: BTreeMap<String, String> = own
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        all.extend(
            given
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        all
    }

    /// What a class was told beside the preset, if it is one of it, with what was given before. A parameter that is
    /// neither there nor given says that it is none.
    pub(super) fn rest(
        &self,
        provisioner: &str,
        live: &BTreeMap<String, String>,
        given: Option<&BTreeMap<String, String>>,
    ) -> Option<BTreeMap<String, String>> {
        let is_given = |key: &str| given.is_some_and(|given| given.contains_key(key));
        let fits = |(key, value): &(&str, &str)| is_given(key) || live.get(*key).is_some_and(|is| is == value);
        if provisioner != self.provisioner || !self.parameters.iter().all(fits) {
            return None;
        }
        let own: BTreeMap<&str, &str> = self.parameters.iter().copied().collect();
        let rest = live
            .iter()
            .filter(|(key, value)| is_given(key) || own.get(key.as_str()) != Some(&value.as_str()));
        Some(rest.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_given_comes_back_and_the_preset_does_not() {
        let preset = Preset::named("eks-gp3").unwrap();
        for given in [
            None,
            Some(parameters(&[("iops", "6000")])),
            // The same as the preset has, and otherwise.
            Some(parameters(&[("type", "gp3"), ("csi.storage.k8s.io/fstype", "xfs")])),
        ] {
            let live = preset.with(given.as_ref());
            let rest = preset.rest(preset.provisioner, &live, given.as_ref()).unwrap();
            assert_eq!(rest, given.unwrap_or_default());
        }
    }

    #[test]
    fn a_class_of_something_else_is_none_of_the_preset() {
        let preset = Preset::named("eks-gp3").unwrap();
        let plain = parameters(&[("type", "gp3")]);
        assert_eq!(
            preset.rest(preset.provisioner, &plain, None),
            None,
            "it is not encrypted"
        );
        assert_eq!(preset.rest("ebs.csi.eks.amazonaws.com", &preset.with(None), None), None);
        assert_eq!(Preset::named("eks-gp4"), None);
        assert_eq!(NAMES, ["eks-gp3"]);
    }
}
