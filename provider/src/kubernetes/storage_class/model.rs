//! The attributes of `cht_storage_class`, in schema order, and what they are in the API's words.

use std::collections::BTreeMap;

use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::preset::{self, Preset};
use crate::kubernetes::{Kubernetes, LiveObject, Object, ObjectKey, ObjectSet, OwnerId};

/// By what a class is made the one for claims that name none, and by what it was in the beginning.
const DEFAULT_ANNOTATIONS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

/// Manages a storage class: how volumes are made for claims that name it.
///
/// Volumes keep what their class said when they were made. So replacing or destroying a class takes nothing away from
/// them, but nobody makes new ones, and they can no longer grow, until there is a class of the name again.
///
/// `kubernetes` can be handed on: what takes `cht_storage_class.NAME.kubernetes` is made after the class, and destroyed
/// before it.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct StorageClassModel {
    /// The way to the cluster; the provider's `kubernetes` where it is not given. Changing it changes how the cluster
    /// is reached, not which cluster the class is in.
    pub kubernetes: Option<Kubernetes>,
    /// Name of the class. Changing it replaces the class.
    #[tf(replace, validate(Validator::dns_subdomain()))]
    pub name: String,
    /// A well-known class, in place of `storage_provisioner`: with `eks-gp3` the EBS CSI driver of EKS makes volumes of
    /// the kind gp3, encrypted, with ext4. The charts of CHT ask for a class `ebs-gp2`, which no new cluster has: give
    /// one of that name this preset. Changing what volumes are made of replaces the class.
    #[tf(validate(Validator::one_of(preset::NAMES)))]
    pub preset: Option<String>,
    /// What makes the volumes, such as `csi.vsphere.vmware.com`, `ebs.csi.aws.com` or `rancher.io/local-path`. It
    /// follows from `preset`, if that is given. Changing it replaces the class.
    #[tf(
        optional,
        depends_on(preset),
        replace,
        validate(Validator::not_empty(), Validator::no_whitespace())
    )]
    pub storage_provisioner: Attr<String>,
    /// What the provisioner is told, such as `storagepolicyname` for vSphere or `type` for EBS, beside what `preset`
    /// tells it. No place for secrets. Where the provider block has `vsphere`, plans refuse a storage policy and a
    /// `datastoreurl` that its vCenter does not have. Changing it replaces the class.
    #[tf(validate(Validator::not_empty()))]
    pub parameters: Option<BTreeMap<String, String>>,
    /// What becomes of a volume whose claim is deleted: with `Retain` it stays, with its data, for an administrator to
    /// decide on; with `Delete` both are gone. Changing it replaces the class.
    #[tf(
        replace,
        default = "Retain",
        validate(Validator::one_of(["Retain", "Delete"]))
    )]
    pub reclaim_policy: String,
    /// When volumes are made: with `WaitForFirstConsumer` where the first pod is that uses one, with `Immediate` at
    /// once, wherever that is. Changing it replaces the class.
    #[tf(
        replace,
        default = "WaitForFirstConsumer",
        validate(Validator::one_of(["WaitForFirstConsumer", "Immediate"]))
    )]
    pub volume_binding_mode: String,
    /// Whether volumes can grow.
    #[tf(default = true)]
    pub allow_volume_expansion: bool,
    /// Whether it is the class of claims that name none. A cluster should have one default class; plans warn of others.
    #[tf(default = false)]
    pub default: bool,
    /// Options that volumes are mounted with, such as `noatime`.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::not_empty())))]
    pub mount_options: Option<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a storage class in its cluster.
#[derive(Clone, Debug, Identity)]
pub struct StorageClassIdentity {
    /// Name of the class.
    pub name: String,
}

impl IdentityOf<StorageClassModel> for StorageClassIdentity {
    fn of(class: &StorageClassModel) -> Option<Self> {
        let name = class.name.clone();
        Some(StorageClassIdentity { name })
    }
}

impl StorageClassModel {
    /// What names the object.
    pub(super) fn key(&self) -> ObjectKey {
        key(&self.name)
    }

    /// The object, with our mark.
    pub(super) fn set(&self) -> Result<ObjectSet, Diagnostics> {
        let default = (DEFAULT_ANNOTATIONS[0].to_owned(), self.default.to_string());
        let class = StorageClass {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                annotations: Some(BTreeMap::from([default])),
                ..ObjectMeta::default()
            },
            provisioner: self.storage_provisioner.known().cloned().unwrap_or_default(),
            parameters: told(self.preset.as_deref(), self.parameters.as_ref()),
            reclaim_policy: Some(self.reclaim_policy.clone()),
            volume_binding_mode: Some(self.volume_binding_mode.clone()),
            allow_volume_expansion: Some(self.allow_volume_expansion),
            mount_options: self.mount_options.clone(),
            ..StorageClass::default()
        };
        let object = Object::from_typed(&class).map_err(defect)?;
        Ok(ObjectSet::new(owner(), vec![vec![object]]))
    }

    /// The state of the class as it is.
    pub(super) fn refreshed(self, live: &LiveObject) -> Result<Self, Diagnostics> {
        let class: StorageClass = live.decode().map_err(defect)?;
        let parameters = class.parameters.unwrap_or_default();
        let preset = self.preset.as_deref().and_then(Preset::named);
        let rest = preset.and_then(|preset| preset.rest(&class.provisioner, &parameters, self.parameters.as_ref()));
        Ok(StorageClassModel {
            default: is_default(live),
            // One that was made anew otherwise is none of the preset.
            preset: self.preset.filter(|_| rest.is_some()),
            storage_provisioner: Attr::Known(class.provisioner),
            parameters: Some(rest.unwrap_or(parameters)).filter(|parameters| !parameters.is_empty()),
            // What the server has when nobody has said anything.
            reclaim_policy: class.reclaim_policy.unwrap_or_else(|| "Delete".to_owned()),
            volume_binding_mode: class.volume_binding_mode.unwrap_or_else(|| "Immediate".to_owned()),
            allow_volume_expansion: class.allow_volume_expansion.unwrap_or(false),
            mount_options: class.mount_options.filter(|options| !options.is_empty()),
            ..self
        })
    }

    /// The state of a class that was found.
    pub(super) fn imported(live: &LiveObject) -> Result<Self, Diagnostics> {
        let unsaid = StorageClassModel {
            kubernetes: None,
            name: live.key().name.clone(),
            preset: None,
            storage_provisioner: Attr::Null,
            parameters: None,
            reclaim_policy: String::new(),
            volume_binding_mode: String::new(),
            allow_volume_expansion: false,
            default: false,
            mount_options: None,
            timeouts: Timeouts::default(),
        };
        unsaid.refreshed(live)
    }
}

