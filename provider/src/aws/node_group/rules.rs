//! What the attributes of a node group accept, each by itself.

use tf_framework::schema::Validator;
use tf_framework::value::Value;

/// Domains of labels that only EKS and Kubernetes set, as the API server refuses them of nodes.
const RESERVED: [&str; 3] = ["kubernetes.io", "k8s.io", "eks.amazonaws.com"];

/// Labels in those domains that EKS takes all the same.
const ALLOWED: [&str; 2] = ["node.kubernetes.io/", "kubelet.kubernetes.io/"];

/// What machines can run.
pub(super) const AMI_TYPES: [&str; 13] = [
    "AL2023_ARM_64_STANDARD",
    "AL2023_ARM_64_NVIDIA",
    "AL2023_x86_64_STANDARD",
    "AL2023_x86_64_NVIDIA",
    "AL2023_x86_64_NEURON",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
];

/// The name of a node group.
pub(super) fn group_name() -> Validator {
    Validator::matches(
        "^[0-9A-Za-z][0-9A-Za-z_-]{0,62}$",
        "a name of 1 to 63 letters, digits, `-` or `_`, which begins with a letter or digit",
    )
}

/// The id of a subnet.
pub(super) fn subnet_id() -> Validator {
    Validator::matches(
        "^subnet-[0-9a-f]+$",
        "the id of a subnet, such as `subnet-0a1b2c3d4e5f60718`",
    )
}

/// A type of machines.
pub(super) fn instance_type() -> Validator {
    Validator::matches(
        "^[a-z][a-z0-9-]*\\.[a-z0-9-]+$",
        "a type of machines, such as `m7g.xlarge`",
    )
}

/// A minor version of Kubernetes.
pub(in crate::aws) fn version() -> Validator {
    Validator::matches("^1\\.[0-9]+$", "a minor version of Kubernetes, such as `1.35`")
}

/// What machines run.
pub(super) fn ami_type() -> Validator {
    Validator::string("an image of Amazon Linux 2023 or Bottlerocket", |text| {
        if AMI_TYPES.contains(&text) {
            return Ok(());
        }
        Err(match text {
            text if text.starts_with("AL2_") => format!(
                "`{text}` is Amazon Linux 2, of which there are no images for Kubernetes 1.33 and later, and no new ones at all. Use \
                 `AL2023_ARM_64_STANDARD`, or leave it out."
            ),
            text if text.starts_with("WINDOWS_") || text == "CUSTOM" => {
                format!(
                    "Machines of `{text}` are not made here. Use one of: {}.",
                    AMI_TYPES.join(", ")
                )
            }
            text => format!("`{text}` is not known. Use one of: {}.", AMI_TYPES.join(", ")),
        })
    })
}

/// Labels of nodes.
pub(super) fn labels() -> Validator {
    Validator::new("labels of nodes that are for users to set", |value| {
        let Value::Map(labels) = value else { return Ok(()) };
        labels.iter().try_for_each(|(key, value)| {
            key_of_user(key)?;
            label_value().check(value)
        })
    })
}

/// The name of a taint.
pub(super) fn label_name() -> Validator {
    Validator::string("a name such as `example.org/couchdb`", key)
}

/// The value of a label or taint.
pub(super) fn label_value() -> Validator {
    Validator::matches(
        "^([0-9A-Za-z]([0-9A-Za-z._-]{0,61}[0-9A-Za-z])?)?$",
        "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    )
}

fn key_of_user(text: &str) -> Result<(), String> {
    key(text)?;
    let domain = text.split_once('/').map_or("", |(domain, _)| domain);
    let is_within = |reserved: &str| domain == reserved || domain.ends_with(&format!(".{reserved}"));
    if ALLOWED.iter().any(|allowed| text.starts_with(allowed)) || !RESERVED.iter().any(|one| is_within(one)) {
        return Ok(());
    }
    Err(format!(
        "EKS takes no label `{text}`: what is in `{domain}` is for Kubernetes and EKS to set. Use a domain of your own, such as \
         `example.org/tier`."
    ))
}

fn key(text: &str) -> Result<(), String> {
    let (domain, name) = text.split_once('/').unwrap_or(("", text));
    let is_plain = |text: &str| {
        let ends = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric());
        ends && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let is_domain = domain.is_empty() && !text.starts_with('/') || domain.len() <= 253 && is_plain(domain);
    if is_domain && name.len() <= 63 && is_plain(name) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not the name of a label or taint: use at most 63 letters, digits, `-`, `_` and `.`, with a domain and `/` \
         before it if you like, such as `example.org/tier`."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_kubernetes_are_not_for_users() {
        for accepted in [
            "tier",
            "example.org/tier",
            "node.kubernetes.io/role",
            "cht.medic.org/couchdb",
        ] {
            assert_eq!(key_of_user(accepted), Ok(()), "{accepted}");
        }
        for refused in [
            "kubernetes.io/os",
            "node-role.kubernetes.io/worker",
            "eks.amazonaws.com/nodegroup",
            "/tier",
            "tier-",
            "",
        ] {
            assert!(key_of_user(refused).is_err(), "{refused}");
        }
        assert_eq!(key("node.cilium.io/agent-not-ready"), Ok(()));
    }

    #[test]
    fn amazon_linux_2_is_refused_with_what_to_use() {
        let refused = ami_type().check(&Value::from("AL2_ARM_64")).unwrap_err();
        assert!(refused.contains("AL2023_ARM_64_STANDARD"), "{refused}");
        assert!(ami_type().check(&Value::from("CUSTOM")).is_err());
        assert_eq!(ami_type().check(&Value::from("BOTTLEROCKET_ARM_64")), Ok(()));
    }
}
