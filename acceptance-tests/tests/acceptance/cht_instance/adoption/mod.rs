//! Instances that the official Helm charts made: imported, shown in the plan as what they are, taken over with their data,
//! upgraded, destroyed.

mod chart;
mod pods;
mod refusals;

use std::collections::BTreeMap;

use acceptance_tests::tofu::Plan;
use serde_json::json;

use self::chart::{COUCH_SECRET, Chart, Data, Ingress, PASSWORD, RELEASE, UUID};
use super::upgrade::{database, image};
use crate::support::{
    ADDRESS, CLAIM, DEPLOYMENT, INGRESS, Kind, NAMESPACE, SECRET, Scene, VOLUME, done, eventually, kubernetes,
};

/// The resource, with all that the values of a chart decide.
const FROM_VALUES: &str = r#"
locals { chart = provider::cht::values(file("values.yaml")) }
resource "cht_instance" "test" {
  namespace        = local.chart.namespace
  create_namespace = false
  cht_version      = local.chart.cht_version
  host             = local.chart.host
  image            = local.chart.image
  builds_url       = local.chart.builds_url
  couchdb          = local.chart.couchdb
  api              = local.chart.api
  sentinel         = local.chart.sentinel
  healthcheck      = local.chart.healthcheck
  upgrade_service  = local.chart.upgrade_service
  ingress          = INGRESS
  probes           = local.chart.probes
  MORE
}
"#;

const FROM_CHART: &str = "local.chart.ingress";
const IN_LAB: &str = "merge(local.chart.ingress, { class = \"lab\" })";

/// The values that all have.
fn values(chart: &Chart<'_>, more: &str) -> String {
    let Chart { namespace, version, .. } = chart;
    let credentials = format!("password: {PASSWORD}, secret: {COUCH_SECRET}, uuid: {UUID}");
    format!(
        "project_name: {RELEASE}\nnamespace: {namespace}\ncht_image_tag: {version}\nchtversion: {version}\n\
         upstream_servers: {{docker_registry: public.ecr.aws/medic}}\ncouchdb: {{{credentials}, COUCHDB}}\n{more}\n"
    )
}

/// Writes the values, and the configuration that follows from them.
async fn configure(scene: &Scene, values: &str, ingress: &str, more: &str) {
    let provider = format!("provider \"cht\" {{\n  kubernetes = {}\n}}\n", kubernetes().await);
    let resource = FROM_VALUES.replace("INGRESS", ingress).replace("MORE", more);
    scene.write(&(provider + &resource));
    scene
        .workspace
        .write("values.yaml", values)
        .expect("the file is written");
}

fn import_block(scene: &Scene) {
    let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{}\"\n}}\n", scene.namespace);
    scene.workspace.write("import.tf", &block).expect("the file is written");
}

/// The plan of an import, once the imported instance serves.
async fn plan_of_import(scene: &Scene, version: &str) -> Plan {
    eventually("the chart's instance to serve", async || {
        let plan = scene.plan().await;
        let live = plan.change(ADDRESS).map(|change| change.before["live_version"].clone());
        if live == Some(json!(version)) {
            Ok(plan)
        } else {
            Err(format!("{live:?}"))
        }
    })
    .await
}

/// The attributes that a plan changes, but for those that every update looks at anew.
fn changed(plan: &Plan) -> Vec<String> {
    let change = plan.change(ADDRESS).expect("it is planned");
    assert_eq!(change.actions, ["update"]);
    let before = change.before.as_object().expect("attributes");
    let differs = |name: &&String| change.after[name.as_str()] != before[name.as_str()];
    let expected = ["ready", "live_version", "ingress_address"];
    let names = before
        .keys()
        .filter(differs)
        .filter(|name| !expected.contains(&name.as_str()));
    names.cloned().collect()
}

/// What the plan says that the apply will do.
fn drift(plan: &Plan) -> Vec<String> {
    let change = plan.change(ADDRESS).expect("it is planned");
    serde_json::from_value(change.before["drift"].clone()).expect("lines")
}