/// What the provisioner is told in all.
pub(super) fn told(
    preset: Option<&str>,
    parameters: Option<&BTreeMap<String, String>>,
) -> Option<BTreeMap<String, String>> {
    match preset.and_then(Preset::named) {
        Some(preset) => Some(preset.with(parameters)),
        None => parameters.cloned(),
    }
}

/// What names the class of this name.
pub(super) fn key(name: &str) -> ObjectKey {
    ObjectKey::cluster::<StorageClass>(name)
}

/// The mark on classes. It is the same for all, as each is one object, which has a name of its own.
pub(super) fn owner() -> OwnerId {
    #[expect(clippy::expect_used, reason = "the text is made of what labels may have")]
    OwnerId::new("storage-class").expect("a label's value")
}

/// Whether claims that name no class get this one.
pub(super) fn is_default(live: &LiveObject) -> bool {
    let annotations = live.json().pointer("/metadata/annotations");
    DEFAULT_ANNOTATIONS.iter().any(|name| {
        let value = annotations.and_then(|annotations| annotations.get(name));
        value.and_then(|value| value.as_str()) == Some("true")
    })
}

fn defect(error: impl std::error::Error) -> Diagnostics {
    Diagnostic::bug(format!("The storage class cannot be understood: {error}.")).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn live(changes: &Value) -> LiveObject {
        let mut class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast", "uid": "u"},
            "provisioner": "csi.vsphere.vmware.com",
        });
        for (name, value) in changes.as_object().expect("an object") {
            class[name] = value.clone();
        }
        LiveObject::from_json(class).expect("a storage class")
    }

    #[test]
    fn a_class_that_says_nothing_does_what_the_server_does_by_itself() {
        let class = StorageClassModel::imported(&live(&json!({ "parameters": {}, "mountOptions": [] })))
            .expect("it is understood");
        assert_eq!(class.reclaim_policy, "Delete");
        assert_eq!(class.volume_binding_mode, "Immediate");
        assert!(!class.allow_volume_expansion && !class.default);
        assert_eq!((class.parameters, class.mount_options), (None, None));
    }

    #[test]
    fn what_is_applied_is_what_is_read() {
        let class = StorageClassModel {
            parameters: Some(BTreeMap::from([("storagepolicyname".to_owned(), "gold".to_owned())])),
            reclaim_policy: "Retain".to_owned(),
            volume_binding_mode: "WaitForFirstConsumer".to_owned(),
            allow_volume_expansion: true,
            default: true,
            mount_options: Some(vec!["noatime".to_owned()]),
            ..StorageClassModel::imported(&live(&json!({}))).expect("it is understood")
        };
        let set = class.set().expect("it can be made");
        let object = set.objects().next().expect("one object");
        let read = StorageClassModel::imported(&LiveObject::from_json(object.json().clone()).expect("a class"))
            .expect("it is understood");
        assert_eq!(read.set().expect("it can be made"), set);
    }

    #[test]
    fn a_preset_is_told_to_the_provisioner_and_found_again() {
        let class = StorageClassModel {
            preset: Some("eks-gp3".to_owned()),
            storage_provisioner: Attr::Known("ebs.csi.aws.com".to_owned()),
            parameters: Some(BTreeMap::from([("iops".to_owned(), "6000".to_owned())])),
            ..StorageClassModel::imported(&live(&json!({}))).expect("it is understood")
        };
        let set = class.set().expect("it can be made");
        let object = set.objects().next().expect("one object").json().clone();
        assert_eq!(object["parameters"]["type"], "gp3");
        assert_eq!(object["parameters"]["encrypted"], "true");
        let mut other = object.clone();
        let read = |object: Value| {
            let live = LiveObject::from_json(object).expect("a class");
            class.clone().refreshed(&live).expect("it is understood")
        };
        let same = read(object);
        assert_eq!((&same.preset, &same.parameters), (&class.preset, &class.parameters));
        other["parameters"]["type"] = json!("gp2");
        assert_eq!(read(other).preset, None, "somebody has made it otherwise");
    }

    #[test]
    fn the_annotation_of_the_first_versions_makes_a_default_class_as_well() {
        let annotated =
            |name: &str, value: &str| live(&json!({ "metadata": { "name": "fast", "annotations": { name: value } } }));
        for name in DEFAULT_ANNOTATIONS {
            assert!(is_default(&annotated(name, "true")), "{name}");
            assert!(!is_default(&annotated(name, "false")), "{name}");
        }
    }
}
