//! What a machine is told to be: the specs of the API, with their elements in the order of its schema.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};

use super::super::reference::Reference;
use super::super::xml::Element;

/// What is to change of a machine (`VirtualMachineConfigSpec`). What is none stays as it is.
#[derive(Clone, Default)]
pub(crate) struct ConfigSpec {
    pub(crate) name: Option<String>,
    pub(crate) instance_uuid: Option<String>,
    pub(crate) annotation: Option<String>,
    pub(crate) disk_uuid: Option<bool>,
    pub(crate) cpus: Option<u32>,
    pub(crate) cores_per_socket: Option<u32>,
    pub(crate) memory_mib: Option<u64>,
    pub(crate) memory_hot_add: Option<bool>,
    pub(crate) cpu_hot_add: Option<bool>,
    /// Changes of devices, see [`super::devices`].
    pub(crate) devices: Vec<Element>,
    pub(crate) memory_reservation_mib: Option<u64>,
    /// Further settings; an empty text removes one.
    pub(crate) extra: BTreeMap<String, SecretString>,
    /// Take away what OVF templates tell the guest: it would hide what is told in `extra`.
    pub(crate) without_vapp: bool,
}

/// Where a new machine goes, and what it is (`CloneVM_Task`).
#[derive(Clone)]
pub(crate) struct CloneSpec<'a> {
    pub(crate) template: &'a Reference,
    pub(crate) folder: &'a Reference,
    pub(crate) name: &'a str,
    pub(crate) datastore: Option<&'a Reference>,
    pub(crate) pool: &'a Reference,
    pub(crate) config: &'a ConfigSpec,
}

impl ConfigSpec {
    /// Whether nothing is to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.element("spec").children().is_empty()
    }

    /// The element of this name.
    pub(crate) fn element(&self, name: &str) -> Element {
        let flags = self
            .disk_uuid
            .map(|on| Element::new("flags").value("diskUuidEnabled", on));
        let reservation = self
            .memory_reservation_mib
            .map(|mib| Element::new("memoryAllocation").value("reservation", mib));
        let extra = self.extra.iter().map(|(key, value)| {
            let value = Element::new("value")
                .of_type("xsd:string")
                .with_text(value.expose_secret());
            Element::new("extraConfig").value("key", key).with(value)
        });
        let spec = Element::new(name)
            .optional("name", self.name.as_ref())
            .optional("instanceUuid", self.instance_uuid.as_ref())
            .optional("annotation", self.annotation.as_ref())
            .with_all(flags)
            .optional("numCPUs", self.cpus)
            .optional("numCoresPerSocket", self.cores_per_socket)
            .optional("memoryMB", self.memory_mib)
            .optional("memoryHotAddEnabled", self.memory_hot_add)
            .optional("cpuHotAddEnabled", self.cpu_hot_add)
            .with_all(self.devices.iter().cloned())
            .with_all(reservation)
            .with_all(extra);
        if self.without_vapp {
            spec.value("vAppConfigRemoved", true)
        } else {
            spec
        }
    }
}

impl CloneSpec<'_> {
    /// The call.
    pub(super) fn call(&self) -> Element {
        let location = Element::new("location")
            .with_all(self.datastore.map(|datastore| datastore.element("datastore")))
            .with(self.pool.element("pool"));
        let spec = Element::new("spec")
            .with(location)
            .value("template", false)
            .with(self.config.element("config"))
            .value("powerOn", false);
        self.template
            .call("CloneVM_Task")
            .with(self.folder.element("folder"))
            .value("name", self.name)
            .with(spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_has_its_elements_in_the_order_of_the_schema() {
        let spec = ConfigSpec {
            name: Some("n".to_owned()),
            instance_uuid: Some("u".to_owned()),
            annotation: Some("a".to_owned()),
            disk_uuid: Some(true),
            cpus: Some(4),
            cores_per_socket: Some(2),
            memory_mib: Some(8192),
            memory_hot_add: Some(true),
            cpu_hot_add: Some(false),
            devices: vec![Element::new("deviceChange")],
            memory_reservation_mib: Some(1024),
            extra: BTreeMap::from([("k".to_owned(), "v".into())]),
            without_vapp: true,
        };
        let element = spec.element("spec");
        let names: Vec<_> = element.children().iter().map(Element::name).collect();
        assert_eq!(
            names,
            [
                "name",
                "instanceUuid",
                "annotation",
                "flags",
                "numCPUs",
                "numCoresPerSocket",
                "memoryMB",
                "memoryHotAddEnabled",
                "cpuHotAddEnabled",
                "deviceChange",
                "memoryAllocation",
                "extraConfig",
                "vAppConfigRemoved",
            ]
        );
    }

    #[test]
    fn spec_without_a_change_is_empty() {
        assert!(ConfigSpec::default().is_empty());
    }
}