/// Lines of the drift beside the marks, the record, and the checksums by which pods notice changed credentials.
fn beyond_marks(plan: &Plan) -> Vec<String> {
    let is_mark = |line: &String| {
        line.ends_with("is not marked as part of this instance")
            || line.ends_with("/terraform-provider-cht is not there")
            || line.contains("template.metadata.annotations")
    };
    drift(plan).into_iter().filter(|line| !is_mark(line)).collect()
}

/// What tells the data volumes, and the Deployments, from others of the same names.
async fn identities(scene: &Scene, kinds: &[&Kind]) -> BTreeMap<String, String> {
    let mut identities = BTreeMap::new();
    for kind in kinds {
        let list = scene
            .api(kind)
            .list(&Default::default())
            .await
            .expect("the API server answers");
        for object in list.items {
            let of_volume = object.data.pointer("/spec/claimRef/namespace").cloned();
            let is_own = object.metadata.namespace.as_deref() == Some(scene.namespace.as_str())
                || of_volume == Some(json!(scene.namespace));
            if is_own {
                let name = object.metadata.name.unwrap_or_default();
                identities.insert(
                    format!("{} {name}", kind.name()),
                    object.metadata.uid.unwrap_or_default(),
                );
            }
        }
    }
    identities
}

/// Helm's memory is for its user to delete.
async fn helm_still_knows(scene: &Scene) {
    let memory = format!("sh.helm.release.v1.{RELEASE}.v1");
    assert!(scene.object(&SECRET, &memory).await.is_some());
}

