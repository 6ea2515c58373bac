//! Object sets that are applied, tried and repaired, with a server that answers by a script.

use k8s_openapi::api::core::v1::Namespace;
use serde_json::json;

use super::super::ownership::Owner;
use super::super::testing::{Exchange, cluster};
use super::super::{Adopt, Drift, drift};
use super::*;

const APPLY: &str = "?fieldManager=terraform-provider-cht&force=false&fieldValidation=Strict";

fn config_map(name: &str) -> Object {
    let metadata = json!({"name": name, "namespace": "cht"});
    Object::from_json(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}}))
        .unwrap()
}

fn deployment() -> Object {
    Object::from_json(json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "cht"},
        "spec": {"template": {"spec": {"containers": [{"name": "api", "env": [{"name": "OURS", "value": "1"}]}]}}}}))
    .unwrap()
}

fn set(phases: Vec<Vec<Object>>) -> ObjectSet {
    ObjectSet::new(OwnerId::new("one").unwrap(), phases)
}

/// What the server answers for an object of the set.
fn as_live(set: &ObjectSet, name: &str) -> Value {
    let mut json = set
        .objects()
        .find(|object| object.key().name == name)
        .unwrap()
        .json()
        .clone();
    json["metadata"]["uid"] = json!("u");
    json
}

fn nothing() -> Value {
    json!({"kind": "Status", "reason": "NotFound", "message": "not found"})
}

fn namespace() -> Exchange {
    let json = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cht"}});
    Exchange::get("/api/v1/namespaces/cht").answer(200, json)
}

#[tokio::test]
async fn new_set_is_applied_in_phases_with_marks_and_without_force() {
    let namespace =
        Object::from_json(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cht"}})).unwrap();
    let set = set(vec![vec![namespace], vec![config_map("c")]]);
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/namespaces/cht").answer(404, nothing()),
        Exchange::get("/api/v1/namespaces/cht").answer(404, nothing()),
        Exchange::patch(&format!("/api/v1/namespaces/cht{APPLY}")).answer(201, as_live(&set, "cht")),
        Exchange::patch(&format!("/api/v1/namespaces/cht/configmaps/c{APPLY}")).answer(201, as_live(&set, "c")),
    ]);
    let found = cluster.apply(&set, Apply::Careful).await.unwrap();
    assert!(drift(&set, &found).is_empty());
    let labels = json!({"app.kubernetes.io/managed-by": "terraform-provider-cht", "cht.terraform.io/owner": "one"});
    assert_eq!(server.finished().await[3]["metadata"]["labels"], labels);
    assert_eq!((set.kinds().len(), set.namespaces()), (2, vec!["cht".to_owned()]));
}

#[tokio::test]
async fn what_was_found_to_be_ours_is_not_read_again() {
    let set = set(vec![vec![config_map("a"), config_map("b")]]);
    let found = |names: &[&str]| -> Found {
        let lives = names
            .iter()
            .map(|name| LiveObject::from_json(as_live(&set, name)).unwrap());
        lives.collect()
    };
    let foreign = config_map("b").json().clone();
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::get("/api/v1/namespaces/cht/configmaps/b").answer(200, foreign),
    ]);
    cluster.check_ownership(&set, &found(&["a", "b"])).await.unwrap();
    let error = cluster.check_ownership(&set, &found(&["a"])).await.unwrap_err();
    assert!(matches!(error, Error::Taken(taken) if taken.len() == 1));
    server.finished().await;
}

