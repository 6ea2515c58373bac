//! The Deployments of the charts.

use acceptance_tests::cluster::fixtures::NODE;
use serde_json::{Value, json};

use super::chart::{Chart, DIRECTORY, Data};

/// All Deployments of an instance.
pub(super) fn deployments(chart: &Chart<'_>) -> Vec<Value> {
    let mut deployments: Vec<Value> = chart
        .components()
        .iter()
        .map(|component| couchdb(chart, component))
        .collect();
    deployments.extend([api(chart), sentinel(chart), haproxy(chart), healthcheck(chart)]);
    if chart.is_four() {
        deployments.push(upgrade_service());
    }
    deployments
}

fn value(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn secret(name: &str) -> Value {
    json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "cht-couchdb-credentials", "key": name}}})
}

fn config(name: &str) -> Value {
    json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "couchdb-servers-configmap", "key": name}}})
}

fn container(chart: &Chart<'_>, name: &str, image: &str, port: Option<u16>, env: &[Value]) -> Value {
    let ports: Vec<Value> = port.into_iter().map(|port| json!({"containerPort": port})).collect();
    json!({
        "name": name, "image": format!("public.ecr.aws/medic/{image}:{}", chart.version), "ports": ports, "env": env,
        "resources": {},
    })
}

fn deployment(name: &str, component: &str, strategy: Value, pod: Value) -> Value {
    let labels = json!({"cht.service": component});
    let mut pod = pod;
    pod["restartPolicy"] = json!("Always");
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels}, "strategy": strategy,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    })
}

fn recreate() -> Value {
    json!({"type": "Recreate"})
}

fn one_by_one() -> Value {
    json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})
}

/// The strategy of what is neither CouchDB nor the API: that of the older chart is what Kubernetes has by default.
fn usual(chart: &Chart<'_>) -> Value {
    if chart.is_four() { json!({}) } else { recreate() }
}

fn with_grace(chart: &Chart<'_>, mut pod: Value) -> Value {
    if !chart.is_four() {
        pod["terminationGracePeriodSeconds"] = json!(0);
    }
    pod
}

fn node_env(chart: &Chart<'_>) -> Vec<Value> {
    if chart.is_four() {
        return Vec::new();
    }
    vec![value("NODE_ENV", "production"), value("LOG_LEVEL", "info")]
}

fn api(chart: &Chart<'_>) -> Value {
    let mut env = vec![
        value("BUILDS_URL", "https://staging.dev.medicmobile.org/_couch/builds_4"),
        secret("COUCH_URL"),
        value("API_PORT", "5988"),
    ];
    env.extend(node_env(chart));
    let mut strategy = recreate();
    if chart.is_four() {
        let url = format!("http://{}:5008", chart.service_host("upgrade-service"));
        env.push(value("UPGRADE_SERVICE_URL", &url));
        strategy = one_by_one();
    }
    let pod = json!({"containers": [container(chart, "cht-api", "cht-api", Some(5988), &env)]});
    deployment("cht-api", "api", strategy, with_grace(chart, pod))
}

fn sentinel(chart: &Chart<'_>) -> Value {
    let mut env = vec![
        value("API_HOST", &chart.service_host("api")),
        secret("COUCH_URL"),
        value("API_PORT", "5988"),
    ];
    env.extend(node_env(chart));
    let pod = json!({"containers": [container(chart, "cht-sentinel", "cht-sentinel", None, &env)]});
    deployment("cht-sentinel", "sentinel", usual(chart), pod)
}

fn haproxy(chart: &Chart<'_>) -> Value {
    let env = [
        secret("COUCHDB_PASSWORD"),
        config("COUCHDB_SERVERS"),
        secret("COUCHDB_USER"),
        value("HAPROXY_IP", "0.0.0.0"),
        value("HAPROXY_PORT", "5984"),
        value("HEALTHCHECK_ADDR", &chart.service_host("healthcheck")),
    ];
    let containers = [container(chart, "cht-haproxy", "cht-haproxy", Some(5984), &env)];
    let pod = json!({"containers": containers, "hostname": "haproxy"});
    deployment("cht-haproxy", "haproxy", usual(chart), with_grace(chart, pod))
}

