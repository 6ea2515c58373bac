//! What each of the charts made, from the values to the end: imported, marked, upgraded, imported again, destroyed.

use super::chart::{self, Chart, Data, Ingress};
use super::{
    IN_LAB, beyond_marks, changed, configure, drift, helm_still_knows, identities, import_block, plan_of_import,
    values, warns,
};
use crate::cht_instance::upgrade::{database, image};
use crate::support::{ADDRESS, CLAIM, DEPLOYMENT, NAMESPACE, Scene, VOLUME, done};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_values_of_chart_5_describe_its_instance_and_the_first_apply_only_marks_it() {
    let scene = Scene::new("from-chart-5").await;
    let chart = Chart {
        namespace: "from-chart-5",
        version: "5.3.0",
        nodes: 1,
        data: Data::Class("lab"),
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: from-chart-5.health.example}";
    let values = values(&chart, more).replace("COUCHDB", "couchdb_node_storage_size: 1Gi, storage_class: lab");
    configure(&scene, &values, IN_LAB, "").await;
    import_block(&scene);
    let plan = plan_of_import(&scene, "5.3.0").await;
    // The chart forgot the host, which is where users reach the instance.
    assert_eq!(changed(&plan), ["drift", "host", "url"]);
    assert_eq!(beyond_marks(&plan), Vec::<String>::new());
    let lines = drift(&plan);
    for line in [
        "Deployment from-chart-5/cht-api is not marked as part of this instance",
        "PersistentVolumeClaim from-chart-5/couchdb-claim0 is not marked as part of this instance",
        "ConfigMap from-chart-5/terraform-provider-cht is not there",
        "Deployment from-chart-5/cht-api spec.template.metadata.annotations: is not set",
    ] {
        assert!(lines.contains(&line.to_owned()), "{lines:#?}");
    }
    warns(
        &plan,
        "Helm still knows the release",
        "--selector owner=helm,name=county",
    );
    assert_eq!(
        plan.change(ADDRESS).expect("it is planned").before["adopted_from"],
        "Helm release from-chart-5/county"
    );
    assert_eq!(
        scene.owned(&DEPLOYMENT).await,
        Vec::<String>::new(),
        "a plan changes nothing"
    );

    is_only_marked(&scene).await;
    is_upgraded_and_destroyed(&scene, &values).await;
}

/// Applies what the import planned.
async fn is_only_marked(scene: &Scene) {
    let before = identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    let couchdb = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    scene.apply().await;
    assert_eq!(identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    let taken = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    assert_eq!(taken.data["spec"], couchdb.data["spec"], "CouchDB was not started anew");
    scene.is_settled().await;
    helm_still_knows(scene).await;
}

/// Does with it what is done with any other instance.
async fn is_upgraded_and_destroyed(scene: &Scene, values: &str) {
    let before = identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    let newer = values.replace("5.3.0", "5.3.1");
    configure(scene, &newer, IN_LAB, "").await;
    scene.apply().await;
    assert!(image(scene, "cht-couchdb").await.ends_with(":5.3.1"));
    let database = database(scene).await;
    assert_eq!(
        (database.installed.as_deref(), database.cold_starts),
        (Some("5.3.1"), 0),
        "it was staged"
    );
    assert_eq!(identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    scene.is_settled().await;
    is_imported_from_its_record(scene, &newer).await;

    configure(scene, &newer, IN_LAB, "deletion_protection = false").await;
    scene.apply().await;
    scene.destroy().await;
    assert_eq!(scene.owned(&CLAIM).await, ["couchdb-claim0"], "volumes are retained");
    assert_eq!(scene.owned(&DEPLOYMENT).await, Vec::<String>::new());
    assert!(
        scene.object(&NAMESPACE, "from-chart-5").await.is_some(),
        "it is not the instance's"
    );
}

/// Once it is adopted, the instance is like any other, and remembers where it comes from.
async fn is_imported_from_its_record(scene: &Scene, values: &str) {
    let other = scene.elsewhere().await;
    configure(&other, values, IN_LAB, "").await;
    done("import", other.workspace.import(ADDRESS, &scene.namespace).await);
    assert_eq!(
        other.state().await["values"]["adopted_from"],
        scene.state().await["values"]["adopted_from"]
    );
    assert!(other.plan().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn chart_4_on_k3s_keeps_the_directory_that_every_instance_had_and_becomes_cht_5() {
    let scene = Scene::new("from-chart-4").await;
    let chart = Chart {
        namespace: "from-chart-4",
        version: "4.22.0",
        nodes: 1,
        data: Data::Directory,
        ingress: Ingress::Tls,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: from-chart-4.health.example}\n\
                nodes: {single_node_deploy: lab-node-0}";
    let values = values(&chart, more).replace("COUCHDB", "user: medic");
    configure(&scene, &values, IN_LAB, "").await;
    import_block(&scene);
    let plan = plan_of_import(&scene, "4.22.0").await;
    assert_eq!(changed(&plan), ["couchdb", "drift"]);
    let change = plan.change(ADDRESS).expect("it is planned");
    assert_eq!(
        change.before["couchdb"]["storage_size"], "0",
        "there is no claim that says one"
    );
    assert_eq!(change.before["couchdb"]["nodes"], change.after["couchdb"]["nodes"]);
    let lines = drift(&plan);
    for line in [
        "PersistentVolume couchdb-pv-from-chart-4 is not there",
        "PersistentVolumeClaim from-chart-4/couchdb-claim0 is not there",
        "Deployment from-chart-4/cht-couchdb spec.template.spec.volumes[name=couchdb-claim0].hostPath: is not configured",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line}: {lines:#?}");
    }
    warns(&plan, "Directory is not the instance's own", "It stays there");

    scene.apply().await;
    becomes_cht_5(&scene, &values).await;
}

/// Upgrades it with another configuration, written by hand, of the same.
async fn becomes_cht_5(scene: &Scene, values: &str) {
    let volume = scene
        .object(&VOLUME, "couchdb-pv-from-chart-4")
        .await
        .expect("it is made");
    assert_eq!(volume.data["spec"]["hostPath"]["path"], chart::DIRECTORY);
    assert_eq!(volume.data["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    scene.is_settled().await;
    let before = identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;

    let newer = values.replace("4.22.0", "5.3.1");
    let keeps = "merge(local.chart.ingress, { class = \"lab\", tls = { secret_name = \"api-tls-secret\" } })";
    let couchdb = "merge(local.chart.couchdb, { storage_size = \"100Mi\", nodes = [NODE] })".replace(
        "NODE",
        "{ node_name = \"lab-node-0\", storage = { host_path = \"/var/lib/couchdb1\" } }",
    );
    let newer = newer.replace("user: medic", "user: medic, couchdb_node_storage_size: 100Mi");
    configure(scene, &newer, keeps, "deletion_protection = false").await;
    let text = std::fs::read_to_string(scene.workspace.directory().join("main.tf")).expect("the file is read");
    scene.write(&text.replace("= local.chart.couchdb", &format!("= {couchdb}")));
    scene.apply().await;
    let upgraded = database(scene).await;
    assert_eq!(
        (upgraded.installed.as_deref(), upgraded.cold_starts),
        (Some("5.3.1"), 0)
    );
    let mut after = identities(scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    after.insert(
        "Deployment upgrade-service".to_owned(),
        before["Deployment upgrade-service"].clone(),
    );
    assert_eq!(after, before, "nothing but the upgrade service went");
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(scene.owned(&CLAIM).await, ["couchdb-claim0"]);
    assert!(scene.object(&VOLUME, "couchdb-pv-from-chart-4").await.is_some());
}
