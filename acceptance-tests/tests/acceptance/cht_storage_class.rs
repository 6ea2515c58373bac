//! `cht_storage_class`: the six steps, classes of others, and a class whose creation was killed.

use serde_json::{Value, json};

use acceptance_tests::cluster::{Cluster, ClusterOptions};
use acceptance_tests::vcenter::{Fault, Options, Template, VCenter};

use crate::support::{NODE, STORAGE_CLASS, Scene, blames, done, failure, kubernetes, kubernetes_at};
use crate::vsphere::provider_block;

const ADDRESS: &str = "cht_storage_class.test";
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// The configuration of a class, as text; `rest` is what differs.
async fn class(name: &str, rest: &str) -> String {
    class_in(&kubernetes().await, name, rest)
}

/// The same in the cluster at the end of this way.
fn class_in(way: &str, name: &str, rest: &str) -> String {
    format!(
        "resource \"cht_storage_class\" \"test\" {{
           kubernetes  = {way}
           name        = {name:?}
           storage_provisioner = \"csi.vsphere.vmware.com\"
           {rest}
         }}"
    )
}

async fn live(scene: &Scene) -> Option<Value> {
    let object = scene.object(&STORAGE_CLASS, &scene.namespace).await?;
    Some(serde_json::to_value(object).expect("an object"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_class_is_made_changed_replaced_repaired_imported_and_destroyed() {
    let scene = Scene::new("class-steps").await;
    scene.write(&class("class-steps", "").await);
    scene.apply().await;
    let made = live(&scene).await.expect("it is there");
    assert_eq!(made["reclaimPolicy"], "Retain");
    assert_eq!(made["volumeBindingMode"], "WaitForFirstConsumer");
    assert_eq!(made["allowVolumeExpansion"], true);
    scene.is_settled().await;

    let changed = "allow_volume_expansion = false\nmount_options = [\"noatime\"]";
    scene.write(&class("class-steps", changed).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let updated = live(&scene).await.expect("it is there");
    assert_eq!(updated["mountOptions"], json!(["noatime"]));
    assert_eq!(
        updated["metadata"]["uid"], made["metadata"]["uid"],
        "it is the same one"
    );
    scene.is_settled().await;

    let all = "parameters = { storagepolicyname = \"gold\" }
               reclaim_policy = \"Delete\"
               volume_binding_mode = \"Immediate\"
               mount_options = [\"noatime\"]";
    scene.write(&class("class-steps", all).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    let replaced = live(&scene).await.expect("it is there");
    assert_eq!(replaced["parameters"], json!({ "storagepolicyname": "gold" }));
    assert_ne!(replaced["metadata"]["uid"], made["metadata"]["uid"]);
    scene.is_settled().await;

    drift_is_shown_and_repaired(&scene).await;
    for by in ["id = \"class-steps\"", "identity = { name = \"class-steps\" }"] {
        let other = scene.elsewhere().await;
        let way = format!("provider \"cht\" {{ kubernetes = {} }}", kubernetes().await);
        let import = format!("import {{\n  to = {ADDRESS}\n  {by}\n}}");
        let own = class("class-steps", all).await;
        let own = own.replace(&format!("kubernetes  = {}", kubernetes().await), "");
        other.write(&[way, import, own].join("\n"));
        let plan = other.plan().await;
        assert_eq!(plan.actions(ADDRESS), ["no-op"], "it is imported as it is");
    }
    scene.destroy().await;
    assert!(live(&scene).await.is_none());
}

async fn drift_is_shown_and_repaired(scene: &Scene) {
    let by_others = json!({
        "allowVolumeExpansion": false,
        "mountOptions": ["ro"],
    });
    scene.patch(&STORAGE_CLASS, "class-steps", by_others).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let before = &plan.change(ADDRESS).expect("a change").before;
    assert_eq!(before["mount_options"], json!(["ro"]));
    scene.apply().await;
    scene.is_settled().await;
    let repaired = live(scene).await.expect("it is there");
    assert_eq!(repaired["mountOptions"], json!(["noatime"]));

    scene.delete(&STORAGE_CLASS, "class-steps").await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_default_class_is_for_claims_that_name_none() {
    // Not in the cluster of all tests: their claims name none.
    let cluster = Cluster::start(ClusterOptions::default()).await.expect("a cluster");
    let mut scene = Scene::new("class-default").await;
    scene.client = cluster.client().expect("a client");
    let way = kubernetes_at(&cluster.host(), cluster.ca_pem(), cluster.admin_token());
    scene.write(&class_in(&way, "class-default", "default = true"));
    scene.apply().await;
    scene.is_settled().await;
    let annotation = |class: &Value| class["metadata"]["annotations"][IS_DEFAULT].clone();
    assert_eq!(annotation(&live(&scene).await.expect("it is there")), "true");

    let by_others = json!({ "metadata": { "annotations": { IS_DEFAULT: "false" } } });
    scene.patch(&STORAGE_CLASS, "class-default", by_others).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(plan.change(ADDRESS).expect("a change").before["default"], false);
    scene.apply().await;
    assert_eq!(annotation(&live(&scene).await.expect("it is there")), "true");
    scene.write(&class_in(&way, "class-default", ""));
    scene.apply().await;
    assert_ne!(annotation(&live(&scene).await.expect("it is there")), "true");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_class_of_somebody_else_is_refused_and_can_be_imported() {
    let scene = Scene::new("class-theirs").await;
    let theirs = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": "class-theirs" },
        "provisioner": "csi.vsphere.vmware.com", "reclaimPolicy": "Retain", "mountOptions": ["noatime"],
        "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
    });
    let theirs = serde_json::from_value(theirs).expect("an object");
    let api = scene.api(&STORAGE_CLASS);
    api.create(&Default::default(), &theirs).await.expect("it is made");
    scene.write(&class("class-theirs", "").await);
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Unable to create the storage class",
        "StorageClass class-theirs exists already",
        "name",
    );

    let way = format!("provider \"cht\" {{ kubernetes = {} }}\n", kubernetes().await);
    let own = class("class-theirs", "").await;
    let own = own.replace(&format!("kubernetes  = {}", kubernetes().await), "");
    scene.write(&format!("{way}{own}"));
    done("import", scene.workspace.import(ADDRESS, "class-theirs").await);
    assert_eq!(
        scene.plan().await.actions(ADDRESS),
        ["update"],
        "their mount options go"
    );
    scene.apply().await;
    assert!(live(&scene).await.expect("it is there")["mountOptions"].is_null());
    scene.is_settled().await;
    scene.destroy().await;
    assert!(live(&scene).await.is_none(), "what was imported is destroyed");

    let missing = failure("import", scene.workspace.import(ADDRESS, "class-theirs").await);
    assert_eq!(missing.summary, "No storage class to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_the_server_would_refuse_is_refused_in_the_plan() {
    let scene = Scene::new("class-invalid").await;
    scene.write(&class("class-invalid", "parameters = { \"\" = \"x\" }").await);
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Cluster refuses the plan", "{refused:#?}");
    assert!(live(&scene).await.is_none());

    scene.write(&class("class-invalid", "reclaim_policy = \"Recycle\"").await);
    let refused = scene.plan_fails().await;
    blames(&refused, &refused.summary, "Recycle", "reclaim_policy");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_storage_policy_that_the_vcenter_does_not_have_is_refused_in_the_plan() {
    let vcenter = VCenter::start(&Options::default()).await.expect("the vCenter starts");
    let scene = Scene::new("class-policy").await;
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let write = async |password: &str, policy: &str| {
        let provider = provider_block(&vcenter, vcenter.user(), password, &trust);
        let named = format!("parameters = {{ StoragePolicyName = {policy:?} }}");
        scene.write(&format!("{provider}{}", class("class-policy", &named).await));
    };
    let asked = async || {
        let methods = vcenter.methods().await.expect("the vCenter answers");
        vcenter.forget_requests().await.expect("the vCenter answers");
        methods.into_iter().filter(|method| method.starts_with("Pbm")).count()
    };
    write(vcenter.password(), "gold").await;
    let refused = scene.plan_fails().await;
    let there = "has no storage policy `gold`, so no volume of the class could be made. The policies that its user may see are: \
                 Host-local PMem Default Storage Policy, VM Encryption Policy, VVol No Requirements Policy, vSAN Default Storage \
                 Policy.";
    blames(&refused, "Storage policy not found", there, "StoragePolicyName");
    assert_eq!(asked().await, 3);

    // What nobody tells is in nobody's way.
    let denied = Fault::thrown("NoPermission").with(json!({ "privilegeId": "StorageProfile.View" }));
    let denials = [
        ("PbmQueryProfile", denied),
        ("PbmRetrieveServiceContent", Fault::thrown("NotAuthenticated")),
        ("PbmRetrieveContent", Fault::cut().times(20)),
    ];
    for (method, fault) in denials {
        vcenter.fault(method, fault).await.expect("there is such a fault");
        let plan = scene.plan().await;
        assert_eq!(plan.actions(ADDRESS), ["create"], "{method}");
        assert_eq!(plan.outcome.warnings().count(), 0, "{method}");
        assert!(
            vcenter.clear_faults().await.expect("the vCenter answers") > 0,
            "{method}"
        );
    }
    write("wrong", "gold").await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);

    write(vcenter.password(), "vSAN Default Storage Policy").await;
    scene.apply().await;
    asked().await;
    scene.is_settled().await;
    assert_eq!(asked().await, 0, "a class that is there is not asked for");
    write(vcenter.password(), "gold").await;
    assert_eq!(
        scene.plan_fails().await.summary,
        "Storage policy not found",
        "it is replaced"
    );
    assert_eq!(
        vcenter.sessions().await.expect("the vCenter answers").len(),
        0,
        "all are given back"
    );
    write(vcenter.password(), "vSAN Default Storage Policy").await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_datastore_that_the_vcenter_does_not_have_is_refused_in_the_plan() {
    let vcenter = VCenter::start(&Options::default()).await.expect("the vCenter starts");
    let scene = Scene::new("class-datastore").await;
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let provider = provider_block(&vcenter, vcenter.user(), vcenter.password(), &trust);
    let named = async |url: &str| {
        let named = format!("parameters = {{ datastoreurl = {url} }}");
        class("class-datastore", &named).await
    };
    let data = "data \"cht_vsphere_datastore\" \"test\" {\n  name = \"LocalDS_1\"\n}\n";
    let right = format!("{provider}{data}{}", named("data.cht_vsphere_datastore.test.url").await);
    scene.write(&format!("{provider}{}", named("\"ds:///vmfs/volumes/none/\"").await));
    let refused = scene.plan_fails().await;
    for words in [
        "has no datastore with the URL `ds:///vmfs/volumes/none/`",
        "(LocalDS_0), `",
    ] {
        blames(&refused, "Datastore not found", words, "datastoreurl");
    }
    // What nobody tells is in nobody's way.
    let denied = Fault::thrown("NoPermission").with(json!({ "privilegeId": "System.View" }));
    vcenter
        .fault("CreateContainerView", denied)
        .await
        .expect("there is such a fault");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    assert_eq!(vcenter.clear_faults().await.expect("the vCenter answers"), 1);

    scene.write(&right);
    scene.apply().await;
    scene.is_settled().await;
    scene.write(&format!("{provider}{}", named("\"ds:///vmfs/volumes/none/\"").await));
    assert_eq!(
        scene.plan_fails().await.summary,
        "Datastore not found",
        "it is replaced"
    );
    scene.write(&right);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_whose_hosts_do_not_reach_the_datastore_are_named_in_the_plan() {
    let _turn = crate::support::turn_with_nodes().await;
    let by_hand = Options {
        templates: vec![Template {
            machine: true,
            ..Template::new("class-reach")
        }],
        ..Options::default()
    };
    let vcenter = VCenter::start(&by_hand).await.expect("the vCenter starts");
    let machine = vcenter.machine("class-reach").await.expect("the machine is there");
    let scene = Scene::new("class-reach").await;
    scene
        .add_node("class-reach", &format!("vsphere://{}", machine.uuid))
        .await;
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let provider = provider_block(&vcenter, vcenter.user(), vcenter.password(), &trust);
    let data = "data \"cht_vsphere_datastore\" \"test\" {\n  name = \"LocalDS_1\"\n}\n";
    let named = class(
        "class-reach",
        "parameters = { datastoreurl = data.cht_vsphere_datastore.test.url }",
    );
    scene.write(&format!("{provider}{data}{}", named.await));
    let summary = "Datastore out of reach of nodes";
    let plan = scene.plan().await;
    assert!(plan.outcome.warnings().all(|warning| warning.summary != summary));
    for host in ["DC0_C0_H0", "DC0_C0_H1", "DC0_C0_H2"] {
        let lost = vcenter.lose_datastore(host, "LocalDS_1").await;
        lost.expect("it has the datastore until now");
    }
    let warned = scene.plan_warns(summary).await;
    blames(&warned, summary, ": class-reach. Pods", "datastoreurl");
    scene.delete(&NODE, "class-reach").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_killed_creation_left_is_taken_into_the_state() {
    let scene = Scene::new("class-killed").await;
    scene.write(&class("class-killed", "").await);
    scene.apply().await;
    let made = live(&scene).await.expect("it is there");
    let other = scene.elsewhere().await;
    other.write(&class("class-killed", "").await);
    let outcome = done("apply", other.workspace.apply().await);
    let warning = outcome.warnings().next().expect("a warning");
    assert_eq!(warning.summary, "Storage class exists already");
    let taken = live(&other).await.expect("it is there");
    assert_eq!(taken["metadata"]["uid"], made["metadata"]["uid"]);
    other.is_settled().await;
    other.destroy().await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"], "it is gone");
}
