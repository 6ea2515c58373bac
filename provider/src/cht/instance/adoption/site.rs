//! What is in a namespace, whoever made it: is it an instance of CHT that can be adopted?

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use serde::de::DeserializeOwned;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::pods;
use crate::cht::instance::objects::secret;
use crate::kubernetes::{Access, Found, Kind, ObjectKey};

/// The API's Deployment.
pub(super) const API: &str = "cht-api";

const KINDS: [Kind; 4] = [
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<PersistentVolumeClaim>(),
    Kind::namespaced::<Deployment>(),
    Kind::namespaced::<Ingress>(),
];

/// An instance that is complete enough to be adopted.
pub(super) struct Site<'a> {
    pub(super) access: &'a Access,
    pub(super) namespace: &'a str,
    /// All that was found, the instance's or not.
    pub(super) objects: Found,
    /// CouchDB's Deployments: one, or those of a cluster by their numbers.
    pub(super) couchdb: Vec<Deployment>,
}

impl<'a> Site<'a> {
    /// Looks at a namespace.
    ///
    /// # Errors
    /// There is no instance, or more than one, or not all of one.
    pub(super) async fn survey(access: &'a Access, namespace: &'a str) -> Result<Site<'a>, Diagnostics> {
        let objects = access.cluster.read_all(&KINDS, namespace).await;
        let objects = objects.map_err(access.explain("Unable to read the CHT instance"))?;
        let couchdb = couchdb(&objects, namespace)?;
        let site = Site {
            access,
            namespace,
            objects,
            couchdb,
        };
        let missing = site.missing();
        if missing.is_empty() {
            Ok(site)
        } else {
            Err(incomplete(namespace, &missing))
        }
    }

    /// A Deployment of the namespace.
    pub(super) fn deployment(&self, name: &str) -> Option<Deployment> {
        typed(
            &self.objects,
            &ObjectKey::namespaced::<Deployment>(self.namespace, name),
        )
    }

    /// A claim of the namespace.
    pub(super) fn claim(&self, name: &str) -> Option<PersistentVolumeClaim> {
        let key = ObjectKey::namespaced::<PersistentVolumeClaim>(self.namespace, name);
        typed(&self.objects, &key)
    }

    /// The official ingress.
    pub(super) fn ingress(&self, name: &str) -> Option<Ingress> {
        typed(&self.objects, &ObjectKey::namespaced::<Ingress>(self.namespace, name))
    }

    /// One value of CouchDB's credentials.
    pub(super) fn credential(&self, name: &str) -> Option<String> {
        let key = ObjectKey::namespaced::<Secret>(self.namespace, secret::NAME);
        self.objects.get(&key)?.data_text(name)
    }

    /// What an instance cannot do without, in words.
    fn missing(&self) -> Vec<String> {
        let deployment = |name: &str| ObjectKey::namespaced::<Deployment>(self.namespace, name);
        let mut keys = vec![
            ObjectKey::namespaced::<Secret>(self.namespace, secret::NAME),
            deployment(API),
        ];
        for node in &self.couchdb {
            keys.push(deployment(node.metadata.name.as_deref().unwrap_or_default()));
            let claims = pods::claims(node).map(|name| {
                let name = name.to_owned();
                ObjectKey::namespaced::<PersistentVolumeClaim>(self.namespace, &name)
            });
            keys.extend(claims);
        }
        let mut missing: Vec<String> = keys.iter().filter_map(|key| absence(&self.objects, key)).collect();
        let values = [secret::PASSWORD, secret::SECRET, secret::USER, secret::UUID];
        if missing.is_empty() {
            let absent = values.iter().filter(|name| self.credential(name).is_none());
            missing.extend(absent.map(|name| format!("`{name}` in the Secret {}", secret::NAME)));
        }
        missing
    }
}

/// CouchDB's Deployments, if they are those of one instance.
fn couchdb(objects: &Found, namespace: &str) -> Result<Vec<Deployment>, Diagnostics> {
    let key = |name: &str| ObjectKey::namespaced::<Deployment>(namespace, name);
    let single: Option<Deployment> = typed(objects, &key("cht-couchdb"));
    let mut numbered: Vec<usize> = deployments(objects)
        .filter_map(|name| name.strip_prefix("cht-couchdb-")?.parse().ok())
        .collect();
    numbered.sort_unstable();
    match (single, numbered.last()) {
        (None, None) => Err(nothing(objects, namespace)),
        (Some(_), Some(last)) => Err(Diagnostics::error(
            "Two CHT instances in one namespace",
            format!(
                "The namespace {namespace} holds a single CouchDB, `cht-couchdb`, and nodes of a cluster, such as \
                 `cht-couchdb-{last}`. Which of the two has the data cannot be told from here. Find out, delete the \
                 Deployment of the other one, and import again."
            ),
        )),
        (Some(single), None) => Ok(vec![single]),
        (None, Some(last)) => {
            let nodes: Vec<Option<Deployment>> = (1..=*last)
                .map(|number| typed(objects, &key(&format!("cht-couchdb-{number}"))))
                .collect();
            let told = nodes.iter().flatten().find_map(pods::node_count).unwrap_or(*last);
            let absent = (1..=told.max(*last)).filter(|number| !numbered.contains(number));
            let missing: Vec<String> = absent
                .map(|number| key(&format!("cht-couchdb-{number}")).to_string())
                .collect();
            if missing.is_empty() && nodes.len() > 1 {
                Ok(nodes.into_iter().flatten().collect())
            } else {
                Err(incomplete(namespace, &missing))
            }
        }
    }
}

