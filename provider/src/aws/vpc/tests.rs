//! Configurations of networks, as they are validated.

use tf_framework::Attr;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::FromValue as _;
use tf_framework::value::Value;

use super::model::VpcModelDraft;
use super::plan;

/// The summaries of what is wrong with a network of these attributes.
fn problems(attributes: Vec<(&'static str, Value)>) -> Vec<String> {
    let object = Value::object(attributes);
    let draft = VpcModelDraft::from_value(&object).unwrap();
    assert!(matches!(draft.cidr_block, Attr::Known(_)));
    let mut diagnostics = Diagnostics::new();
    plan::validate(&draft, &mut diagnostics);
    diagnostics.iter().map(|one| one.summary.clone()).collect()
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}

#[test]
fn subnets_are_parts_of_the_network_and_one_for_each_zone() {
    let network = || ("cidr_block", Value::from("10.42.0.0/24"));
    assert_eq!(problems(vec![network()]), Vec::<String>::new());
    for (attributes, expected) in [
        (vec![("az_count", Value::from(5))], vec!["Network is too small"]),
        (
            vec![
                ("az_count", Value::from(2)),
                ("availability_zones", texts(&["eu-west-2a", "eu-west-2b"])),
            ],
            vec!["Zones are named and counted"],
        ),
        (
            vec![("public_subnet_cidrs", texts(&["10.42.0.0/28"]))],
            vec!["Subnets do not match the zones"],
        ),
        (
            vec![("private_subnet_cidrs", texts(&["10.42.0.0/26", "10.43.0.0/26"]))],
            vec!["Unfit subnet"],
        ),
        (
            vec![
                ("private_subnet_cidrs", texts(&["10.42.0.0/26", "10.42.0.64/26"])),
                ("public_subnet_cidrs", texts(&["10.42.0.0/28", "10.42.0.128/28"])),
            ],
            vec!["Unfit subnet"],
        ),
    ] {
        let attributes = attributes.into_iter().chain([network()]).collect();
        assert_eq!(problems(attributes), expected);
    }
}
