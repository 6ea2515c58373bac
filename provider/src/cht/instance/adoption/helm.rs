//! What Helm still knows of an instance that is adopted. As long as it remembers the release, somebody can upgrade it
//! beside Terraform, or uninstall it, with all data.

use k8s_openapi::api::core::v1::Secret;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Access, Found, Kind, LiveObject};

const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The type of the Secrets in which Helm remembers a release, one for each revision.
const MEMORY: &str = "helm.sh/release.v1";

/// A Helm release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    namespace: String,
    name: String,
}

impl Release {
    /// The release that an object says it is part of.
    pub(super) fn of(live: &LiveObject) -> Option<Release> {
        let annotations = live.json().pointer("/metadata/annotations")?;
        let annotation = |name: &str| annotations.get(name)?.as_str().map(str::to_owned);
        let own = || live.key().namespace.clone().unwrap_or_default();
        Some(Release {
            name: annotation(RELEASE_NAME)?,
            namespace: annotation(RELEASE_NAMESPACE).unwrap_or_else(own),
        })
    }

    /// The release in the words of `adopted_from`.
    pub(super) fn description(&self) -> String {
        format!("Helm release {}/{}", self.namespace, self.name)
    }
}

/// Warns if Helm remembers the release that an instance is adopted from.
pub(super) fn warn(cx: &Context<InstanceResource>, model: &InstanceModel, objects: &Found) {
    let adopted_from = model.adopted_from.known().map(String::as_str);
    if let Some(release) = remembered(objects, adopted_from.unwrap_or_default()) {
        cx.warn(remembers(&release));
    }
}

/// The same, at the time at which the instance is taken over.
pub(super) async fn warn_if_remembered(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
) -> Result<(), Diagnostics> {
    let kinds = [Kind::namespaced::<Secret>()];
    let secrets = access.cluster.read_all(&kinds, &model.namespace).await;
    let secrets = secrets.map_err(access.explain("Unable to read the CHT instance"))?;
    warn(cx, model, &secrets);
    Ok(())
}

/// The release of this description, if Helm remembers it. Others may live in the namespace as well.
fn remembered(objects: &Found, description: &str) -> Option<Release> {
    let secrets = objects.objects().filter(|live| live.key().kind.kind == "Secret");
    let memories = secrets.filter(|live| live.json().get("type").and_then(|kind| kind.as_str()) == Some(MEMORY));
    let mut releases = memories.filter_map(|live| {
        Some(Release {
            namespace: live.key().namespace.clone()?,
            name: live.label("name")?.to_owned(),
        })
    });
    releases.find(|release| release.description() == description)
}

fn remembers(release: &Release) -> Diagnostic {
    let Release { namespace, name } = release;
    Diagnostic::warning(
        "Helm still knows the release",
        format!(
            "The instance in {namespace} is the Helm release `{name}`. Do not run `helm upgrade`, `helm rollback` or `helm \
             uninstall` for it any more: the first two would undo what Terraform applies, and the last would delete the \
             instance with the claims of its volumes.\n\nOnce the first apply is through, let Helm forget the release. This \
             deletes its notes, and no object of the instance:\n\n  kubectl delete secret --namespace {namespace} --selector \
             owner=helm,name={name}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn secret(name: &str, kind: &str, metadata: Value) -> LiveObject {
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata});
        secret["metadata"]["name"] = json!(name);
        secret["metadata"]["namespace"] = json!("cht");
        LiveObject::from_json(secret).expect("a known kind")
    }

    #[test]
    fn of_the_releases_that_helm_remembers_only_the_own_one_counts() {
        let of = |name: &str| json!({"labels": {"name": name, "owner": "helm"}});
        let objects: Found = [
            secret("sh.helm.release.v1.county.v1", MEMORY, of("county")),
            secret("sh.helm.release.v1.county.v2", MEMORY, of("county")),
            secret("sh.helm.release.v1.monitoring.v1", MEMORY, of("monitoring")),
            secret("other", "Opaque", of("forgotten")),
        ]
        .into_iter()
        .collect();
        let county = remembered(&objects, "Helm release cht/county").expect("it is remembered");
        assert_eq!(county.name, "county");
        assert_eq!(remembered(&objects, "Helm release cht/forgotten"), None);
        assert_eq!(remembered(&objects, "manifests"), None);
    }

    #[test]
    fn an_object_names_its_release_and_a_namespace_if_it_is_another() {
        let of = |annotations: Value| Release::of(&secret("s", "Opaque", json!({"annotations": annotations})));
        let here = of(json!({RELEASE_NAME: "county"})).expect("a release");
        assert_eq!(here.description(), "Helm release cht/county");
        let elsewhere = of(json!({RELEASE_NAME: "county", RELEASE_NAMESPACE: "releases"})).expect("a release");
        assert_eq!(elsewhere.description(), "Helm release releases/county");
        assert_eq!(of(json!({})), None);
    }
}