fn deployments(objects: &Found) -> impl Iterator<Item = &str> {
    let deployments = objects.objects().filter(|live| live.key().kind.kind == "Deployment");
    deployments.map(|live| live.key().name.as_str())
}

/// Says of an object that it is not there, or not for long.
fn absence(objects: &Found, key: &ObjectKey) -> Option<String> {
    match objects.get(key) {
        None => Some(key.to_string()),
        Some(live) if live.is_being_deleted() => Some(format!("{key}, which is being deleted")),
        Some(_) => None,
    }
}

fn typed<T: DeserializeOwned>(objects: &Found, key: &ObjectKey) -> Option<T> {
    serde_json::from_value(objects.get(key)?.json().clone()).ok()
}

/// There is no CouchDB: what is there instead?
fn nothing(objects: &Found, namespace: &str) -> Diagnostics {
    let is_cht_3 = |live: &&crate::kubernetes::LiveObject| live.json().to_string().contains("medic-os");
    let mut workloads = objects.objects().filter(|live| live.key().kind.kind == "Deployment");
    if workloads.any(|live| is_cht_3(&live)) {
        return unsupported("3");
    }
    let is_claim = |live: &crate::kubernetes::LiveObject| {
        let name = &live.key().name;
        live.key().kind.kind == "PersistentVolumeClaim" && name.starts_with("couchdb") && name.ends_with("claim0")
    };
    let is_part = |live: &crate::kubernetes::LiveObject| {
        live.key().name == secret::NAME || live.key().name.starts_with("cht-") || is_claim(live)
    };
    if objects.objects().any(is_part) {
        let couchdb = ObjectKey::namespaced::<Deployment>(namespace, "cht-couchdb");
        return incomplete(namespace, &[couchdb.to_string()]);
    }
    Diagnostics::error(
        "No CHT instance to import",
        format!(
            "The namespace `{namespace}` holds no CHT instance, neither one that this provider made nor one of the official \
             Helm chart. The id is the name of the namespace, such as `cht-kisumu`, in the cluster that the provider block \
             names."
        ),
    )
}

fn incomplete(namespace: &str, missing: &[String]) -> Diagnostics {
    Diagnostics::error(
        "CHT instance is incomplete",
        format!(
            "The namespace {namespace} holds parts of an instance of the official Helm chart, but not: {}.\n\nIf Helm still \
             has the release, let it make what is missing (`helm upgrade` with the values and the version of before), and \
             import again. If the release was uninstalled and only its volumes are left, make a new instance on them: with \
             `existing_data = true`, the claims in `couchdb.nodes`, and the credentials of before.",
            missing.join(", ")
        ),
    )
}

/// A release of CHT that cannot be adopted.
pub(super) fn unsupported(version: &str) -> Diagnostics {
    Diagnostic::error(
        "CHT version is not supported",
        format!(
            "The instance runs CHT {version}. This provider runs CHT 4 and later: migrate the data to CHT 4 as CHT's \
             documentation says, and import the instance then."
        ),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::LiveObject;

    fn deployment(name: &str, env: Value) -> LiveObject {
        let container = json!({"name": name, "image": format!("registry.example/{name}:5.3.0"), "env": env});
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "cht"},
            "spec": {"selector": {}, "template": {"spec": {"containers": [container]}}},
        });
        LiveObject::from_json(deployment).expect("a known kind")
    }

    fn found(names: &[&str]) -> Result<usize, String> {
        let env = json!([{"name": "NODE_COUNT", "value": "3"}]);
        let objects = names.iter().map(|name| deployment(name, env.clone())).collect();
        let nodes = couchdb(&objects, "cht").map_err(|refused| refused.to_string())?;
        Ok(nodes.len())
    }

    #[test]
    fn an_instance_is_recognized_by_the_names_of_its_couchdb() {
        assert_eq!(found(&["cht-couchdb", "cht-api", "cht-couchdb-nouveau"]), Ok(1));
        assert_eq!(found(&["cht-couchdb-3", "cht-couchdb-1", "cht-couchdb-2"]), Ok(3));
    }

    #[test]
    fn what_is_no_instance_or_two_or_half_of_one_is_told() {
        let refused = |names: &[&str]| found(names).expect_err("it is refused");
        assert!(refused(&["nginx"]).contains("No CHT instance to import"));
        assert!(refused(&["cht-couchdb", "cht-couchdb-1"]).contains("Two CHT instances"));
        let half = refused(&["cht-couchdb-1", "cht-couchdb-3"]);
        assert!(half.contains("but not: Deployment cht/cht-couchdb-2."), "{half}");
        let last = refused(&["cht-couchdb-1", "cht-couchdb-2"]);
        assert!(last.contains("cht-couchdb-3"), "its nodes were told of three: {last}");
        assert!(refused(&["cht-api"]).contains("incomplete"));
        assert!(refused(&["medic-os"]).contains("runs CHT 3"));
    }
}
