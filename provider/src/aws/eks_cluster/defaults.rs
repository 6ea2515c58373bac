//! What attributes of a cluster are where the configuration does not say it.

use tf_framework::value::Value;

use super::model::Addon;
use super::version::minor;

/// The add-ons that have to be there before the first node.
pub(super) const ADDONS: [&str; 3] = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"];

/// What the control plane logs.
pub(super) fn log_types() -> Value {
    texts(&["api", "audit", "authenticator"])
}

/// The pools of nodes of Auto Mode.
pub(super) fn node_pools() -> Value {
    texts(&["general-purpose", "system"])
}

/// The add-ons, at versions that EKS chooses.
pub(super) fn addons() -> Value {
    let addon = Value::object([
        (Addon::VERSION, Value::Null),
        (Addon::CONFIGURATION_VALUES, Value::Null),
    ]);
    Value::Map(ADDONS.map(|name| (name.to_owned(), addon.clone())).into())
}

/// The version that is planned: never a lower one by itself. AWS may have upgraded the cluster.
pub(super) fn raised(prior: &Value, config: &Value, planned: Value) -> Value {
    match (prior.as_str().and_then(minor), config.as_str().and_then(minor)) {
        (Some(has), Some(wanted)) if wanted < has => prior.clone(),
        _ => planned,
    }
}

fn texts(texts: &[&str]) -> Value {
    Value::set(texts.iter().map(|text| Value::from(*text)))
}
