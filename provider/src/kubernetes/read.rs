//! Reads a set back: one list for each kind and namespace, selected by the owner's label.
//!
//! Objects are never read one by one, so a refresh costs as many calls as there are kinds, however many objects there
//! are. See
//! [chunked lists](https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).

mod live;

use k8s_openapi::{NamespaceResourceScope, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use self::live::{Found, LiveObject};
use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::{Kind, encode_segment};
use super::object::ObjectKey;
use super::ownership::{MANAGED_BY_LABEL, MANAGER, OWNER_LABEL, OwnerId};
use super::request::Call;

/// How many objects a page holds, as kubectl has it.
const PAGE: usize = 500;

/// How often a list starts over after its continue token expired.
const RESTARTS: usize = 3;

impl Cluster {
    /// Reads the objects of an owner: those of `kinds` in `namespaces`, and of the whole cluster for kinds that live in
    /// none. A namespace that is not there holds nothing, and neither does a kind that the server does not know.
    ///
    /// # Errors
    /// Listing a kind is forbidden (the error names the verb, resource and namespace), or the cluster does not answer.
    /// A partial result is never returned: what cannot be read must not look as if it were gone.
    pub async fn read(&self, owner: &OwnerId, kinds: &[Kind], namespaces: &[String]) -> Result<Found, Error> {
        let selector = format!("{MANAGED_BY_LABEL}={MANAGER},{OWNER_LABEL}={}", owner.as_str());
        let query = format!("labelSelector={}", encode_segment(&selector));
        let mut lists = Vec::new();
        for kind in kinds {
            if kind.namespaced {
                lists.extend(
                    namespaces
                        .iter()
                        .map(|namespace| self.list(*kind, Some(namespace), &query)),
                );
            } else {
                lists.push(self.list(*kind, None, &query));
            }
        }
        all_of(in_parallel(lists).await)
    }

    /// Reads one object, whoever made it; none if it is not there.
    ///
    /// # Errors
    /// Reading it is forbidden, or the cluster does not answer.
    pub async fn find_object(&self, key: &ObjectKey) -> Result<Option<LiveObject>, Error> {
        self.get(key).await?.map(LiveObject::from_json).transpose()
    }

    /// Lists a kind, page by page; `query` selects by label or field, or is empty for all.
    pub(super) async fn list(&self, kind: Kind, namespace: Option<&str>, query: &str) -> Result<Vec<Value>, Error> {
        let mut restarts = 0;
        loop {
            match self.list_from_start(kind, namespace, query).await {
                Err(Error::Expired { .. }) if restarts < RESTARTS => restarts += 1,
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(_) if !self.serves(kind).await? => return Ok(Vec::new()),
                result => return result,
            }
        }
    }

    /// Lists a kind of a namespace as typed values.
    pub(super) async fn list_typed<K>(&self, namespace: &str, query: &str) -> Result<Vec<K>, Error>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned,
    {
        let kind = Kind::namespaced::<K>();
        let call = Call {
            verb: "list",
            resource: kind.resource().into(),
            namespace: Some(namespace.into()),
            name: None,
        };
        let items = self.list(kind, Some(namespace), query).await?;
        let typed: Result<_, _> = items.into_iter().map(serde_json::from_value).collect();
        typed.map_err(|source| Error::Decode { call, source })
    }

    async fn list_from_start(&self, kind: Kind, namespace: Option<&str>, query: &str) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        let mut token = String::new();
        loop {
            let mut query = format!("limit={PAGE}&{query}");
            if !token.is_empty() {
                query.push_str("&continue=");
                query.push_str(&encode_segment(&token));
            }
            let mut page = self.list_page(kind, namespace, &query).await?;
            if let Some(Value::Array(of_page)) = page.get_mut("items").map(Value::take) {
                items.extend(of_page.into_iter().map(|item| with_type(item, kind)));
            }
            token = page
                .pointer("/metadata/continue")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if token.is_empty() {
                return Ok(items);
            }
        }
    }
}

/// The objects of several lists, if all could be read.
pub(super) fn all_of(lists: Vec<Result<Vec<Value>, Error>>) -> Result<Found, Error> {
    let (mut items, mut errors) = (Vec::new(), Vec::new());
    for list in lists {
        match list {
            Ok(list) => items.extend(list),
            Err(error) => errors.push(error),
        }
    }
    match Error::from_many(errors) {
        Some(error) => Err(error),
        None => items.into_iter().map(LiveObject::from_json).collect(),
    }
}

