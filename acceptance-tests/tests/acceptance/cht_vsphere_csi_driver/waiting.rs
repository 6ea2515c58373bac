//! Nodes on which the driver never registers: what an apply says of the cause.

use super::{
    CSI_NODE, DAEMON_SET, Options, PASSWORD, PLACE, Scene, USER, VCenter, blames, configuration, eventually, grants,
    is_control_plane, login, provider_block, way,
};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_apply_says_what_keeps_nodes_without_the_driver() {
    let _turn = crate::support::turn_with_nodes().await;
    let mut scene = Scene::new("csi-waiting").await;
    PLACE.clone_into(&mut scene.namespace);
    let vcenter = VCenter::start(&Options::default()).await.expect("the vCenter starts");
    vcenter.add_user(USER, PASSWORD).await.expect("a user");
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let block = provider_block(&vcenter, vcenter.user(), vcenter.password(), &trust);
    let roles = [
        ("read-only", "datacenter", "/DC0"),
        ("cns-search-and-spbm", "root", ""),
        ("cns-datastore", "datastore", "/DC0/datastore/LocalDS_0"),
    ];
    let administrator = scene.elsewhere().await;
    administrator.write(&(block.clone() + &grants(USER, &roles)));
    administrator.apply().await;
    is_control_plane(&scene, json!("true")).await;
    let node = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": { "name": "csi-2" }, "spec": { "drivers": [] },
    });
    let node = serde_json::from_value(node).expect("an object");
    let made = scene.api(&CSI_NODE).create(&Default::default(), &node).await;
    made.expect("it is made");
    scene.write(&configuration(
        &vcenter,
        &way().await,
        &login(PASSWORD, 1, "DC0"),
        "timeouts = { create = \"40s\" }",
    ));

    let error = scene.apply_fails().await;
    assert_eq!(error.summary, "Nodes without the vSphere CSI driver", "{error:#?}");
    assert!(error.detail.contains("do not have the driver: csi-2."), "{error:#?}");

    // Somebody takes a role from the user when all is installed.
    scene.destroy().await;
    let meanwhile = async {
        let rolled_out = async || match scene.object(&DAEMON_SET, "vsphere-csi-node").await {
            Some(set) if set.data["status"]["numberReady"].as_u64() >= Some(1) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually("the pods to run", rolled_out).await;
        administrator.write(&(block + &grants(USER, &roles[..2])));
        administrator.apply().await;
    };
    let (error, ()) = tokio::join!(scene.apply_fails(), meanwhile);
    blames(&error, "Missing privileges", "`Datastore.FileManagement`", "user");
    scene.destroy().await;
    scene.delete(&CSI_NODE, "csi-2").await;
    is_control_plane(&scene, Value::Null).await;
}
