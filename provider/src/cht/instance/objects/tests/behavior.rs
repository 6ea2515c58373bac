//! What follows from the specification: which objects there are, what reaches the pods, and what restarts them.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use k8s_openapi::api::core::v1::EnvVar;
use serde_json::{Value, json};

use super::super::{api, haproxy, healthcheck, objects, sentinel};
use super::{
    DEPLOYMENTS, container, env, everything, manifests, minimal, object, phases, version, with_upgrade_service,
};
use crate::cht::instance::model::checks::{MANAGED_ENV, MANAGED_HEALTHCHECK_ENV, MANAGED_PROXY_ENV};
use crate::cht::instance::spec::{Healthcheck, InstanceSpec};

#[test]
fn healthcheck_is_made_only_where_haproxy_asks_it() {
    let has = |spec: &InstanceSpec| {
        let made = manifests(spec)
            .iter()
            .filter(|manifest| manifest.name.ends_with("healthcheck"))
            .count();
        let asked = env(&container(spec, "cht-haproxy", "cht-haproxy"))
            .iter()
            .any(|v| v.starts_with("HEALTHCHECK_ADDR"));
        assert_eq!(made, if asked { 2 } else { 0 });
        asked
    };
    assert!(!has(&minimal()));
    assert!(has(&InstanceSpec {
        healthcheck: Healthcheck::Enabled,
        ..minimal()
    }));
    assert!(has(&InstanceSpec {
        version: "4.22.0".parse().unwrap(),
        ..minimal()
    }));
    assert!(has(&version("5.3.1", 2)));
    assert!(!has(&InstanceSpec {
        healthcheck: Healthcheck::Disabled,
        ..version("5.3.1", 2)
    }));
}

#[test]
fn labels_of_ownership_are_on_every_object_and_nowhere_else() {
    for manifest in manifests(&everything()) {
        let mut json = manifest.json.clone();
        assert_eq!(
            json["metadata"]["labels"]["owner.example/instance"], "kisumu",
            "{manifest:?}"
        );
        json["metadata"]["labels"] = Value::Null;
        assert!(!json.to_string().contains("owner.example"), "{manifest:?}");
    }
    let without = objects(&minimal(), &BTreeMap::new());
    let hijacked = objects(
        &minimal(),
        &BTreeMap::from([("cht.service".to_owned(), "other".to_owned())]),
    );
    let api = |phases: &[super::Phase]| {
        phases.iter().find(|phase| phase.name == "api").unwrap().objects[0]
            .json
            .clone()
    };
    assert_eq!(
        api(&without),
        api(&hijacked),
        "the official label is not for others to set"
    );
}

#[test]
fn settings_of_a_pod_reach_it_but_never_replace_what_it_needs() {
    let mut spec = everything();
    spec.api
        .pod
        .env
        .insert("COUCH_URL".to_owned(), "http://elsewhere".to_owned());
    for (deployment, component, containers, _) in DEPLOYMENTS {
        let main = container(&spec, deployment, containers[0]);
        let env = env(&main);
        assert!(env.contains(&"TZ=Africa/Nairobi".to_owned()), "{env:?}");
        assert!(!env.iter().any(|variable| variable.contains("elsewhere")), "{env:?}");
        assert_eq!(main["resources"]["limits"]["memory"], "2Gi");
        assert_eq!(main["imagePullPolicy"], "Always");
        let pod = object(&spec, "Deployment", deployment)["spec"]["template"]["spec"].clone();
        assert_eq!(pod["nodeSelector"], json!({ "example.org/pool": component }));
        assert_eq!(pod["tolerations"][0]["value"], component);
        assert_eq!(pod["imagePullSecrets"], json!([{ "name": "registry-credentials" }]));
    }
    assert_eq!(
        container(&spec, "cht-couchdb", "cht-couchdb-nouveau")["resources"]["limits"]["memory"],
        "3Gi"
    );
}

#[test]
fn row_14_the_limit_of_open_files_is_left_alone_or_allowed_to_be_raised() {
    let couchdb = |default_ulimit: bool, sys_resource: bool| {
        let mut spec = version("5.3.1", 3);
        (spec.couchdb.default_ulimit, spec.couchdb.sys_resource) = (default_ulimit, sys_resource);
        let container = container(&spec, "cht-couchdb-2", "cht-couchdb-2");
        let leaves_it = env(&container).contains(&"DEFAULT_ULIMIT=true".to_owned());
        (leaves_it, container["securityContext"]["capabilities"].clone())
    };
    assert_eq!(couchdb(false, false), (false, Value::Null));
    assert_eq!(couchdb(true, false), (true, Value::Null));
    assert_eq!(couchdb(false, true), (false, json!({ "add": ["SYS_RESOURCE"] })));
}

