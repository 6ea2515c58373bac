//! What differs between versions, and between a single CouchDB node and a cluster: tables of the official charts'
//! facts.

use serde_json::{Value, json};

use super::{container, env, manifests, object, version};
use crate::cht::instance::spec::InstanceSpec;

/// The names of the objects of a kind, but for the common ones.
fn names(spec: &InstanceSpec, kind: &str) -> Vec<String> {
    const COMMON: [&str; 8] = [
        "cht-api",
        "cht-sentinel",
        "cht-haproxy",
        "api",
        "haproxy",
        "cht-haproxy-healthcheck",
        "healthcheck",
        "cht-couchdb-credentials",
    ];
    manifests(spec)
        .into_iter()
        .filter(|manifest| manifest.kind == kind && !COMMON.contains(&manifest.name.as_str()))
        .map(|manifest| manifest.name)
        .collect()
}

fn containers(spec: &InstanceSpec, deployment: &str) -> Vec<String> {
    let pod = object(spec, "Deployment", deployment)["spec"]["template"]["spec"].clone();
    let containers = pod["containers"].as_array().unwrap().clone();
    containers
        .iter()
        .map(|container| container["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn row_02_c13_each_version_has_its_objects_built_in() {
    let single = "cht-couchdb";
    let cluster = ["cht-couchdb-1", "cht-couchdb-2"];
    let nouveau = "cht-couchdb-nouveau";
    // Version, number of nodes, Deployments, Services, containers of the first and of the last node.
    type Row<'a> = (&'a str, usize, Vec<&'a str>, Vec<&'a str>, Vec<&'a str>, Vec<&'a str>);
    let table: [Row<'_>; 10] = [
        ("4.22.0", 1, vec![single], vec!["couchdb"], vec![single], vec![single]),
        (
            "4.22.0",
            2,
            cluster.to_vec(),
            vec!["couchdb-1", "couchdb-2"],
            vec!["cht-couchdb-1"],
            vec!["cht-couchdb-2"],
        ),
        (
            "5.0.0",
            1,
            vec![single, nouveau],
            vec!["couchdb", "nouveau"],
            vec![single],
            vec![single],
        ),
        (
            "5.0.0",
            2,
            [cluster.to_vec(), vec![nouveau]].concat(),
            vec!["couchdb-1", "couchdb-2", "nouveau"],
            vec!["cht-couchdb-1"],
            vec!["cht-couchdb-2"],
        ),
        (
            "5.0.1",
            1,
            vec![single],
            vec!["couchdb", "nouveau"],
            vec![single, nouveau],
            vec![single, nouveau],
        ),
        (
            "5.1.3",
            2,
            cluster.to_vec(),
            vec!["couchdb-1", "couchdb-2", "nouveau"],
            vec!["cht-couchdb-1", nouveau],
            vec!["cht-couchdb-2"],
        ),
        (
            "5.2.0",
            1,
            vec![single],
            vec!["couchdb", "nouveau"],
            vec![single, nouveau],
            vec![single, nouveau],
        ),
        (
            "5.2.0",
            2,
            cluster.to_vec(),
            vec!["couchdb-1", "couchdb-2", "nouveau"],
            vec!["cht-couchdb-1", nouveau],
            vec!["cht-couchdb-2"],
        ),
        (
            "5.3.1",
            1,
            vec![single],
            vec!["couchdb", "nouveau"],
            vec![single, nouveau],
            vec![single, nouveau],
        ),
        (
            "5.3.1",
            2,
            cluster.to_vec(),
            vec!["couchdb-1", "couchdb-2", "nouveau-1", "nouveau-2"],
            vec!["cht-couchdb-1", nouveau],
            vec!["cht-couchdb-2", nouveau],
        ),
    ];
    for (text, nodes, deployments, services, first, last) in table {
        let spec = version(text, nodes);
        assert_eq!(names(&spec, "Deployment"), deployments, "{text}, {nodes} nodes");
        assert_eq!(names(&spec, "Service"), services, "{text}, {nodes} nodes");
        let (first_name, last_name) = if nodes == 1 {
            (single, single)
        } else {
            (cluster[0], cluster[1])
        };
        assert_eq!(containers(&spec, first_name), first, "{text}, {nodes} nodes");
        assert_eq!(containers(&spec, last_name), last, "{text}, {nodes} nodes");
    }
}

#[test]
fn row_12_each_node_of_a_cluster_has_a_search_index_of_its_own_since_5_3() {
    for (text, nodes, service, selector) in [
        ("5.0.0", 1, "nouveau", "nouveau"),
        ("5.0.0", 3, "nouveau", "nouveau"),
        ("5.0.1", 1, "nouveau", "couchdb"),
        ("5.2.0", 3, "nouveau", "couchdb-1"),
        ("5.3.0", 1, "nouveau", "couchdb"),
        ("5.3.0", 3, "nouveau-3", "couchdb-3"),
    ] {
        let service = object(&version(text, nodes), "Service", service);
        assert_eq!(service["spec"]["selector"], json!({"cht.service": selector}), "{text}");
        assert_eq!(service["spec"]["ports"][0]["port"], 5987);
    }
}

#[test]
fn nodes_of_a_cluster_have_the_official_names_labels_and_ports() {
    for (text, has_cluster_port) in [("4.22.0", true), ("5.0.0", false), ("5.3.1", false)] {
        let spec = version(text, 3);
        let deployment = object(&spec, "Deployment", "cht-couchdb-2");
        assert_eq!(
            deployment["spec"]["selector"]["matchLabels"],
            json!({"cht.service": "couchdb-2"})
        );
        let main = container(&spec, "cht-couchdb-2", "cht-couchdb-2");
        assert_eq!(main["image"], format!("public.ecr.aws/medic/cht-couchdb:{text}"));
        let service = object(&spec, "Service", "couchdb-2");
        let ports = service["spec"]["ports"].as_array().unwrap().iter();
        let ports: Value = ports.map(|port| json!([port["name"], port["port"]])).collect();
        let mut expected = vec![
            json!(["couchdb2-service", 5984]),
            json!(["epmd", 4369]),
            json!(["erlang", 9100]),
        ];
        if has_cluster_port {
            expected.push(json!(["cluster-api", 5986]));
        }
        assert_eq!(ports, Value::from(expected), "{text}");
    }
}

#[test]
fn nodes_of_a_cluster_are_told_of_each_other() {
    let host = |service: &str| format!("{service}.cht-kisumu.svc.cluster.local");
    let spec = version("5.3.1", 3);
    let config = object(&spec, "ConfigMap", "couchdb-servers-configmap")["data"].clone();
    let hosts = ["couchdb-1", "couchdb-2", "couchdb-3"].map(host);
    assert_eq!(
        config,
        json!({
            "COUCHDB_SERVERS": hosts.join(","),
            "CLUSTER_PEER_IPS": hosts[1..].join(","),
            "COUCHDB_SYNC_ADMINS_NODE": hosts[0],
        })
    );
    let of_node = |spec: &InstanceSpec, number: usize| -> Vec<String> {
        let name = format!("cht-couchdb-{number}");
        let mut env = env(&container(spec, &name, &name));
        env.retain(|variable| !variable.contains("cht-couchdb-credentials"));
        env
    };
    let from_config = |name: &str| format!("{name}<couchdb-servers-configmap/{name}");
    let own = |number: usize| format!("SVC_NAME={}", host(&format!("couchdb-{number}")));
    let level = "COUCHDB_LOG_LEVEL=info".to_owned();
    let count = "NODE_COUNT=3".to_owned();
    let nouveau = |number: usize| format!("NOUVEAU_URL=http://nouveau-{number}:5987");
    assert_eq!(
        of_node(&spec, 1),
        [
            from_config("CLUSTER_PEER_IPS"),
            level.clone(),
            count.clone(),
            nouveau(1),
            own(1)
        ]
    );
    assert_eq!(
        of_node(&spec, 3),
        [
            level.clone(),
            from_config("COUCHDB_SYNC_ADMINS_NODE"),
            count.clone(),
            nouveau(3),
            own(3)
        ]
    );
    assert_eq!(
        of_node(&version("5.2.0", 3), 2),
        [level, from_config("COUCHDB_SYNC_ADMINS_NODE"), count, own(2)],
        "before 5.3 all nodes share one index"
    );
}

#[test]
fn row_13_nodes_of_a_cluster_run_apart_where_they_can() {
    let pod = |spec: &InstanceSpec, name: &str| object(spec, "Deployment", name)["spec"]["template"]["spec"].clone();
    let mut spec = version("5.3.1", 3);
    spec.couchdb.nodes[1].node_name = Some("worker-2".to_owned());
    let apart = &pod(&spec, "cht-couchdb-1")["affinity"]["podAntiAffinity"];
    let term = &apart["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"];
    assert_eq!(term["topologyKey"], "kubernetes.io/hostname");
    let values = &term["labelSelector"]["matchExpressions"][0]["values"];
    assert_eq!(*values, json!(["couchdb-1", "couchdb-2", "couchdb-3"]));
    assert_eq!(
        pod(&spec, "cht-couchdb-2")["nodeSelector"],
        json!({"kubernetes.io/hostname": "worker-2"})
    );
    assert_eq!(pod(&version("5.3.1", 1), "cht-couchdb")["affinity"], Value::Null);
}

#[test]
fn c07_a_search_index_in_a_pod_of_its_own_runs_where_its_volume_is() {
    for (nodes, component) in [(1, "couchdb"), (3, "couchdb-1")] {
        let pod =
            object(&version("5.0.0", nodes), "Deployment", "cht-couchdb-nouveau")["spec"]["template"]["spec"].clone();
        let beside = &pod["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0];
        assert_eq!(
            beside["labelSelector"]["matchLabels"],
            json!({"cht.service": component})
        );
        let claim = format!("{component}-claim0");
        assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], claim);
    }
}

