//! The official names, labels, ports, variables, strategies and mounts of CHT 5.3 with one CouchDB node; `versions` has
//! what is different in other versions and in clusters.

use serde_json::{Value, json};

use super::{DEPLOYMENTS, container, env, everything, manifests, minimal, object, phases, secret_value};
use crate::cht::instance::spec::{Healthcheck, InstanceSpec};

#[test]
fn objects_come_in_the_order_of_applying_them() {
    let order: Vec<(&str, Vec<String>)> = phases(&everything())
        .into_iter()
        .map(|phase| {
            (
                phase.name,
                phase
                    .objects
                    .iter()
                    .map(|object| format!("{}/{}", object.kind, object.name))
                    .collect(),
            )
        })
        .collect();
    let services = ["couchdb", "nouveau", "haproxy", "healthcheck", "api"].map(|name| format!("Service/{name}"));
    let expected = [
        (
            "configuration",
            vec!["Secret/cht-couchdb-credentials", "ConfigMap/couchdb-servers-configmap"],
        ),
        ("storage", vec!["PersistentVolumeClaim/couchdb-claim0"]),
        ("services", services.iter().map(String::as_str).collect()),
        ("couchdb", vec!["Deployment/cht-couchdb"]),
        (
            "haproxy",
            vec!["Deployment/cht-haproxy", "Deployment/cht-haproxy-healthcheck"],
        ),
        ("api", vec!["Deployment/cht-api"]),
        ("sentinel", vec!["Deployment/cht-sentinel"]),
        ("ingress", vec!["Secret/api-tls-secret", "Ingress/api-ingress"]),
    ];
    assert_eq!(
        order,
        expected.map(|(name, objects)| (name, objects.into_iter().map(str::to_owned).collect()))
    );
}

#[test]
fn own_namespace_comes_first_and_is_in_no_namespace() {
    let first = phases(&minimal()).swap_remove(0);
    assert_eq!((first.name, first.objects.len()), ("namespace", 1));
    assert_eq!(first.objects[0].namespace, None);
    assert_eq!(first.objects[0].json["metadata"]["name"], "cht-kisumu");
    assert!(first.objects[0].json["metadata"]["namespace"].is_null());
    for manifest in manifests(&minimal()).iter().skip(1) {
        assert_eq!(manifest.namespace.as_deref(), Some("cht-kisumu"), "{manifest:?}");
        assert_eq!(manifest.json["metadata"]["namespace"], "cht-kisumu");
    }
}

#[test]
fn deployments_have_the_official_selectors_strategy_and_grace() {
    for (name, component, containers, grace) in DEPLOYMENTS {
        let deployment = object(&minimal(), "Deployment", name);
        let label = json!({ "cht.service": component });
        assert_eq!(deployment["metadata"]["labels"]["cht.service"], component);
        assert_eq!(deployment["spec"]["selector"], json!({ "matchLabels": label }));
        assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], label);
        assert_eq!(deployment["spec"]["strategy"], json!({ "type": "Recreate" }));
        assert_eq!(deployment["spec"]["replicas"], 1);
        let pod = &deployment["spec"]["template"]["spec"];
        assert_eq!(pod["terminationGracePeriodSeconds"], json!(grace), "{name}");
        assert_eq!(pod["restartPolicy"], "Always");
        let names: Vec<&str> = pod["containers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|container| container["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, containers);
    }
    let count = manifests(&minimal())
        .iter()
        .filter(|manifest| manifest.kind == "Deployment")
        .count();
    assert_eq!(count, DEPLOYMENTS.len());
}

#[test]
fn images_are_the_registry_the_containers_name_and_the_tag() {
    for (spec, prefix, tag) in [
        (minimal(), "public.ecr.aws/medic", "5.3.1"),
        (everything(), "registry.example/cht", "5.3.1-mirror"),
    ] {
        for (deployment, _, containers, _) in DEPLOYMENTS {
            for name in containers {
                assert_eq!(
                    container(&spec, deployment, name)["image"],
                    format!("{prefix}/{name}:{tag}")
                );
            }
        }
    }
}