#[tokio::test]
async fn foreign_objects_are_all_named_before_anything_changes() {
    let set = set(vec![vec![
        config_map("a"),
        config_map("b"),
        config_map("c").adopting(Adopt::Always),
    ]]);
    let foreign = |name| config_map(name).json().clone();
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::get("/configmaps/a").answer(200, foreign("a")),
        Exchange::get("/configmaps/b").answer(200, foreign("b")),
        Exchange::get("/configmaps/c").answer(200, foreign("c")),
    ]);
    let error = cluster.apply(&set, Apply::Careful).await.unwrap_err();
    let Error::Taken(taken) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(
        taken.iter().map(|one| one.object.name.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(taken[0].owner, Owner::Foreign(vec![]));
    server.finished().await;
}

#[tokio::test]
async fn all_errors_of_a_phase_are_reported_and_the_next_phase_does_not_start() {
    let set = set(vec![vec![config_map("a"), config_map("b")], vec![config_map("c")]]);
    let invalid = json!({"kind": "Status", "reason": "Invalid", "message": "no good"});
    let conflict = json!({"kind": "Status", "reason": "Conflict", "details": {"causes": [
        {"reason": "FieldManagerConflict", "field": ".data.k", "message": "conflict with \"kubectl-edit\" using v1"}]}});
    let absent = |name: &str| Exchange::get(&format!("/configmaps/{name}")).answer(404, nothing());
    let (cluster, server) = cluster(vec![
        namespace(),
        absent("a"),
        absent("b"),
        absent("c"),
        Exchange::patch("/configmaps/a").answer(422, invalid),
        Exchange::patch("/configmaps/b").answer(409, conflict),
    ]);
    let error = cluster.apply(&set, Apply::Careful).await.unwrap_err();
    assert!(matches!(&error, Error::Several(errors) if errors.len() == 2));
    assert!(
        error.is_conflict() && error.to_string().contains(".data.k is owned by \"kubectl-edit\""),
        "{error}"
    );
    server.finished().await;
}

#[tokio::test]
async fn repair_forces_and_removes_what_others_added_even_if_the_list_moves_meanwhile() {
    let set = set(vec![vec![deployment()]]);
    let with_env = |env: Value, extra: &str| {
        let mut live = as_live(&set, "api");
        live["spec"]["template"]["spec"]["containers"][0]["env"] = env;
        let item = format!("k:{{\"name\":\"{extra}\"}}");
        live["metadata"]["managedFields"] = json!([{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:template":
            {"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": {"f:env": {item: {".": {}}}}}}}}}}]);
        live
    };
    let seen = with_env(json!([{"name": "OURS", "value": "1"}, {"name": "EXTRA"}]), "EXTRA");
    let moved = with_env(json!([{"name": "EXTRA"}, {"name": "OURS", "value": "1"}]), "EXTRA");
    let found = [LiveObject::from_json(seen.clone()).unwrap()].into_iter().collect();
    assert!(matches!(drift(&set, &found).as_slice(), [Drift::Field(one)] if one.desired.is_none()));

    let patch = "/deployments/api?fieldManager=terraform-provider-cht";
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::get("/deployments/api").answer(200, seen.clone()),
        Exchange::patch(&format!("{patch}&force=true")).answer(200, seen),
        Exchange::patch(patch).answer(
            422,
            json!({"kind": "Status", "reason": "Invalid", "message": "testing value"}),
        ),
        Exchange::get("/deployments/api").answer(200, moved),
        Exchange::patch(patch).answer(200, as_live(&set, "api")),
    ]);
    let found = cluster.apply(&set, Apply::Repair).await.unwrap();
    assert!(drift(&set, &found).is_empty());
    let bodies = server.finished().await;
    let at = |index| format!("/spec/template/spec/containers/0/env/{index}");
    assert_eq!(bodies[3][1], json!({"op": "remove", "path": at(1)}));
    assert_eq!(bodies[5][1], json!({"op": "remove", "path": at(0)}));
}

#[tokio::test]
async fn dry_run_reports_refusals_by_object_and_skips_absent_namespaces() {
    let mut elsewhere = config_map("d").json().clone();
    elsewhere["metadata"]["namespace"] = json!("later");
    let elsewhere = Object::from_json(elsewhere).unwrap();
    let set = set(vec![vec![config_map("a"), config_map("b")], vec![elsewhere]]);
    let forbidden = json!({"kind": "Status", "reason": "Forbidden", "message": "exceeded quota"});
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::get("/api/v1/namespaces/later").answer(404, nothing()),
        Exchange::patch(&format!("/configmaps/a{APPLY}&dryRun=All")).answer(200, as_live(&set, "a")),
        Exchange::patch(&format!("/configmaps/b{APPLY}&dryRun=All")).answer(403, forbidden),
    ]);
    let result = cluster.dry_run(&set, Apply::Careful).await.unwrap();
    assert_eq!(
        result.skipped.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["ConfigMap later/d"]
    );
    let [(key, error)] = result.rejected.as_slice() else {
        panic!("{result:?}")
    };
    assert!(key.name == "b" && error.is_forbidden() && error.to_string().ends_with("exceeded quota"));
    server.finished().await;
}

#[tokio::test]
async fn a_binding_may_come_with_the_role_that_a_dry_run_does_not_find() {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "b", "namespace": "cht"}});
    let set = set(vec![vec![Object::from_json(role).unwrap(), config_map("a")]]);
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::patch(&format!("/rolebindings/b{APPLY}&dryRun=All")).answer(404, nothing()),
        Exchange::patch(&format!("/configmaps/a{APPLY}&dryRun=All")).answer(404, nothing()),
    ]);
    let result = cluster.dry_run(&set, Apply::Careful).await.unwrap();
    let rejected: Vec<_> = result.rejected.iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(rejected, ["ConfigMap cht/a"], "nothing else is looked up by the server");
    server.finished().await;
}

#[tokio::test]
async fn dry_run_against_a_refusing_server_is_an_error_and_not_a_finding() {
    let set = set(vec![vec![config_map("a")]]);
    let (cluster, server) = cluster(vec![
        namespace(),
        Exchange::patch("/configmaps/a").answer(401, json!({"kind": "Status", "reason": "Unauthorized"})),
    ]);
    assert!(
        cluster
            .dry_run(&set, Apply::Careful)
            .await
            .unwrap_err()
            .is_unauthorized()
    );
    server.finished().await;
}

