//! Whether a node of the cluster is called such that the programs find its machine. Pure.

/// What the provider ID of a node begins with, before the BIOS UUID of its machine.
pub(super) const PREFIX: &str = "vsphere://";

/// What a node is called by in the vCenter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identified {
    /// The BIOS UUID of its machine.
    By(String),
    /// Nobody has said it yet: the cloud provider finds the machine by what the node says of itself.
    NotYet,
    /// It is one that no program of vSphere can use, for this reason.
    Wrong(String),
}

/// Reads the provider ID of a node.
pub(super) fn identified(node: &str, provider_id: &str) -> Identified {
    if provider_id.is_empty() {
        return Identified::NotYet;
    }
    let Some(uuid) = provider_id.strip_prefix(PREFIX) else {
        return Identified::Wrong(format!(
            "The node {node} has the provider ID `{provider_id}`, which another cloud provider gave it, and it can never \
             be changed. The cloud provider of vSphere would remove the node. Install the cluster with `cloud_provider = \
             \"external\"`, and give its nodes the `provider_id` of their machines."
        ));
    };
    let is_uuid = uuid.len() == 36
        && uuid.char_indices().all(|(index, character)| match index {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        });
    if is_uuid && uuid == uuid.to_lowercase() {
        return Identified::By(uuid.to_owned());
    }
    Identified::Wrong(format!(
        "The provider ID `{provider_id}` of the node {node} is not `{PREFIX}` and the BIOS UUID of a machine in lower case, \
         such as `{PREFIX}4221de28-b7d6-7625-eaad-433c7ce445ec`."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_id_is_the_prefix_and_a_uuid_in_lower_case() {
        let uuid = "4221de28-b7d6-7625-eaad-433c7ce445ec";
        assert_eq!(
            identified("n", &format!("vsphere://{uuid}")),
            Identified::By(uuid.to_owned())
        );
        assert_eq!(identified("n", ""), Identified::NotYet);
        for (wrong, words) in [
            ("k3s://n", "external"),
            ("vsphere://4221DE28-B7D6-7625-EAAD-433C7CE445EC", "lower case"),
            ("vsphere://vm-42", "BIOS UUID"),
        ] {
            let Identified::Wrong(why) = identified("n", wrong) else {
                panic!("{wrong} is accepted")
            };
            assert!(why.contains(words), "{why}");
        }
    }
}
