//! Whole object sets, kept in `golden/`. `UPDATE_GOLDEN=1 cargo test` writes them anew; read the difference then.

use std::path::Path;

use serde_json::{Value, json};

use super::ingress::ways_in;
use super::storage::on_each_platform;
use super::{everything, minimal, object, phases, version, with_upgrade_service};
use crate::cht::instance::spec::InstanceSpec;

#[test]
fn row_06_c06_sections_that_are_left_out_have_the_golden_defaults() {
    assert_golden("minimal", &minimal());
}

#[test]
fn instance_with_everything_set_has_the_golden_objects() {
    assert_golden("everything", &everything());
}

/// What differs from one way in to the other: the phase of the ingress, and the Service that it leads to.
#[test]
fn each_way_in_has_the_golden_objects() {
    for (name, ingress) in ways_in() {
        let spec = InstanceSpec { ingress, ..minimal() };
        let objects = [object(&spec, "Service", "api"), object(&spec, "Ingress", "api-ingress")];
        assert_is_golden(&format!("ingress/{name}"), &json!(objects));
    }
}

#[test]
fn each_layout_has_the_golden_objects_as_single_node_and_as_cluster() {
    for text in ["4.22.0", "5.0.0", "5.1.3", "5.2.0", "5.3.1"] {
        for (nodes, topology) in [(1, "single"), (3, "cluster")] {
            if (text, nodes) == ("5.3.1", 1) {
                // That is the minimal instance.
                continue;
            }
            let spec = with_upgrade_service(version(text, nodes));
            assert_golden(&format!("{text}_{topology}"), &spec);
        }
    }
}

#[test]
fn existing_volumes_of_each_platform_have_the_golden_objects() {
    for (name, spec) in on_each_platform() {
        assert_golden_phases(&format!("storage_{name}"), &spec, &["storage"]);
    }
}

/// What differs from one platform to the other is where the volumes come from and who serves the ingress. Both have
/// golden files, which hold for each line of versions.
#[test]
fn each_platform_has_the_same_volumes_and_ingress_in_each_line_of_versions() {
    let platforms = on_each_platform().into_iter();
    let served = ways_in().into_iter().map(|(name, ingress)| {
        let spec = InstanceSpec { ingress, ..minimal() };
        (name, spec)
    });
    for (name, newest) in platforms.chain(served) {
        for text in ["4.22.0", "5.0.0", "5.2.0"] {
            let earlier = InstanceSpec {
                version: text.parse().unwrap(),
                ..newest.clone()
            };
            let of = |spec: &InstanceSpec| rendered(spec, &["storage", "ingress"]);
            assert_eq!(of(&earlier), of(&newest), "{name} {text}");
        }
    }
}

fn assert_golden(name: &str, spec: &InstanceSpec) {
    assert_golden_phases(name, spec, &[]);
}

/// Compares some phases, or all if none is named.
fn assert_golden_phases(name: &str, spec: &InstanceSpec, only: &[&str]) {
    assert_is_golden(name, &rendered(spec, only));
}

/// The objects of all phases, or of some.
fn rendered(spec: &InstanceSpec, only: &[&str]) -> Value {
    let chosen = phases(spec)
        .into_iter()
        .filter(|phase| only.is_empty() || only.contains(&phase.name));
    let rendered = chosen.map(|phase| {
        let objects: Vec<Value> = phase.objects.into_iter().map(|manifest| manifest.json).collect();
        json!({ "phase": phase.name, "objects": objects })
    });
    rendered.collect()
}

fn assert_is_golden(name: &str, rendered: &Value) {
    let rendered = format!("{}\n", serde_json::to_string_pretty(rendered).unwrap());
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