fn healthcheck(chart: &Chart<'_>) -> Value {
    let name = "cht-haproxy-healthcheck";
    let env = [
        secret("COUCHDB_PASSWORD"),
        config("COUCHDB_SERVERS"),
        secret("COUCHDB_USER"),
    ];
    let pod = json!({"containers": [container(chart, name, name, Some(5555), &env)]});
    deployment(name, "healthcheck", usual(chart), pod)
}

fn upgrade_service() -> Value {
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let env = [
        field("CHT_NAMESPACE", "metadata.namespace"),
        field("CHT_DEPLOYMENT_NAME", "metadata.labels['cht.service']"),
        value("UPGRADE_SERVICE_PORT", "5008"),
    ];
    let container = json!({
        "name": "upgrade-service", "image": "medicmobile/upgrade-service:0.32", "ports": [{"containerPort": 5008}],
        "env": env, "resources": {},
    });
    let pod = json!({"containers": [container], "serviceAccountName": "cht-upgrade-service-user"});
    deployment("upgrade-service", "upgrade-service", one_by_one(), pod)
}

fn couchdb(chart: &Chart<'_>, component: &str) -> Value {
    let name = format!("cht-{component}");
    let number = component.strip_prefix("couchdb-");
    let volume = format!("{component}-claim0");
    let mut env = vec![
        value("COUCHDB_LOG_LEVEL", "info"),
        secret("COUCHDB_PASSWORD"),
        secret("COUCHDB_SECRET"),
        secret("COUCHDB_USER"),
        secret("COUCHDB_UUID"),
        value("SVC_NAME", &chart.service_host(component)),
    ];
    if let Some(number) = number {
        env.push(value("NODE_COUNT", &chart.nodes.to_string()));
        env.push(config(if number == "1" {
            "CLUSTER_PEER_IPS"
        } else {
            "COUCHDB_SYNC_ADMINS_NODE"
        }));
        if !chart.is_four() {
            env.push(value("NOUVEAU_URL", &format!("http://nouveau-{number}:5987")));
        }
    }
    let mut main = container(chart, &name, "cht-couchdb", Some(5984), &env);
    main["volumeMounts"] = json!([
        {"mountPath": "/opt/couchdb/data", "name": volume, "subPath": "data"},
        {"mountPath": "/opt/couchdb/etc/local.d", "name": volume, "subPath": "local.d"},
    ]);
    let mut containers = vec![main];
    if !chart.is_four() {
        let image = "cht-couchdb-nouveau";
        let mut nouveau = container(chart, image, image, Some(5987), &[]);
        nouveau["volumeMounts"] = json!([{"mountPath": "/data/nouveau", "name": volume, "subPath": "data"}]);
        containers.push(nouveau);
    }
    let source = match chart.data {
        Data::Directory => json!({"name": volume, "hostPath": {"path": DIRECTORY}}),
        Data::Class(_) | Data::Ebs(_) | Data::Volume { .. } | Data::Missing => {
            json!({"name": volume, "persistentVolumeClaim": {"claimName": volume}})
        }
    };
    let mut pod = json!({
        "containers": containers, "volumes": [source], "securityContext": {"runAsUser": 0, "fsGroup": 0},
    });
    if let Data::Volume { .. } = chart.data {
        pod["nodeSelector"] = json!({"kubernetes.io/hostname": NODE});
    }
    if chart.is_four() {
        pod["tolerations"] =
            json!([{"key": "dev-couchdb-only", "operator": "Equal", "value": "true", "effect": "NoSchedule"}]);
    }
    deployment(&name, component, recreate(), with_grace(chart, pod))
}
