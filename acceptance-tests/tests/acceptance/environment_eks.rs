//! `examples/environments/eks`: a whole cloud in one apply, from nothing, upgraded, and gone without a trace; with what
//! the example's policy allows to whoever applies it.
//!
//! [`site`] is the example in a cloud, [`killed`] kills the provider on the way.

mod killed;
mod site;

use std::collections::{BTreeMap, BTreeSet};

use acceptance_tests::aws::{Asked, Call, Policy};
use serde_json::json;

use self::site::{Site, folder, is_golden};

const CLUSTER: &str = "cht_eks_cluster.this";

/// What whoever applies the example may do.
const POLICY: &str = "operator-policy.json";

/// How often each action was called.
fn counted(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.action.as_str()).or_default() += 1;
    }
    counts
}

/// What a plan without changes costs, as performance.md shows it.
#[expect(clippy::print_stdout, reason = "whoever brings the page up to date copies it")]
fn print_table(calls: &[Call]) {
    println!("| service | operation | calls |\n| --- | --- | --- |");
    let counts = counted(calls);
    for (action, count) in &counts {
        let (service, operation) = action.split_once(':').unwrap_or_default();
        println!("| {service} | {operation} | {count} |");
    }
    println!("| | | {} |", calls.len());
}

/// What the policy of the example does not allow of what was called.
fn refused(calls: &[Call], account: &str) -> BTreeSet<String> {
    let policy = Policy::read(&folder().join(POLICY)).expect("a policy");
    let asked = calls.iter().flat_map(|call| Asked::of(call, account));
    let refused = asked.filter(|asked| !policy.allows(asked));
    refused.map(|asked| format!("{asked:?}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cloud_comes_in_one_apply_is_upgraded_and_leaves_nothing() {
    let Some(site) = Site::new().await else { return };
    let (steps, account) = (&site.steps, &site.cloud.account);
    let plan = steps.plan().await;
    assert!(plan.changes().count() >= 12, "all is planned from nothing");
    assert!(
        account.left().await.expect("AWS answers").len() == 1,
        "a plan makes nothing"
    );
    steps.apply().await;
    steps.is_settled().await;

    let counties = steps.workspace.output("urls").await.expect("an output");
    assert_eq!(
        counties,
        json!({"kisumu": "https://kisumu.health.example/", "siaya": "https://siaya.health.example/"})
    );
    site.is_whole().await;

    // What a plan without changes costs: one look at each object, and lists where there is a list.
    let before = site.calls().len();
    steps.plan().await;
    let calls = site.calls().split_off(before);
    print_table(&calls);
    is_golden("plan.json", &counted(&calls));
    let changing: Vec<_> = calls.iter().filter(|call| call.is_change()).collect();
    assert!(changing.is_empty(), "{changing:#?}");
    let before = steps.state(CLUSTER).await;
    let mut variables = site.script.first.clone();
    variables.extend(site.script.change.clone());
    site.set(&variables);
    let plan = steps.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    let cluster = plan.change(CLUSTER).expect("a change");
    assert_eq!(cluster.after["endpoint"], before["endpoint"], "it stays known");
    steps.apply().await;
    steps.is_settled().await;
    assert_eq!(steps.state("cht_eks_node_group.this[0]").await["version"], "1.35");

    steps.destroy().await;
    site.cloud.is_empty().await.expect("nothing is left");
    assert!(site.cloud.load_balancers.take_problems().is_empty());
    let refused = refused(&site.calls(), account.id());
    assert!(refused.is_empty(), "{POLICY} does not allow {refused:#?}");
}