#[test]
fn services_have_the_official_ports_and_selectors() {
    let table: [(&str, Option<&str>, &str, Value); 5] = [
        ("api", Some("api"), "api", json!([[null, 5988]])),
        ("haproxy", Some("haproxy"), "haproxy", json!([["5984", 5984]])),
        ("healthcheck", None, "healthcheck", json!([[null, 5555]])),
        (
            "couchdb",
            Some("couchdb"),
            "couchdb",
            json!([["couchdb-service", 5984], ["epmd", 4369], ["erlang", 9100]]),
        ),
        (
            "nouveau",
            Some("nouveau"),
            "couchdb",
            json!([["nouveau-service", 5987]]),
        ),
    ];
    for (name, label, selector, expected) in table {
        let service = object(&everything(), "Service", name);
        assert_eq!(
            service["metadata"]["labels"].get("cht.service"),
            label.map(Value::from).as_ref(),
            "{name}"
        );
        assert_eq!(service["spec"]["selector"], json!({ "cht.service": selector }));
        assert_eq!(service["spec"]["type"], "ClusterIP");
        let ports = service["spec"]["ports"].as_array().unwrap();
        let named: Value = ports.iter().map(|port| json!([port["name"], port["port"]])).collect();
        assert_eq!(named, expected, "{name}");
        assert!(
            ports
                .iter()
                .all(|port| port["port"] == port["targetPort"] && port["protocol"] == "TCP")
        );
    }
}

#[test]
fn containers_have_the_official_variables_and_ports() {
    let secret = |key: &str| format!("{key}<cht-couchdb-credentials/{key}");
    let servers = "COUCHDB_SERVERS<couchdb-servers-configmap/COUCHDB_SERVERS".to_owned();
    let own = |variables: &[&str]| {
        variables
            .iter()
            .map(|variable| (*variable).to_owned())
            .collect::<Vec<_>>()
    };
    let credentials = || vec![secret("COUCHDB_PASSWORD"), secret("COUCHDB_USER")];
    let table = [
        (
            "cht-api",
            "cht-api",
            Some(5988),
            [
                own(&[
                    "API_PORT=5988",
                    "BUILDS_URL=https://staging.dev.medicmobile.org/_couch/builds_4",
                    "LOG_LEVEL=info",
                    "NODE_ENV=production",
                ]),
                vec![secret("COUCH_URL")],
            ]
            .concat(),
        ),
        (
            "cht-sentinel",
            "cht-sentinel",
            None,
            [
                own(&[
                    "API_HOST=api.cht-kisumu.svc.cluster.local",
                    "API_PORT=5988",
                    "LOG_LEVEL=info",
                    "NODE_ENV=production",
                ]),
                vec![secret("COUCH_URL")],
            ]
            .concat(),
        ),
        (
            "cht-haproxy",
            "cht-haproxy",
            Some(5984),
            [
                own(&[
                    "HAPROXY_IP=0.0.0.0",
                    "HAPROXY_PORT=5984",
                    "HEALTHCHECK_ADDR=healthcheck.cht-kisumu.svc.cluster.local",
                ]),
                vec![servers.clone()],
                credentials(),
            ]
            .concat(),
        ),
        (
            "cht-haproxy-healthcheck",
            "cht-haproxy-healthcheck",
            Some(5555),
            [vec![servers], credentials()].concat(),
        ),
        (
            "cht-couchdb",
            "cht-couchdb",
            Some(5984),
            [
                own(&[
                    "COUCHDB_LOG_LEVEL=info",
                    "SVC_NAME=couchdb.cht-kisumu.svc.cluster.local",
                ]),
                credentials(),
                vec![secret("COUCHDB_SECRET"), secret("COUCHDB_UUID")],
            ]
            .concat(),
        ),
        ("cht-couchdb", "cht-couchdb-nouveau", Some(5987), Vec::new()),
    ];
    let spec = InstanceSpec {
        healthcheck: Healthcheck::Enabled,
        ..minimal()
    };
    for (deployment, name, port, mut expected) in table {
        let container = container(&spec, deployment, name);
        expected.sort();
        assert_eq!(env(&container), expected, "{name}");
        assert_eq!(container["ports"][0]["containerPort"], json!(port), "{name}");
    }
}