#[test]
fn row_05_couchdb_leaves_its_volume_before_its_next_pod_and_others_are_replaced_as_in_the_chart() {
    let one_by_one = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}});
    let overlapping = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    let recreate = json!({"type": "Recreate"});
    for (text, api, others, grace) in [
        ("4.22.0", &one_by_one, &overlapping, Value::Null),
        ("5.0.0", &overlapping, &overlapping, json!(0)),
        ("5.0.1", &recreate, &recreate, json!(0)),
        ("5.3.1", &recreate, &recreate, json!(0)),
    ] {
        let deployment = |name: &str| object(&version(text, 1), "Deployment", name)["spec"].clone();
        assert_eq!(deployment("cht-api")["strategy"], *api, "{text}");
        assert_eq!(deployment("cht-sentinel")["strategy"], *others, "{text}");
        assert_eq!(deployment("cht-haproxy")["strategy"], *others, "{text}");
        assert_eq!(deployment("cht-couchdb")["strategy"], recreate, "{text}");
        for name in ["cht-api", "cht-haproxy", "cht-couchdb"] {
            let pod = &deployment(name)["template"]["spec"];
            assert_eq!(pod["terminationGracePeriodSeconds"], grace, "{text}: {name}");
        }
    }
}

#[test]
fn mode_and_verbosity_are_set_since_5_2_or_where_they_are_chosen() {
    let chosen = |spec: &InstanceSpec| {
        let mut env = env(&container(spec, "cht-api", "cht-api"));
        env.retain(|variable| variable.starts_with("LOG_LEVEL") || variable.starts_with("NODE_ENV"));
        env
    };
    assert_eq!(chosen(&version("5.1.3", 1)), [""; 0]);
    assert_eq!(chosen(&version("5.2.0", 1)), ["LOG_LEVEL=info", "NODE_ENV=production"]);
    let mut older = version("5.1.3", 1);
    older.api.log_level = Some("debug".to_owned());
    assert_eq!(chosen(&older), ["LOG_LEVEL=debug"]);
}

#[test]
fn the_health_check_is_there_where_haproxy_asks_it() {
    for (text, nodes, expected) in [
        ("4.22.0", 1, true),
        ("4.22.0", 3, true),
        ("5.0.0", 1, false),
        ("5.0.0", 3, true),
        ("5.3.1", 1, false),
        ("5.3.1", 3, true),
    ] {
        let spec = version(text, nodes);
        let made = manifests(&spec).iter().any(|manifest| manifest.name == "healthcheck");
        assert_eq!(made, expected, "{text}, {nodes} nodes");
    }
}
