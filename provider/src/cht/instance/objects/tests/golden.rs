//! Whole object sets, kept in `golden/`. `UPDATE_GOLDEN=1 cargo test` writes them anew; read the difference then.

use std::path::Path;

use serde_json::{Value, json};

use super::{everything, minimal, phases};
use crate::cht::instance::spec::{Ingress, InstanceSpec, Tls};

#[test]
fn minimal_instance_has_the_golden_objects() {
    assert_golden("minimal", &minimal());
}

#[test]
fn instance_with_everything_set_has_the_golden_objects() {
    assert_golden("everything", &everything());
}

#[test]
fn instance_behind_alb_with_a_given_secret_has_the_golden_objects() {
    let ingress = Ingress {
        class: Some("alb".to_owned()),
        tls: Tls::SecretName("wildcard-certificate".to_owned()),
        ..Ingress::default()
    };
    assert_golden("alb_tls_secret", &InstanceSpec { ingress, ..minimal() });
}

fn assert_golden(name: &str, spec: &InstanceSpec) {
    let rendered: Vec<Value> = phases(spec)
        .into_iter()
        .map(|phase| {
            let objects: Vec<Value> = phase.objects.into_iter().map(|manifest| manifest.json).collect();
            json!({ "phase": phase.name, "objects": objects })
        })
        .collect();
    let rendered = format!("{}\n", serde_json::to_string_pretty(&rendered).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/cht/instance/objects/golden/{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &rendered).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = golden
        .lines()
        .zip(rendered.lines())
        .position(|(golden, rendered)| golden != rendered);
    assert!(
        golden == rendered,
        "{} differs, first in line {:?}; UPDATE_GOLDEN=1 writes it anew",
        path.display(),
        difference.map(|index| index + 1),
    );
}