#[test]
fn couchdb_and_nouveau_share_the_official_volume_as_root() {
    let mounts = |spec: &InstanceSpec, name: &str| -> Value {
        let container = container(spec, "cht-couchdb", name);
        let mounts = container["volumeMounts"].as_array().unwrap();
        assert!(mounts.iter().all(|mount| mount["name"] == "couchdb-claim0"));
        mounts
            .iter()
            .map(|mount| json!([mount["mountPath"], mount["subPath"]]))
            .collect()
    };
    let data = |path: Value| json!([["/opt/couchdb/data", path], ["/opt/couchdb/etc/local.d", "local.d"]]);
    assert_eq!(mounts(&minimal(), "cht-couchdb"), data(json!("data")));
    assert_eq!(
        mounts(&everything(), "cht-couchdb"),
        data(json!("storage/medic-core/couchdb/data"))
    );
    let mut at_root = minimal();
    at_root.couchdb.data_path = String::new();
    assert_eq!(mounts(&at_root, "cht-couchdb"), data(Value::Null));
    assert_eq!(
        mounts(&everything(), "cht-couchdb-nouveau"),
        json!([["/data/nouveau", "data"]])
    );

    let pod = object(&minimal(), "Deployment", "cht-couchdb")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["securityContext"], json!({ "runAsUser": 0, "fsGroup": 0 }));
    let claim = json!({ "claimName": "couchdb-claim0" });
    assert_eq!(
        pod["volumes"],
        json!([{ "name": "couchdb-claim0", "persistentVolumeClaim": claim }])
    );
    let haproxy = object(&minimal(), "Deployment", "cht-haproxy");
    assert_eq!(haproxy["spec"]["template"]["spec"]["hostname"], "haproxy");
}

#[test]
fn c01_the_claim_of_a_new_volume_names_no_volume_and_the_class_that_was_given() {
    let claim = object(&minimal(), "PersistentVolumeClaim", "couchdb-claim0");
    assert_eq!(claim["metadata"]["labels"]["cht.service"], "couchdb-claim0");
    assert_eq!(
        claim["spec"],
        json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "100Gi" } } })
    );
    let claim = object(&everything(), "PersistentVolumeClaim", "couchdb-claim0");
    assert_eq!(claim["spec"]["storageClassName"], "vsphere-retain");
}

#[test]
fn row_08_couch_url_is_encoded_so_that_any_password_reads_back_as_it_was_meant() {
    let url = |spec: &InstanceSpec| secret_value(spec, "cht-couchdb-credentials", "COUCH_URL");
    let host = "haproxy.cht-kisumu.svc.cluster";
    assert_eq!(
        url(&minimal()),
        format!("http://medic:correct%20horse@{host}.local:5984/medic")
    );
    let expected = format!("http://admin%40county:p%40ss%3Aw%2Frd%20%25%C3%A9@{host}.example:5984/medic");
    assert_eq!(url(&everything()), expected);
    for (key, value) in [
        ("COUCHDB_USER", "admin@county"),
        ("COUCHDB_PASSWORD", "p@ss:w/rd %é"),
        ("COUCHDB_SECRET", "0f0e0d0c0b0a09080706050403020100"),
        ("COUCHDB_UUID", "00112233445566778899aabbccddeeff"),
    ] {
        assert_eq!(secret_value(&everything(), "cht-couchdb-credentials", key), value);
    }
    let servers = json!({ "COUCHDB_SERVERS": "couchdb.cht-kisumu.svc.cluster.example" });
    assert_eq!(
        object(&everything(), "ConfigMap", "couchdb-servers-configmap")["data"],
        servers
    );
}
