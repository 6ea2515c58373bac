//! Taints, with effects in the words of EKS or in those of Kubernetes.

use std::fmt;

use aws_sdk_eks::types::TaintEffect;
use tf_framework::Model;
use tf_framework::custom_types::{Notation, Text};

use super::rules;

/// A taint: it keeps pods away that do not tolerate it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Model)]
pub struct Taint {
    /// Name of the taint, such as `example.org/couchdb`.
    #[tf(validate(rules::label_name()))]
    pub key: String,
    /// Value of the taint.
    #[tf(validate(rules::label_value()))]
    pub value: Option<String>,
    /// What it does to pods that do not tolerate it: `NO_SCHEDULE`, `PREFER_NO_SCHEDULE` or `NO_EXECUTE`. Kubernetes'
    /// own words, such as `NoSchedule`, mean the same.
    pub effect: Text<Effect>,
}

/// What a taint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// No new pods.
    NoSchedule,
    /// No new pods, if there is another place for them.
    PreferNoSchedule,
    /// No pods, also not those that are there.
    NoExecute,
}

impl Notation for Effect {
    const EXPECTED: &'static str = "the effect of a taint, such as `NO_SCHEDULE`";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "NO_SCHEDULE" | "NoSchedule" => Ok(Effect::NoSchedule),
            "PREFER_NO_SCHEDULE" | "PreferNoSchedule" => Ok(Effect::PreferNoSchedule),
            "NO_EXECUTE" | "NoExecute" => Ok(Effect::NoExecute),
            other => Err(format!(
                "`{other}` is no effect of a taint: use `NO_SCHEDULE`, `PREFER_NO_SCHEDULE` or `NO_EXECUTE`."
            )),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effect::NoSchedule => "NO_SCHEDULE",
            Effect::PreferNoSchedule => "PREFER_NO_SCHEDULE",
            Effect::NoExecute => "NO_EXECUTE",
        })
    }
}

impl Taint {
    /// As EKS takes it.
    pub(super) fn for_eks(&self) -> aws_sdk_eks::types::Taint {
        let effect = match *self.effect {
            Effect::NoSchedule => TaintEffect::NoSchedule,
            Effect::PreferNoSchedule => TaintEffect::PreferNoSchedule,
            Effect::NoExecute => TaintEffect::NoExecute,
        };
        let taint = aws_sdk_eks::types::Taint::builder().key(&self.key).effect(effect);
        taint.set_value(self.value.clone()).build()
    }

    /// As EKS has it, if it is one that is known here.
    pub(super) fn of_eks(taint: &aws_sdk_eks::types::Taint) -> Option<Self> {
        Some(Taint {
            key: taint.key.clone()?,
            value: taint.value.clone().filter(|value| !value.is_empty()),
            effect: taint.effect.as_ref()?.as_str().parse().ok()?,
        })
    }

    /// Whether two mean the same, however they are written.
    pub(super) fn means(&self, other: &Self) -> bool {
        let value = |taint: &Self| taint.value.clone().unwrap_or_default();
        self.key == other.key && value(self) == value(other) && *self.effect == *other.effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taint_is_the_same_in_both_spellings() {
        let taint = |value: Option<&str>, effect: &str| Taint {
            key: "couchdb".to_owned(),
            value: value.map(str::to_owned),
            effect: effect.parse().unwrap(),
        };
        assert!(taint(None, "NoSchedule").means(&taint(Some(""), "NO_SCHEDULE")));
        assert!(!taint(Some("1"), "NoSchedule").means(&taint(None, "NoSchedule")));
        let read = Taint::of_eks(&taint(Some("1"), "PreferNoSchedule").for_eks()).unwrap();
        assert_eq!(read, taint(Some("1"), "PREFER_NO_SCHEDULE"));
        assert!(Effect::parse("no_schedule").is_err());
    }
}