#[test]
fn row_16_every_container_can_be_limited_and_nothing_is_scaled() {
    for spec in [everything(), version("4.22.0", 3), version("5.0.0", 1)] {
        for manifest in manifests(&spec).iter().filter(|manifest| manifest.kind == "Deployment") {
            assert_eq!(manifest.json["spec"]["replicas"], 1, "{}", manifest.name);
        }
    }
    let limited = manifests(&everything());
    for manifest in limited.iter().filter(|manifest| manifest.kind == "Deployment") {
        let containers = manifest.json["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap();
        for container in containers {
            assert_ne!(
                container["resources"]["limits"]["memory"],
                Value::Null,
                "{}",
                container["name"]
            );
        }
    }
}

#[test]
fn readiness_of_the_api_is_probed_only_on_request_and_never_by_status_alone() {
    let api = |spec: &InstanceSpec| container(spec, "cht-api", "cht-api");
    assert_eq!(api(&minimal())["readinessProbe"], Value::Null);
    let json_only = json!([{ "name": "Accept", "value": "application/json" }]);
    let probe = &api(&everything())["readinessProbe"]["httpGet"];
    assert_eq!(
        *probe,
        json!({ "path": "/setup/poll", "port": 5988, "httpHeaders": json_only })
    );
    assert_eq!(api(&minimal())["startupProbe"]["failureThreshold"], 180);
    assert_eq!(api(&everything())["startupProbe"]["failureThreshold"], 721);
    let mut without = everything();
    without.probes.enabled = false;
    for manifest in manifests(&without) {
        assert!(!manifest.json.to_string().contains("Probe\""), "{manifest:?}");
    }
}

#[test]
fn c12_pods_restart_for_what_they_read_and_checksums_do_not_give_it_away() {
    let checksums = |spec: &InstanceSpec| {
        DEPLOYMENTS
            .map(|(name, ..)| object(spec, "Deployment", name)["spec"]["template"]["metadata"]["annotations"].clone())
    };
    let [couchdb, haproxy, api, sentinel] = checksums(&minimal());
    assert_eq!(couchdb, Value::Null, "CouchDB ignores all but its first credentials");

    let [_, other_haproxy, other_api, other_sentinel] = checksums(&InstanceSpec {
        admin_password: "another".into(),
        ..minimal()
    });
    assert_ne!(haproxy["checksum/secret"], other_haproxy["checksum/secret"]);
    assert_eq!(haproxy["checksum/config"], other_haproxy["checksum/config"]);
    assert_ne!(api["checksum/secret"], other_api["checksum/secret"]);
    assert_ne!(sentinel["checksum/secret"], other_sentinel["checksum/secret"]);

    let [_, elsewhere, ..] = checksums(&InstanceSpec {
        cluster_domain: "cluster.example".to_owned(),
        ..minimal()
    });
    assert_ne!(haproxy["checksum/config"], elsewhere["checksum/config"]);

    // The same password with another key gives another checksum: without the key there is nothing to compare with.
    let [_, keyed, ..] = checksums(&InstanceSpec {
        secret: "another".into(),
        ..minimal()
    });
    assert_ne!(haproxy["checksum/secret"], keyed["checksum/secret"]);
}

#[test]
fn debug_output_shows_no_secret() {
    let spec = everything();
    let shown = format!("{spec:?} {:?}", phases(&spec));
    for secret in [
        "p@ss:w/rd %é",
        "0f0e0d0c0b0a09080706050403020100",
        "PRIVATE KEY",
        "p%40ss",
    ] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        assert!(!shown.contains(secret) && !shown.contains(&encoded), "{secret}");
    }
}

#[test]
fn exactly_the_variables_that_components_need_are_refused() {
    let spec = minimal();
    let oldest = with_upgrade_service(version("4.22.0", 1));
    let needed: BTreeSet<String> = [api::env(&spec), sentinel::env(&spec), api::env(&oldest)]
        .concat()
        .into_iter()
        .map(|variable| variable.name)
        .collect();
    assert_eq!(needed, MANAGED_ENV.map(str::to_owned).into());

    let everything = everything();
    let names = |variables: Vec<EnvVar>| variables.into_iter().map(|variable| variable.name).collect();
    let mut of_proxy: BTreeSet<String> = names(haproxy::env(&everything));
    of_proxy.insert("DOCKER_DNS_RESOLVER".to_owned());
    assert_eq!(of_proxy, MANAGED_PROXY_ENV.map(str::to_owned).into());
    let of_healthcheck: BTreeSet<String> = names(healthcheck::env(&everything));
    assert_eq!(of_healthcheck, MANAGED_HEALTHCHECK_ENV.map(str::to_owned).into());
}
