//! Whose an object is: the marks that we leave, and what is done about an object that is there already.
//!
//! Two labels mark everything that is made here: `app.kubernetes.io/managed-by` names this provider, and
//! `cht.terraform.io/owner` names the resource, by an id that follows from its identity. A killed apply leaves no
//! state, but it leaves the marks, so the next one goes on where it stopped; an object without them is somebody else's
//! and is not touched.

use std::fmt;

use serde_json::Value;

use super::error::Error;
use super::object::{Adopt, ObjectKey};
use super::read::LiveObject;

/// The label that names the tool which manages an object.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// The label that names the resource which an object belongs to.
pub const OWNER_LABEL: &str = "cht.terraform.io/owner";
/// Our value of [`MANAGED_BY_LABEL`], and our field manager.
pub const MANAGER: &str = "terraform-provider-cht";

/// What names one resource's objects in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerId(String);

impl OwnerId {
    /// Takes an id that can be a label's value.
    ///
    /// # Errors
    /// It is empty, longer than 63 characters, or has characters that labels may not have.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        let at_the_ends = |text: &str, test: fn(&u8) -> bool| {
            text.as_bytes().first().is_some_and(test) && text.as_bytes().last().is_some_and(test)
        };
        let well_formed = at_the_ends(&id, u8::is_ascii_alphanumeric)
            && id.len() <= 63
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if well_formed {
            Ok(Self(id))
        } else {
            Err(Error::InvalidOwner(id))
        }
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an object carries this owner's marks.
    pub fn owns(&self, live: &LiveObject) -> bool {
        matches!(Owner::of(live), Owner::Set(owner) if owner == self.0)
    }

    /// Says why an object that is there may not be applied to, if so.
    pub(super) fn refusal(&self, live: &LiveObject, adopt: Adopt) -> Option<Taken> {
        let owner = Owner::of(live);
        let allowed = match (&owner, adopt) {
            (_, Adopt::Always) => true,
            (Owner::Set(_), Adopt::IfOwnedBefore) => true,
            (Owner::Set(owner), Adopt::Never) => *owner == self.0,
            (Owner::Foreign(_), Adopt::Never | Adopt::IfOwnedBefore) => false,
        };
        (!allowed).then(|| Taken {
            object: live.key().clone(),
            owner,
        })
    }
}

/// Whom an object belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A resource of this provider, by its id.
    Set(String),
    /// Somebody else: what is known of them, such as a Helm release or the names of field managers.
    Foreign(Vec<String>),
}

impl Owner {
    /// Reads the marks on an object.
    pub fn of(live: &LiveObject) -> Self {
        let label = |name| live.label(name);
        match (label(MANAGED_BY_LABEL), label(OWNER_LABEL)) {
            (Some(MANAGER), Some(owner)) => Self::Set(owner.to_owned()),
            (managed_by, _) => Self::Foreign(describe(live.json(), managed_by)),
        }
    }
}

/// An object that is there already and is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The object.
    pub object: ObjectKey,
    /// Whom it belongs to.
    pub owner: Owner,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Owner::Set(owner) => write!(
                f,
                "{} belongs to another resource of this provider ({owner})",
                self.object
            ),
            Owner::Foreign(signs) if signs.is_empty() => write!(f, "{} exists already", self.object),
            Owner::Foreign(signs) => write!(f, "{} exists already, made by {}", self.object, signs.join(", ")),
        }
    }
}

fn describe(json: &Value, managed_by: Option<&str>) -> Vec<String> {
    let annotation = |name: &str| json.pointer("/metadata/annotations")?.get(name)?.as_str();
    let mut signs = Vec::new();
    if let Some(release) = annotation("meta.helm.sh/release-name") {
        let namespace = annotation("meta.helm.sh/release-namespace").unwrap_or("default");
        signs.push(format!("the Helm release {namespace}/{release}"));
    } else if let Some(tool) = managed_by {
        signs.push(tool.to_owned());
    }
    let entries = json.pointer("/metadata/managedFields").and_then(Value::as_array);
    for entry in entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.get("subresource").is_none())
    {
        let manager = entry
            .get("manager")
            .and_then(Value::as_str)
            .map(|name| format!("field manager \"{name}\""));
        signs.extend(manager.filter(|name| !signs.contains(name)));
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(metadata: Value) -> LiveObject {
        let mut json = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}});
        json["metadata"]
            .as_object_mut()
            .unwrap()
            .extend(metadata.as_object().unwrap().clone());
        LiveObject::from_json(json).unwrap()
    }

    fn marked(owner: &str) -> LiveObject {
        live(json!({"labels": {MANAGED_BY_LABEL: MANAGER, OWNER_LABEL: owner}}))
    }

    #[test]
    fn only_own_marks_make_an_object_ours_unless_adoption_is_asked_for() {
        let us = OwnerId::new("one").unwrap();
        let foreign = live(json!({"labels": {OWNER_LABEL: "one"}}));
        for (object, adopt, allowed) in [
            (&marked("one"), Adopt::Never, true),
            (&marked("two"), Adopt::Never, false),
            (&marked("two"), Adopt::IfOwnedBefore, true),
            (&foreign, Adopt::Never, false),
            (&foreign, Adopt::IfOwnedBefore, false),
            (&foreign, Adopt::Always, true),
        ] {
            assert_eq!(
                us.refusal(object, adopt).is_none(),
                allowed,
                "{:?} {adopt:?}",
                object.json()
            );
        }
        assert!(us.owns(&marked("one")) && !us.owns(&marked("two")) && !us.owns(&foreign));
    }

    #[test]
    fn refusal_names_the_owner_the_release_and_the_managers() {
        let us = OwnerId::new("one").unwrap();
        let text = |object: &LiveObject| us.refusal(object, Adopt::Never).unwrap().to_string();
        assert_eq!(
            text(&marked("two")),
            "Secret n/s belongs to another resource of this provider (two)"
        );
        assert_eq!(text(&live(json!({}))), "Secret n/s exists already");
        let helm = live(json!({
            "labels": {MANAGED_BY_LABEL: "Helm"},
            "annotations": {"meta.helm.sh/release-name": "cht", "meta.helm.sh/release-namespace": "n"},
            "managedFields": [{"manager": "helm"}, {"manager": "kubectl-edit"}, {"manager": "helm"},
                              {"manager": "kube-controller-manager", "subresource": "status"}],
        }));
        assert_eq!(
            text(&helm),
            "Secret n/s exists already, made by the Helm release n/cht, field manager \"helm\", \
             field manager \"kubectl-edit\""
        );
    }

    #[test]
    fn owner_ids_are_label_values() {
        for id in ["6f1c0de4-9b0e-4c43-a3f0-1b8f7f6a2c55", "a", "a.b_c"] {
            assert!(OwnerId::new(id).is_ok(), "{id}");
        }
        for id in ["", "-a", "a-", "a b", "ä", &"a".repeat(64)] {
            assert!(OwnerId::new(id).is_err(), "{id}");
        }
    }
}