fn warns(plan: &Plan, summary: &str, text: &str) {
    let warnings: Vec<_> = plan.diagnostics().iter().filter(|one| one.summary == summary).collect();
    let flat = |detail: &str| detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        warnings.iter().any(|one| flat(&one.detail).contains(text)),
        "{warnings:#?}"
    );
}

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

    let before = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    let couchdb = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    scene.apply().await;
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    let taken = scene.object(&DEPLOYMENT, "cht-couchdb").await.expect("it is there");
    assert_eq!(taken.data["spec"], couchdb.data["spec"], "CouchDB was not started anew");
    scene.is_settled().await;
    helm_still_knows(&scene).await;

    let newer = values.replace("5.3.0", "5.3.1");
    configure(&scene, &newer, IN_LAB, "").await;
    scene.apply().await;
    assert!(image(&scene, "cht-couchdb").await.ends_with(":5.3.1"));
    let database = database(&scene).await;
    assert_eq!(
        (database.installed.as_deref(), database.cold_starts),
        (Some("5.3.1"), 0),
        "it was staged"
    );
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    scene.is_settled().await;
    is_imported_from_its_record(&scene, &newer).await;

    configure(&scene, &newer, IN_LAB, "deletion_protection = false").await;
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
    let other = Scene::new(&scene.namespace).await;
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
    let volume = scene
        .object(&VOLUME, "couchdb-pv-from-chart-4")
        .await
        .expect("it is made");
    assert_eq!(volume.data["spec"]["hostPath"]["path"], chart::DIRECTORY);
    assert_eq!(volume.data["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    scene.is_settled().await;
    let before = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;

    let newer = values.replace("4.22.0", "5.3.1");
    let keeps = "merge(local.chart.ingress, { class = \"lab\", tls = { secret_name = \"api-tls-secret\" } })";
    let couchdb = "merge(local.chart.couchdb, { storage_size = \"100Mi\", nodes = [NODE] })".replace(
        "NODE",
        "{ node_name = \"lab-node-0\", storage = { host_path = \"/var/lib/couchdb1\" } }",
    );
    let newer = newer.replace("user: medic", "user: medic, couchdb_node_storage_size: 100Mi");
    configure(&scene, &newer, keeps, "deletion_protection = false").await;
    let text = std::fs::read_to_string(scene.workspace.directory().join("main.tf")).expect("the file is read");
    scene.write(&text.replace("= local.chart.couchdb", &format!("= {couchdb}")));
    scene.apply().await;
    let upgraded = database(&scene).await;
    assert_eq!(
        (upgraded.installed.as_deref(), upgraded.cold_starts),
        (Some("5.3.1"), 0)
    );
    let mut after = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
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

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_of_chart_5_is_imported_by_the_command_with_its_volumes() {
    let scene = Scene::new("from-cluster").await;
    let chart = Chart {
        namespace: "from-cluster",
        version: "5.3.0",
        nodes: 3,
        data: Data::Class("lab"),
        ingress: Ingress::Bare,
    };
    chart.install(&scene).await;
    let more = "cluster_type: k3s-k3d\ningress: {host: from-cluster.health.example}";
    let couchdb = "clusteredCouchEnabled: true, couchdb_node_storage_size: 1Gi, storage_class: lab";
    let values = values(&chart, more).replace("COUCHDB", couchdb);
    let protection = "deletion_protection = false\nretain_volumes = false";
    configure(&scene, &values, IN_LAB, protection).await;
    let outcome = done("import", scene.workspace.import(ADDRESS, "from-cluster").await);
    assert!(
        outcome
            .warnings()
            .any(|one| one.summary == "Helm still knows the release")
    );
    let plan = plan_of_import(&scene, "5.3.0").await;
    assert_eq!(
        changed(&plan),
        ["deletion_protection", "drift", "host", "retain_volumes", "url"]
    );
    let spread =
        |number| format!("Deployment from-cluster/cht-couchdb-{number} spec.template.spec.affinity: is not set");
    assert_eq!(beyond_marks(&plan), [1, 2, 3].map(spread));
    let before = identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await;
    assert_eq!(
        before
            .keys()
            .filter(|name| name.starts_with("PersistentVolumeClaim"))
            .count(),
        3
    );
    scene.apply().await;
    assert_eq!(identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await, before);
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(
        identities(&scene, &[&CLAIM, &VOLUME, &DEPLOYMENT]).await,
        BTreeMap::new()
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_disk_of_aws_and_its_load_balancer_are_read_back_and_the_volume_is_left_as_it_is() {
    let scene = Scene::new("from-eks").await;
    let chart = Chart {
        namespace: "from-eks",
        version: "5.3.0",
        nodes: 1,
        data: Data::Ebs("vol-0a1b2c3d4e5f60718"),
        ingress: Ingress::Alb,
    };
    chart.install(&scene).await;
    let more = "cluster_type: eks\n\
                ingress: {host: from-eks.health.example, annotations: {groupname: shared, tags: 'Environment=prod,Team=ops', \
                certificate: 'arn:aws:iam::720541322708:server-certificate/prod'}}\n\
                couchdb_data: {preExistingDataAvailable: true, partition: '0'}\n\
                ebs: {preExistingEBSVolumeID-1: vol-0a1b2c3d4e5f60718, preExistingEBSVolumeSize: 1Gi}";
    let values = values(&chart, more).replace("COUCHDB", "couchdb_node_storage_size: 1Gi");
    configure(&scene, &values, FROM_CHART, "").await;
    import_block(&scene);
    let plan = plan_of_import(&scene, "5.3.0").await;
    assert_eq!(changed(&plan), ["drift"], "the values say the same as the cluster");
    let annotation = |name: &str| {
        format!("Ingress from-eks/api-ingress metadata.annotations[\"alb.ingress.kubernetes.io/{name}\"]: is not set")
    };
    assert_eq!(
        beyond_marks(&plan),
        ["healthcheck-path", "load-balancer-attributes"].map(annotation)
    );
    let volume = scene.object(&VOLUME, "couchdb-pv-from-eks").await.expect("it is there");
    scene.apply().await;
    let kept = scene.object(&VOLUME, "couchdb-pv-from-eks").await.expect("it is there");
    assert_eq!(
        (kept.metadata.uid, &kept.data["spec"]["csi"]),
        (volume.metadata.uid, &volume.data["spec"]["csi"])
    );
    let ingress = scene.object(&INGRESS, "api-ingress").await.expect("it is there");
    assert_eq!(ingress.data["spec"]["ingressClassName"], "alb");
    scene.is_settled().await;
}