/// Items of a list come without their kind.
fn with_type(mut item: Value, kind: Kind) -> Value {
    if let Some(fields) = item.as_object_mut() {
        fields.insert("apiVersion".to_owned(), json!(kind.api_version()));
        fields.insert("kind".to_owned(), json!(kind.kind));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Exchange, cluster};
    use super::*;
    use k8s_openapi::api::core::v1::{Namespace, Secret, Service};

    const SELECTOR: &str = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dterraform-provider-cht%2C\
                            cht.terraform.io%2Fowner%3Done";

    fn item(name: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "cht"}})
    }

    fn page(names: &[&str], token: &str) -> Value {
        json!({"metadata": {"continue": token}, "items": names.iter().map(|name| item(name)).collect::<Vec<_>>()})
    }

    async fn read(cluster: &Cluster, kinds: &[Kind]) -> Result<Found, Error> {
        cluster
            .read(&OwnerId::new("one").unwrap(), kinds, &["cht".to_owned()])
            .await
    }

    fn names(found: &Found) -> Vec<String> {
        found.objects().map(|object| object.key().to_string()).collect()
    }

    #[tokio::test]
    async fn each_kind_is_listed_once_by_label_in_its_scope() {
        let namespaces = json!({"items": [{"metadata": {"name": "cht"}}]});
        let (cluster, server) = cluster(vec![
            Exchange::get(&format!("/api/v1/namespaces?limit=500&{SELECTOR}")).answer(200, namespaces),
            Exchange::get(&format!("/api/v1/namespaces/cht/secrets?limit=500&{SELECTOR}"))
                .answer(200, page(&["s"], "")),
        ]);
        let found = read(&cluster, &[Kind::cluster::<Namespace>(), Kind::namespaced::<Secret>()])
            .await
            .unwrap();
        assert_eq!(names(&found), ["Namespace cht", "Secret cht/s"]);
        server.finished().await;
    }

    #[tokio::test]
    async fn pages_are_followed_and_an_expired_list_starts_over() {
        let list = "/api/v1/namespaces/cht/services?limit=500";
        let (cluster, server) = cluster(vec![
            Exchange::get(list).answer(200, page(&["a"], "next/1")),
            Exchange::get("&continue=next%2F1").answer(410, json!({"kind": "Status", "reason": "Expired"})),
            Exchange::get(list).answer(200, page(&["a"], "next/2")),
            Exchange::get("&continue=next%2F2").answer(200, page(&["b"], "")),
        ]);
        let found = read(&cluster, &[Kind::namespaced::<Service>()]).await.unwrap();
        assert_eq!(names(&found), ["Service cht/a", "Service cht/b"]);
        server.finished().await;
    }

    #[tokio::test]
    async fn list_that_a_proxy_does_not_find_is_an_error() {
        let page = json!("404 page not found");
        let (cluster, server) = cluster(vec![Exchange::get("/services?").answer(404, page)]);
        let error = read(&cluster, &[Kind::namespaced::<Service>()]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "unexpected answer, which is not that of a Kubernetes API server: list services in namespace \"cht\": \
             \"404 page not found\""
        );
        server.finished().await;
    }

    #[tokio::test]
    async fn kind_without_a_definition_has_no_objects_and_one_with_it_has_to_be_read() {
        let listed = || Exchange::get("/volumesnapshotclasses?").answer(404, json!("404 page not found"));
        let definition = || Exchange::get("/customresourcedefinitions/volumesnapshotclasses.snapshot.storage.k8s.io");
        let missing = json!({"kind": "Status", "message": "not found", "reason": "NotFound"});
        let (cluster, server) = cluster(vec![
            listed(),
            definition().answer(404, missing),
            listed(),
            definition().answer(200, json!({"kind": "CustomResourceDefinition"})),
        ]);
        assert!(read(&cluster, &[Kind::SNAPSHOT_CLASS]).await.unwrap().is_empty());
        assert!(read(&cluster, &[Kind::SNAPSHOT_CLASS]).await.is_err());
        server.finished().await;
    }

    #[tokio::test]
    async fn answer_of_a_proxy_that_is_no_list_is_no_empty_list() {
        for answer in [json!({"status": "ok"}), json!({"items": "none"}), json!([])] {
            let (cluster, server) = cluster(vec![Exchange::get("/services?").answer(200, answer)]);
            let error = read(&cluster, &[Kind::namespaced::<Service>()]).await.unwrap_err();
            assert!(error.is_of_another_server(), "{error}");
            server.finished().await;
        }
    }

    #[tokio::test]
    async fn list_without_items_is_empty() {
        let (cluster, server) = cluster(vec![Exchange::get("/services?").answer(200, json!({"items": null}))]);
        let found = read(&cluster, &[Kind::namespaced::<Service>()]).await.unwrap();
        assert!(found.is_empty());
        server.finished().await;
    }

    #[tokio::test]
    async fn forbidden_kind_is_an_error_that_names_it_and_unknown_kind_is_empty() {
        let (cluster, server) = cluster(vec![
            Exchange::get("/services?").answer(404, json!({"kind": "Status", "message": "no such resource"})),
            Exchange::get("/secrets?").answer(403, json!({"kind": "Status", "message": "User \"x\" cannot list"})),
        ]);
        assert!(
            read(&cluster, &[Kind::namespaced::<Service>()])
                .await
                .unwrap()
                .is_empty()
        );
        let error = read(&cluster, &[Kind::namespaced::<Secret>()]).await.unwrap_err();
        assert!(error.is_forbidden());
        assert!(
            error
                .to_string()
                .starts_with("not allowed to list secrets in namespace \"cht\""),
            "{error}"
        );
        server.finished().await;
    }
}
