//! Taints of a Node.

use tf_framework::Model;
use tf_framework::schema::Validator;

use super::rules;
use crate::k3s::config;

/// A taint: it keeps pods away that do not tolerate it.
#[derive(Clone, Model, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Name of the taint, such as `example.org/gpu`.
    #[tf(validate(rules::label_name()))]
    pub key: String,
    /// Value of the taint.
    #[tf(default = "", validate(rules::label_value()))]
    pub value: String,
    /// What it does to pods that do not tolerate it: `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[tf(validate(Validator::one_of(["NoSchedule", "PreferNoSchedule", "NoExecute"])))]
    pub effect: String,
}

/// The taints that a Node is given.
#[must_use]
pub fn taints(taints: Option<&Vec<Taint>>) -> Vec<config::Taint> {
    let setting = |taint: &Taint| config::Taint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: taint.effect.clone(),
    };
    taints.into_iter().flatten().map(setting).collect()
}
