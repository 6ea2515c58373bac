//! What the objects say, and what an import reads of them.

use secrecy::SecretString;
use tf_framework::Attr;
use tf_framework::custom_types::{Arn, Text};

use super::*;

fn model() -> LoadBalancerControllerModel {
    let mut model = LoadBalancerControllerModel::named("moh".to_owned(), "alb".to_owned());
    model.vpc_id = Attr::Known("vpc-0a1b".to_owned());
    model.version = Attr::Known("v3.5.0".to_owned());
    model.association_id = Attr::Known("a-0a1b".to_owned());
    model.group_name = Some("prod".to_owned());
    model.scheme = Some("internet-facing".to_owned());
    let arn = "arn:aws:acm:eu-west-2:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
    let arn: Text<Arn> = arn.parse().unwrap();
    model.certificate_arns = Some([arn].into());
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
fn pods_are_told_where_they_are_and_tags_that_fit_into_a_line() {
    let text = set(&model(), &parts())
        .unwrap()
        .objects()
        .find(|object| object.key() == &deployment_key())
        .map(|object| object.json().to_string())
        .unwrap();
    for argument in [
        "--cluster-name=moh",
        "--aws-region=eu-west-2",
        "--aws-vpc-id=vpc-0a1b",
        "--ingress-class=alb",
        "--default-tags=county=siaya",
        "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0",
    ] {
        assert!(text.contains(&format!("\"{argument}\"")), "{argument}: {text}");
    }
}

#[test]
fn a_class_of_auto_mode_is_all_that_is_made_for_it() {
    let mut auto = model();
    auto.mode = super::super::AUTO.to_owned();
    let set = auto_set(&auto).unwrap();
    let kinds: Vec<&str> = set.objects().map(|object| object.key().kind.group).collect();
    assert_eq!(kinds, ["eks.amazonaws.com", "networking.k8s.io"]);
    let spec = &set.objects().next().unwrap().json()["spec"];
    assert_eq!(spec["group"]["name"], "prod");
    assert_eq!(spec["certificateARNs"].as_array().map(Vec::len), Some(1));
    assert_eq!(spec["tags"][0]["key"], "county");
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
    let mut read = LoadBalancerControllerModel::named("moh".to_owned(), "alb".to_owned());
    imported(&found, &mut read).expect("it is complete");
    imported_class(&found, &mut read);
    read.association_id = made.association_id.clone();
    read.tags = made.tags.clone();
    assert_eq!(set(&read, &parts()).unwrap(), set(&made, &parts()).unwrap(), "{read:?}");
}
