//! What happens without a permission: one that is needed is named in an error, others only make the answers poorer.

use super::make_namespace;
use super::roles::{Account, Permission, permissions, role, without};
use crate::support::{ADDRESS, Instance, NAMESPACE, Scene, blames};

/// Permissions that only a deletion needs.
fn is_for_deletion((verb, _): &Permission) -> bool {
    verb == "delete"
}

/// Permissions for asking the application, which has to be there.
fn is_for_asking((_, resource): &Permission) -> bool {
    resource.starts_with("pods")
}

fn inside(scene: &Scene) -> Instance {
    Instance::new(&scene.namespace).with("create_namespace = false\ningress = { class = \"lab\" }")
}

/// The resource with its group, as errors name it.
fn named(resource: &str) -> String {
    match resource {
        "deployments" => "deployments.apps".to_owned(),
        "ingresses" => "ingresses.networking.k8s.io".to_owned(),
        core => core.to_owned(),
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn each_permission_that_a_creation_needs_is_named_by_the_plan_that_lacks_it() {
    let scene = Scene::new("lacking").await;
    make_namespace(&scene).await;
    let rules = role("cht-instance");
    let needed = permissions(&rules);
    let needed = needed.iter().filter(|one| !is_for_deletion(one) && !is_for_asking(one));
    let mut n_cases = 0;
    for permission in needed {
        let (verb, resource) = permission;
        n_cases += 1;
        let name = format!("lacks-{verb}-{resource}");
        let account = Account::with_rules(&name, without(&rules, permission)).await;
        scene.write(&inside(&scene).hcl(&account.way().await));
        let refused = scene.plan_fails().await;
        let detail = refused.detail.split_whitespace().collect::<Vec<_>>().join(" ");
        // It begins with a capital letter where it is the only one.
        let detail = detail.to_lowercase();
        // What is not there yet is made by a patch, for which the server wants both.
        let asked = if verb == "create" { "patch" } else { verb };
        let call = format!("not allowed to {asked} {}", named(resource));
        assert!(detail.contains(&call), "{permission:?}: {refused:#?}");
        let server = format!("cannot {verb} resource \"{resource}\"");
        assert!(detail.contains(&server), "{permission:?}: {refused:#?}");
        let place = [" in namespace \"lacking\"", " \"lacking\""];
        assert!(
            place.iter().any(|place| detail.contains(place)),
            "{permission:?}: {refused:#?}"
        );
    }
    assert!(n_cases > 20, "there are four permissions for each of six kinds");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn permissions_to_ask_and_to_delete_are_named_by_what_lacks_them_and_nothing_is_lost() {
    let scene = Scene::new("lacking-later").await;
    make_namespace(&scene).await;
    let rules = role("cht-instance");
    let all = Account::with_rules("lacks-nothing", rules.clone()).await;
    scene.write(&inside(&scene).hcl(&all.way().await));
    scene.apply().await;

    let permission = |verb: &str, resource: &str| (verb.to_owned(), resource.to_owned());
    for (lacking, words) in [
        (
            permission("list", "pods"),
            "not allowed to list pods in namespace \"lacking-later\"",
        ),
        (
            permission("create", "pods/portforward"),
            "not allowed to get and create pods/portforward in namespace \"lacking-later\"",
        ),
        (
            permission("get", "pods/portforward"),
            "not allowed to get and create pods/portforward in namespace \"lacking-later\"",
        ),
    ] {
        let name = format!("lacks-{}-{}", lacking.0, lacking.1.replace('/', "-"));
        let account = Account::with_rules(&name, without(&rules, &lacking)).await;
        scene.write(&inside(&scene).hcl(&account.way().await));
        // A refresh goes the way of the state; the apply is the first to go the new one.
        let refused = scene.apply_fails().await;
        blames(&refused, "Unable to ask the CHT instance", words, "kubernetes = ");
    }

    let permission = permission("delete", "secrets");
    let account = Account::with_rules("lacks-delete-secrets", without(&rules, &permission)).await;
    scene.write(&inside(&scene).hcl(&account.way().await));
    scene.apply().await;
    let refused = crate::support::failure("destroy", scene.workspace.destroy().await);
    blames(
        &refused,
        "Unable to delete the CHT instance",
        "Not allowed to delete secrets \"cht-couchdb-credentials\" in namespace \"lacking-later\"",
        "",
    );
    assert_eq!(scene.state().await["address"], ADDRESS, "what is left is not forgotten");
    scene.write(&inside(&scene).hcl(&all.way().await));
    scene.apply().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn without_lookups_a_host_that_others_have_is_not_noticed() {
    let scene = Scene::new("unaware-first").await;
    scene
        .configure(&scene.instance().with("ingress = { class = \"lab\" }"))
        .await;
    scene.apply().await;

    let other = Scene::new("unaware").await;
    make_namespace(&other).await;
    let account = Account::from_example("namespace.yaml", &other.namespace).await;
    let same_host = |way: &str| {
        let instance =
            Instance::new(&other.namespace).with("create_namespace = false\ningress = { class = \"nowhere\" }");
        instance.hcl(way).replace("unaware.health", "unaware-first.health")
    };
    other.write(&same_host(&account.way().await));
    let plan = other.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["create"]);
    assert!(plan.diagnostics().is_empty(), "{:?}", plan.diagnostics());

    let account = Account::with_roles("aware", &["cht-instance", "cht-lookups"]).await;
    other.write(&same_host(&account.way().await));
    let refused = other.plan_fails().await;
    assert_eq!(refused.summary, "Host belongs to another instance");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn without_a_look_at_the_neighbors_a_namespace_is_kept() {
    let scene = Scene::new("neighbors").await;
    let account = Account::with_roles("unneighborly", &["cht-instance", "cht-namespaces"]).await;
    scene.write(&scene.instance().hcl(&account.way().await));
    scene.apply().await;
    let destroyed = crate::support::done("destroy", scene.workspace.destroy().await);
    let warnings: Vec<&str> = destroyed.warnings().map(|warning| warning.summary.as_str()).collect();
    assert_eq!(warnings, ["Namespace was kept"]);
    assert!(scene.object(&NAMESPACE, "neighbors").await.is_some());
    scene.delete(&NAMESPACE, "neighbors").await;
}
