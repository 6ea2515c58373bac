//! The objects as a golden file, `UPDATE_GOLDEN=1 cargo test` writes it anew; read the difference then.

use std::path::Path;

use secrecy::SecretString;
use tf_framework::Attr;

use super::super::unsaid;
use super::*;

fn model() -> LoadBalancerControllerModel {
    let mut model = unsaid("moh".to_owned(), "alb".to_owned());
    model.vpc_id = Attr::Known("vpc-0a1b".to_owned());
    model.version = Attr::Known("v3.5.0".to_owned());
    model.association_id = Attr::Known("a-0a1b".to_owned());
    model.group_name = Some("prod".to_owned());
    model.scheme = Some("internet-facing".to_owned());
    let arn = "arn:aws:acm:eu-west-2:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
    model.certificate_arns = Some([arn.parse().unwrap()].into());
    model.subnet_ids = Some(["subnet-0a", "subnet-0b"].map(str::to_owned).into());
    model.tags = Some([("county".to_owned(), "siaya".to_owned())].into());
    model
}

fn parts() -> Parts {
    Parts {
        region: "eu-west-2".to_owned(),
        tags: [("county", "siaya"), ("note", "a=b, c")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        certificate: WebhookCertificate {
            authority: "-----BEGIN CERTIFICATE-----\nauthority".to_owned(),
            certificate: "-----BEGIN CERTIFICATE-----\nserver".to_owned(),
            private_key: SecretString::from("-----BEGIN PRIVATE KEY-----"),
        },
        defined: Vec::new(),
    }
}

fn found(set: &ObjectSet) -> Found {
    let live = set
        .objects()
        .map(|object| LiveObject::from_json(object.json().clone()).expect("a known kind"));
    live.collect()
}

#[test]
fn the_objects_are_the_golden_ones() {
    let mut auto = model();
    auto.mode = super::super::AUTO.to_owned();
    for (name, set) in [
        ("controller", set(&model(), &parts()).unwrap()),
        ("auto", auto_set(&auto).unwrap()),
    ] {
        let made: Vec<&Value> = set.objects().map(Object::json).collect();
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        let path = format!("src/aws/load_balancer_controller/objects/golden/{name}.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).expect("the golden file is written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{name} differs from its golden file");
    }
}

#[test]
fn what_somebody_else_has_defined_is_left_out() {
    let defined = Parts {
        defined: vec!["targetgroupbindings.elbv2.k8s.aws".to_owned()],
        ..parts()
    };
    let count = |parts: &Parts| {
        let set = set(&model(), parts).unwrap();
        let definitions = set.objects().filter(|object| object.key().kind == Kind::DEFINITION);
        definitions.count()
    };
    assert_eq!((count(&parts()), count(&defined)), (2, 1));
}

#[test]
fn an_import_finds_what_was_made() {
    let made = model();
    let found = found(&set(&made, &parts()).unwrap());
    let mut read = unsaid("moh".to_owned(), "alb".to_owned());
    imported(&found, &mut read).expect("it is complete");
    imported_class(&found, &mut read);
    read.association_id = made.association_id.clone();
    read.tags = made.tags.clone();
    assert_eq!(set(&read, &parts()).unwrap(), set(&made, &parts()).unwrap(), "{read:?}");
}
