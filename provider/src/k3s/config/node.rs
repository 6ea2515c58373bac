//! What each host has of its own.

use std::collections::BTreeMap;
use std::fmt;

use super::Config;
use super::value::ConfigValue;

/// What each host has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// Name of its Node.
    pub name: String,
    /// Addresses by which other nodes reach it, where k3s would choose others.
    pub node_ip: Vec<String>,
    /// Addresses by which it is reached from elsewhere.
    pub node_external_ip: Vec<String>,
    /// Labels of the Node. k3s sets them when it registers; later they change through the API.
    pub labels: BTreeMap<String, String>,
    /// Taints of the Node; as for labels.
    pub taints: Vec<Taint>,
    /// What the cloud provider calls the machine. A Node keeps it for as long as it exists.
    pub provider_id: Option<String>,
    /// Other keys, which were checked.
    pub extra: BTreeMap<String, ConfigValue>,
}

/// A taint of a Node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its name.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}", self.key, self.value, self.effect)
    }
}

impl NodeSettings {
    /// Labels that a kubelet may not give to its own Node: the API refuses them when it registers, so they are set
    /// through the API afterwards.
    #[must_use]
    pub fn is_restricted_label(name: &str) -> bool {
        let Some((prefix, _)) = name.split_once('/') else {
            return false;
        };
        let in_domain = |domain: &str| prefix == domain || prefix.ends_with(&format!(".{domain}"));
        let is_kubelets = in_domain("kubelet.kubernetes.io") || in_domain("node.kubernetes.io");
        (in_domain("kubernetes.io") || in_domain("k8s.io")) && !is_kubelets && !OWN_LABELS.contains(&name)
    }

    pub(super) fn add_to(&self, config: &mut Config, external_cloud_provider: bool) {
        config.set_text("node-name", Some(&self.name));
        config.extend("node-ip", self.node_ip.iter().cloned());
        config.extend("node-external-ip", self.node_external_ip.iter().cloned());
        let labels = self.labels.iter().filter(|(name, _)| !Self::is_restricted_label(name));
        config.extend("node-label", labels.map(|(name, value)| format!("{name}={value}")));
        config.extend("node-taint", self.taints.iter().map(ToString::to_string));
        if external_cloud_provider {
            // Without its own cloud controller, k3s does not tell the kubelet that there is another.
            config.extend("kubelet-arg", ["cloud-provider=external"]);
        }
        config.extend(
            "kubelet-arg",
            self.provider_id.iter().map(|id| format!("provider-id={id}")),
        );
    }
}

/// The labels in Kubernetes' domains that a kubelet may give to its Node, as
/// [its admission](https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction) has
/// them.
const OWN_LABELS: [&str; 10] = [
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubelet_may_not_say_itself_what_role_it_has() {
        for (label, restricted) in [
            ("node-role.kubernetes.io/worker", true),
            ("node-restriction.kubernetes.io/x", true),
            ("kubernetes.io/hostname", false),
            ("topology.kubernetes.io/zone", false),
            ("node.kubernetes.io/instance-type", false),
            ("example.org/x", false),
            ("notkubernetes.io/x", false),
            ("tier", false),
        ] {
            assert_eq!(NodeSettings::is_restricted_label(label), restricted, "{label}");
        }
    }
}
