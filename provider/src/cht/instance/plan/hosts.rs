//! Whether another ingress has the host of an instance.
//!
//! Two ingresses with one host take turns at best: phones of one instance would synchronize with another. The API
//! server lets that happen, so all ingresses of the cluster are asked, whoever made them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::api::networking::v1::{Ingress, IngressRule};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::InstanceModel;
use crate::kubernetes::{Access, Kind, Looked};

/// The hosts that instances of this run are about to take. None of them is in the cluster before all of them have been
/// planned.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Mutex<BTreeMap<(String, String), String>>);

impl Hosts {
    /// Takes a host in a cluster for an instance; if another one took it before, its namespace.
    fn claim(&self, cluster: &str, model: &InstanceModel) -> Option<String> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = hosts.entry((cluster.to_owned(), model.host.clone()));
        let namespace = claimed.or_insert_with(|| model.namespace.clone());
        (*namespace != model.namespace).then(|| namespace.clone())
    }
}

/// Checks that no other ingress has the host, if the instance does not have it already.
///
/// # Errors
/// Fails if another one has it, or the cluster does not answer. Where the credentials may not list the ingresses of the
/// whole cluster, nothing is checked.
pub(in crate::cht::instance) async fn check(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    let has_it = prior.is_some_and(|prior| prior.ingress.is_some() && prior.host == model.host);
    if model.ingress.is_none() || has_it {
        return Ok(());
    }
    if let Some(namespace) = cx.clients().hosts().claim(access.cluster.host(), model) {
        let holder = format!("Another instance of the same run, in the namespace `{namespace}`, takes the host");
        return Err(taken(&model.host, &holder));
    }
    let looked = access.cluster.look_at_all(Kind::namespaced::<Ingress>()).await;
    let looked = looked.map_err(access.explain("Unable to compare the host with others"))?;
    let Looked::Known(live) = looked else {
        tracing::warn!("hosts of other namespaces cannot be compared: listing all ingresses is not allowed");
        return Ok(());
    };
    // What is no ingress as this version of the API has them cannot be judged.
    let ingresses: Vec<Ingress> = live
        .iter()
        .filter_map(|live| serde_json::from_value(live.json().clone()).ok())
        .collect();
    // What is beside the instance in its own namespace is the user's, and serves the same instance.
    let replaces = cx.private()?.replaces;
    let own = [Some(model.namespace.as_str()), replaces.as_deref()];
    match holder(&ingresses, &model.host, &own) {
        Some(holder) => Err(taken(&model.host, &described(holder))),
        None => Ok(()),
    }
}

/// The ingress in another namespace that takes all requests for the host, if there is one.
fn holder<'a>(ingresses: &'a [Ingress], host: &str, own: &[Option<&str>]) -> Option<&'a Ingress> {
    let serves = |rule: &IngressRule| rule.host.as_deref() == Some(host) && takes_everything(rule);
    ingresses.iter().find(|ingress| {
        let rules = ingress.spec.as_ref().and_then(|spec| spec.rules.as_deref());
        !own.contains(&ingress.metadata.namespace.as_deref()) && rules.unwrap_or_default().iter().any(serves)
    })
}

/// Whether a rule leaves nothing of its host to others. A path below, such as that of a monitoring tool, is no
/// conflict.
fn takes_everything(rule: &IngressRule) -> bool {
    rule.http.as_ref().is_none_or(|http| {
        let mut paths = http.paths.iter();
        paths.any(|path| matches!(path.path.as_deref(), None | Some("" | "/")) && path.path_type != "Exact")
    })
}

fn described(holder: &Ingress) -> String {
    let name = holder.metadata.name.as_deref().unwrap_or_default();
    let namespace = holder.metadata.namespace.as_deref().unwrap_or_default();
    format!("The ingress `{name}` in the namespace `{namespace}` has the host")
}

fn taken(host: &str, holder: &str) -> Diagnostics {
    Diagnostic::error(
        "Host belongs to another instance",
        format!(
            "{holder} {host} already, so requests would reach one of the two by chance. Choose another host. If the host is to \
             move here, apply the change of the other instance first."
        ),
    )
    .at(InstanceModel::HOST)
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::cht::instance::fixtures::{model, with};

    fn ingress(namespace: &str, host: Json, paths: Json) -> Ingress {
        serde_json::from_value(json!({
            "metadata": {"name": "api-ingress", "namespace": namespace},
            "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
        }))
        .expect("an ingress")
    }

    fn path(path: Json, path_type: &str) -> Json {
        json!([{"path": path, "pathType": path_type, "backend": {"service": {"name": "api", "port": {"number": 5988}}}}])
    }

    fn is_taken(ingress: &Ingress) -> bool {
        let own = [Some("cht-kisumu"), Some("cht-before")];
        holder(std::slice::from_ref(ingress), "kisumu.example", &own).is_some()
    }

    #[test]
    fn a_host_is_taken_by_whoever_serves_all_of_it_in_another_namespace() {
        let everything = || path(json!("/"), "Prefix");
        assert!(is_taken(&ingress("cht-siaya", json!("kisumu.example"), everything())));
        assert!(is_taken(&ingress(
            "cht-siaya",
            json!("kisumu.example"),
            path(Json::Null, "ImplementationSpecific")
        )));
        assert!(!is_taken(&ingress("cht-siaya", json!("siaya.example"), everything())));
        assert!(!is_taken(&ingress("cht-siaya", Json::Null, everything())));
    }

    #[test]
    fn a_path_below_the_host_is_no_conflict() {
        for (below, path_type) in [("/monitoring", "Prefix"), ("/", "Exact")] {
            let other = ingress("monitoring", json!("kisumu.example"), path(json!(below), path_type));
            assert!(!is_taken(&other), "{below}");
        }
    }

    #[test]
    fn an_instance_shares_its_host_with_its_namespace_and_takes_over_that_of_the_one_it_replaces() {
        for namespace in ["cht-kisumu", "cht-before"] {
            let own = ingress(namespace, json!("kisumu.example"), path(json!("/"), "Prefix"));
            assert!(!is_taken(&own), "{namespace}");
        }
    }

    #[test]
    fn a_host_is_taken_once_in_a_run_and_cluster() {
        let hosts = Hosts::default();
        let one = model(&with(json!({"namespace": "cht-one"})));
        let other = model(&with(json!({"namespace": "cht-other"})));
        for (cluster, instance, expected) in [
            ("https://a", &one, None),
            ("https://a", &one, None),
            ("https://a", &other, Some("cht-one".to_owned())),
            ("https://b", &other, None),
        ] {
            assert_eq!(hosts.claim(cluster, instance), expected);
        }
    }

    #[test]
    fn the_host_that_is_refused_is_named_with_who_has_it() {
        let other = ingress("cht-siaya", json!("kisumu.example"), path(json!("/"), "Prefix"));
        let error = taken("kisumu.example", &described(&other)).to_string();
        assert!(error.contains("namespace `cht-siaya`"), "{error}");
    }
}
