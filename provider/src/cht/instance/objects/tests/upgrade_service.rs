//! The upgrade service of CHT 4: what it may do, and in which order it is allowed to.

use serde_json::json;

use super::{container, env, manifests, object, phases, version, with_upgrade_service};

#[test]
fn a_role_is_there_before_it_is_bound() {
    let phases = phases(&with_upgrade_service(version("4.22.0", 1)));
    let phase_of = |kind: &str| {
        let has = |phase: &super::Phase| phase.objects.iter().any(|object| object.json["kind"] == kind);
        phases.iter().position(has).unwrap()
    };
    assert!(phase_of("Role") < phase_of("RoleBinding"));
}

#[test]
fn the_upgrade_service_may_change_the_deployments_of_its_namespace() {
    let spec = with_upgrade_service(version("4.22.0", 1));
    let role = object(&spec, "Role", "deployment-manager");
    let verbs = json!(["get", "update", "watch", "patch", "list"]);
    assert_eq!(
        role["rules"],
        json!([
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs},
            {"apiGroups": [""], "resources": ["pods"], "verbs": verbs},
        ])
    );
    let binding = object(&spec, "RoleBinding", "deployment-manager-cht");
    let account = json!([{
        "kind": "ServiceAccount", "name": "cht-upgrade-service-user", "namespace": "cht-kisumu",
    }]);
    assert_eq!(
        (&binding["subjects"], &binding["roleRef"]["name"]),
        (&account, &json!("deployment-manager"))
    );
    let pod = object(&spec, "Deployment", "upgrade-service")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["serviceAccountName"], "cht-upgrade-service-user");
    assert_eq!(pod["containers"][0]["image"], "medicmobile/upgrade-service:0.32");
    let url = "UPGRADE_SERVICE_URL=http://upgrade-service.cht-kisumu.svc.cluster.local:5008".to_owned();
    assert!(env(&container(&spec, "cht-api", "cht-api")).contains(&url));

    let later = manifests(&with_upgrade_service(version("5.3.1", 1)));
    assert!(
        later
            .iter()
            .all(|manifest| manifest.name != "upgrade-service" && manifest.kind != "Role")
    );
}
