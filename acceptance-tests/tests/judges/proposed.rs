//! What cores propose for a plan, held against the simulation of it.

use std::collections::BTreeMap;
use std::fs;

use acceptance_tests::tofu::{Cli, Workspace};
use tf_framework::lifecycle::proposed::proposed_new;
use tf_framework::schema::Schema;
use tf_framework::value::Value;
use tf_framework::wire::form::WireForm;
use tf_framework::wire::msgpack;

use crate::generate::{Generator, What};
use crate::run::{CASE, outcome, schema, workspace, write_config, write_state};
use crate::support::seed;

const CASES: usize = 120;

/// What one request for a plan carried.
#[derive(Default)]
struct Asked {
    prior: Value,
    config: Value,
    proposed: Value,
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn proposals_are_those_of_the_cores() {
    let schema = schema();
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let address = cli.provider_address("medic/everything");
        let mut workspace = workspace(cli);
        let names: Vec<String> = (0..CASES).map(|number| format!("c{number}")).collect();
        let configs: Vec<Value> = names
            .iter()
            .map(|name| generator.object(&schema, name, What::Config { unknown: true }))
            .collect();
        let states: Vec<Value> = names
            .iter()
            .map(|name| generator.object(&schema, name, What::State))
            .collect();
        let cases = names.iter().zip(&configs);
        write_config(
            &workspace,
            cases.map(|(name, config)| (CASE, name.as_str(), &schema, config)),
        );
        // Some are new.
        let prior = names.iter().map(String::as_str).zip(&states).skip(CASES / 10);
        write_state(&workspace, &address, prior);
        let dumps = workspace.directory().join(".dumps");
        fs::create_dir(&dumps).unwrap();
        workspace.set_environment("TF_LOG_SDK_PROTO_DATA_DIR", dumps.to_str().unwrap());
        let _ = outcome(workspace.plan_with(&["-refresh=false"]).await.map(|plan| plan.outcome));
        let asked = asked(&workspace, &schema);
        assert!(asked.len() >= CASES, "{} of {CASES} cases were planned", asked.len());
        let mut kept = 0;
        for Asked {
            prior,
            config,
            proposed,
        } in asked
        {
            assert_eq!(
                proposed_new(&schema, &prior, &config),
                proposed,
                "prior {prior:?}\nconfig {config:?}"
            );
            kept += usize::from(!prior.is_null() && proposed != config);
        }
        assert!(
            kept > CASES / 2,
            "prior values were proposed in {kept} of {CASES} cases"
        );
    }
}

/// All requests for plans, from the dumps.
fn asked(workspace: &Workspace, schema: &Schema) -> Vec<Asked> {
    let mut by_time: BTreeMap<String, Asked> = BTreeMap::new();
    for entry in workspace.directory().join(".dumps").read_dir().unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let Some((time, field)) = name.split_once("_PlanResourceChange_Request_") else {
            continue;
        };
        let value = || schema.lift(msgpack::decode(&fs::read(entry.path()).unwrap(), &schema.wire_type()).unwrap());
        let asked = by_time.entry(time.to_owned()).or_default();
        match field {
            "PriorState.msgpack" => asked.prior = value(),
            "Config.msgpack" => asked.config = value(),
            "ProposedNewState.msgpack" => asked.proposed = value(),
            _ => {}
        }
    }
    by_time.into_values().collect()
}