#[tokio::test]
async fn throttling_server_errors_and_broken_connections_are_tried_again() {
    let key = ObjectKey::cluster::<Namespace>("cht");
    let (cluster, server) = cluster(vec![
        Exchange::get("/namespaces/cht")
            .answer(429, json!({"kind": "Status"}))
            .header("retry-after", "0"),
        Exchange::get("/namespaces/cht").breaks(),
        Exchange::get("/namespaces/cht").answer(503, json!("proxy")),
        namespace(),
    ]);
    assert!(cluster.get(&key).await.unwrap().is_some());
    server.finished().await;
}

#[tokio::test]
async fn failing_for_good_is_reported_once() {
    let (cluster, server) = cluster(vec![Exchange::get("/cht").answer(401, json!({"kind": "Status"}))]);
    assert!(
        cluster
            .get(&ObjectKey::cluster::<Namespace>("cht"))
            .await
            .unwrap_err()
            .is_unauthorized()
    );
    server.finished().await;
}

#[tokio::test]
async fn probe_proves_the_credentials_and_names_the_user_once() {
    let version = || Exchange::get("/version").answer(200, json!({"gitVersion": "v1.36.3"}));
    let review = || Exchange::new(http::Method::POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews");
    let (cluster, server) = cluster(vec![
        version(),
        review().answer(401, json!({"kind": "Status"})),
        version(),
        review().answer(201, json!({"status": {"userInfo": {"username": "admin"}}})),
    ]);
    assert!(cluster.probe().await.unwrap_err().is_unauthorized());
    for asked in [&cluster, &cluster.clone()] {
        let probe = asked.probe().await.unwrap();
        assert_eq!(
            (probe.version.as_str(), probe.user.as_deref()),
            ("v1.36.3", Some("admin"))
        );
    }
    server.finished().await;
}

/// The framework runs operations on tasks of their own, so that all futures must be [`Send`]. That it compiles is the
/// proof.
#[tokio::test]
async fn operations_may_run_on_any_thread() {
    fn is_send<T: Send>(operation: T) -> T {
        operation
    }
    let (cluster, server) = cluster(vec![]);
    let set = set(vec![]);
    let owner = set.owner().clone();
    let spec = super::super::Kubernetes::default();
    let mut rollout = super::super::Rollout::new(
        cluster.clone(),
        vec![],
        std::time::Duration::ZERO,
        std::time::Duration::ZERO,
    );
    assert!(is_send(cluster.apply(&set, Apply::Repair)).await.unwrap().is_empty());
    assert!(
        is_send(cluster.dry_run(&set, Apply::Careful))
            .await
            .unwrap()
            .rejected
            .is_empty()
    );
    assert!(is_send(cluster.read(&owner, &[], &[])).await.unwrap().is_empty());
    assert!(
        is_send(cluster.delete(&owner, &Found::default()))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(is_send(cluster.probe_gone(&[])).await.unwrap().is_empty());
    assert!(is_send(rollout.probe()).await.is_ok());
    assert!(is_send(spec.connect()).await.is_err());
    drop(is_send(cluster.probe()));
    server.finished().await;
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted_counts_as_absent_and_says_what_holds_it_up() {
    let set = set(vec![vec![config_map("a")]]);
    let leaving = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "cht", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"conditions": [{"status": "True", "message": "pods. has 1"}]}});
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/namespaces/cht").answer(200, leaving.clone()),
        Exchange::get("/api/v1/namespaces/cht").answer(200, leaving),
    ]);
    let tried = cluster.dry_run(&set, Apply::Careful).await.unwrap();
    assert_eq!(tried.skipped.len(), 1, "the server would refuse it");
    let leaving = cluster.namespaces_being_deleted(&set).await.unwrap();
    assert_eq!(leaving[0].to_string(), "Namespace cht; pods. has 1");
    server.finished().await;
}

#[tokio::test]
async fn an_interruption_ends_a_call_that_gets_no_answer_and_leaves_open_whether_it_was_carried_out() {
    let (service, _silent) =
        tower_test::mock::pair::<http::Request<kube::client::Body>, http::Response<kube::client::Body>>();
    let cancellation = tokio_util::sync::CancellationToken::new();
    let client = kube::Client::new(service, "default");
    let cluster = Cluster::new(client, "https://test:6443").with_cancellation(cancellation.clone());
    let set = set(vec![vec![config_map("a")]]);
    let applying = cluster.apply_phase(&set.phases()[0], Apply::Careful);
    let (outcome, ()) = tokio::join!(applying, async { cancellation.cancel() });
    let error = outcome.unwrap_err();
    assert!(
        error.is_interrupted() && error.leaves_open() && !error.is_retryable(),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "interrupted while https://test:6443 was asked to patch configmaps \"a\" in namespace \"cht\""
    );
}
