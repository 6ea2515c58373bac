//! The rules for plans and results: the framework refuses what the cores refuse, and nothing else.

use acceptance_tests::everything::scripted::{Answers, Script, encoded};
use acceptance_tests::tofu::{Cli, PLAN_FILE};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::lifecycle::check::{assert_apply_valid, assert_plan_valid, assert_replan_compatible};
use tf_framework::lifecycle::proposed::proposed_new;
use tf_framework::path::Path;
use tf_framework::value::Value;

use crate::generate::{Generator, What, undecided};
use crate::run::{
    CASE, Refusal, assert_same_refusals, outcome, schema, set_script, workspace, write_config, write_state,
};
use crate::support::seed;

const CASES: usize = 120;

fn names() -> Vec<String> {
    (0..CASES).map(|number| format!("c{number}")).collect()
}

/// What the framework refuses and the cores let pass, each with the reason.
type Stricter = [(&'static str, &'static str)];

/// In plans.
const STRICTER_IN_PLANS: &Stricter = &[(
    "was planned to be known, but is configured unknown",
    "cores count the elements of sets, and do not know how many are configured",
)];

/// In second plans and results.
const STRICTER_IN_RESULTS: &Stricter = &[
    (
        "are null, but where there are none they are empty",
        "cores look at that in plans only, but the next plan would show a change",
    ),
    (
        "is null, but in the new state it is dynamic(",
        "for cores, a null of any type has no type, and anything may follow",
    ),
];

/// What the framework refuses, told with everything that it follows from.
fn refusal(stricter: &Stricter, name: &str, defects: &Diagnostics, values: &[&Value]) -> Option<Refusal> {
    let details: Vec<&str> = defects
        .iter()
        .map(|defect| defect.detail.lines().next().unwrap_or_default())
        .collect();
    let is_stricter = |detail: &&str| stricter.iter().any(|(problem, _)| detail.contains(problem));
    (!defects.is_empty()).then(|| Refusal {
        case: name.to_owned(),
        told: format!("{details:?}\n{values:?}"),
        is_stricter: details.iter().all(is_stricter),
    })
}

/// A reason that no case needs is none: what it once excused would go unnoticed. And between a quarter and three
/// quarters of the cases are refused, so that both answers are compared.
fn assert_used(stricter: &Stricter, refused: &[Refusal]) {
    for (problem, reason) in stricter {
        assert!(
            refused.iter().any(|refusal| refusal.told.contains(problem)),
            "nothing {problem}, so there is nothing of which {reason}"
        );
    }
    let n_refused = refused.len();
    assert!(
        (CASES / 4..=CASES * 3 / 4).contains(&n_refused),
        "{n_refused} of {CASES} are refused"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn plans_are_refused_as_cores_refuse_them() {
    let schema = schema();
    let of = schema.value_type();
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let address = cli.provider_address("medic/everything");
        let mut workspace = workspace(cli);
        let names = names();
        let (mut configs, mut states, mut script, mut refused) = (vec![], vec![], Script::new(), vec![]);
        for name in &names {
            let config = generator.object(&schema, name, What::Config { unknown: true });
            let is_new = generator.once_in(3);
            let prior = if is_new {
                Value::Null
            } else {
                generator.object(&schema, name, What::State)
            };
            let mut planned = undecided(&schema.attributes, &proposed_new(&schema, &prior, &config));
            for _ in 0..generator.below(3) {
                planned = generator.mutated(&planned, &of);
            }
            let replace: Option<&str> = generator.once_in(10).then_some(["text", "no_such"][generator.below(2)]);
            let paths: Vec<Path> = replace.filter(|_| !is_new).map(Path::new).into_iter().collect();
            let defects = assert_plan_valid(&schema, &prior, &config, &planned, &paths);
            refused.extend(refusal(STRICTER_IN_PLANS, name, &defects, &[&prior, &config, &planned]));
            let answers = Answers {
                planned: Some(encoded(&planned).unwrap()),
                requires_replace: replace.map(str::to_owned).into_iter().collect(),
                applied: None,
            };
            script.insert(name.clone(), answers);
            configs.push(config);
            states.push(prior);
        }
        let cases = names.iter().zip(&configs);
        write_config(
            &workspace,
            cases.map(|(name, config)| (CASE, name.as_str(), &schema, config)),
        );
        let prior = names.iter().map(String::as_str).zip(&states);
        write_state(&workspace, &address, prior.filter(|(_, state)| !state.is_null()));
        set_script(&mut workspace, &script);
        assert_used(STRICTER_IN_PLANS, &refused);
        let told = outcome(workspace.plan_with(&["-refresh=false"]).await.map(|plan| plan.outcome));
        assert_same_refusals(&told, &refused);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn second_plans_and_results_are_refused_as_cores_refuse_them() {
    let schema = schema();
    let of = schema.value_type();
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let mut workspace = workspace(cli);
        let names = names();
        let (mut configs, mut first, mut second, mut refused) = (vec![], Script::new(), Script::new(), vec![]);
        for name in &names {
            let config = generator.object(&schema, name, What::Config { unknown: false });
            let planned = undecided(&schema.attributes, &config);
            let mut again = planned.clone();
            let mut applied = generator.resolved(&planned, &of);
            match generator.below(3) {
                0 => again = generator.mutated(&again, &of),
                1 => applied = generator.mutated(&applied, &of),
                _ => {}
            }
            let mut defects = assert_plan_valid(&schema, &Value::Null, &config, &again, &[]);
            defects.append(assert_replan_compatible(&schema, &planned, &again));
            if defects.is_empty() {
                defects = assert_apply_valid(&schema, &again, &applied);
            }
            refused.extend(refusal(
                STRICTER_IN_RESULTS,
                name,
                &defects,
                &[&config, &planned, &again, &applied],
            ));
            let answers = |planned: &Value| Answers {
                planned: Some(encoded(planned).unwrap()),
                requires_replace: Vec::new(),
                applied: Some(encoded(&applied).unwrap()),
            };
            first.insert(name.clone(), answers(&planned));
            second.insert(name.clone(), answers(&again));
            configs.push(config);
        }
        let cases = names.iter().zip(&configs);
        write_config(
            &workspace,
            cases.map(|(name, config)| (CASE, name.as_str(), &schema, config)),
        );
        set_script(&mut workspace, &first);
        assert_used(STRICTER_IN_RESULTS, &refused);
        workspace.plan_with(&["-refresh=false"]).await.unwrap();
        set_script(&mut workspace, &second);
        let apply = ["apply", "-json", "-input=false", PLAN_FILE];
        assert_same_refusals(&outcome(workspace.run(&apply).await), &refused);
    }
}
