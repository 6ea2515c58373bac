//! Machines in a vCenter: how long they take, how many calls the provider makes for them, and how much memory it needs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use acceptance_tests::tofu::{Cli, Workspace};
use acceptance_tests::vcenter::{Options, VCenter};

use super::plugin::{Measured, Used};
use super::report::{Target, mib, print_table, seconds};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// The number of machines that the targets are for.
const TARGET_MACHINES: usize = 100;

/// The phase that most runs of a command line are: nothing was changed.
const NO_CHANGE: &str = "plan without changes";

const PLAN: &[&str] = &["plan", "-json", "-input=false"];
const APPLY: &[&str] = &["apply", "-json", "-input=false", "-auto-approve"];
const DESTROY: &[&str] = &["destroy", "-json", "-input=false", "-auto-approve"];

/// One command, and what it took.
struct Phase {
    name: &'static str,
    wall: Duration,
    usage: Used,
    /// How often the provider called which methods.
    calls: BTreeMap<String, usize>,
}

/// Takes numbers of machines through their lives, each in a vCenter of its own.
pub(super) async fn measure(provider: &Path, numbers: &[usize]) -> Result<Vec<Target>> {
    let measured = Measured::new(provider)?;
    let mut rows = Vec::new();
    let mut targets = Vec::new();
    for &n_machines in numbers {
        let phases = live(&measured, n_machines).await?;
        let plan = phases.iter().find(|phase| phase.name == NO_CHANGE);
        if let Some(plan) = plan.filter(|_| n_machines == TARGET_MACHINES) {
            let calls = plan.n_calls() as f64;
            targets.push(Target::below(
                "calls in a no-change plan of 100 machines",
                "",
                calls,
                20.0,
            ));
        }
        rows.extend(phases.iter().map(|phase| phase.row(n_machines)));
    }
    println!();
    let head = [
        "machines",
        "phase",
        "wall, s",
        "calls",
        "for each",
        "CPU, s",
        "peak, MiB",
        "most of them",
    ];
    print_table(&head, &rows);
    Ok(targets)
}

async fn live(measured: &Measured, n_machines: usize) -> Result<Vec<Phase>> {
    let vcenter = VCenter::start(&Options::default()).await?;
    let mut workspace = Workspace::new(Cli::tofu()?, &measured.script())?;
    workspace.set_limit(LIMIT);
    workspace.write("main.tf", &configuration(&vcenter, n_machines)?)?;
    let mut phases = Vec::new();
    // The first plan after a creation notes at each machine that a state has it.
    for (name, command) in [
        ("create", APPLY),
        ("first plan", PLAN),
        (NO_CHANGE, PLAN),
        ("destroy", DESTROY),
    ] {
        vcenter.forget_requests().await?;
        let start = Instant::now();
        let run = workspace.run(command).await;
        let wall = start.elapsed();
        run.with_context(|| name)?;
        let mut calls = BTreeMap::new();
        for method in vcenter.methods().await? {
            *calls.entry(method).or_default() += 1;
        }
        phases.push(Phase {
            name,
            wall,
            usage: measured.take()?,
            calls,
        });
    }
    Ok(phases)
}

/// Machines with an address each.
fn configuration(vcenter: &VCenter, n_machines: usize) -> Result<String> {
    let (host, port) = vcenter.address().rsplit_once(':').context("an address has a port")?;
    let (user, password, ca) = (vcenter.user(), vcenter.password(), json!(vcenter.ca_pem()));
    Ok(format!(
        "provider \"cht\" {{
          vsphere = {{
            server         = {host:?}
            port           = {port}
            user           = {user:?}
            password       = {password:?}
            ca_certificate = {ca}
          }}
        }}
        resource \"cht_vsphere_virtual_machine\" \"bench\" {{
          count               = {n_machines}
          name                = \"node-${{count.index}}\"
          cluster             = \"DC0_C0\"
          datastore           = \"LocalDS_0\"
          template            = \"ubuntu\"
          cpus                = 2
          memory_mib          = 2048
          deletion_protection = false
          network_interfaces  = [{{ network = \"DC0_DVPG0\", addresses = [\"10.20.1.${{count.index + 1}}/24\"] }}]
        }}"
    ))
}

impl Phase {
    fn n_calls(&self) -> usize {
        self.calls.values().sum()
    }

    fn row(&self, n_machines: usize) -> Vec<String> {
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_by_key(|(_, n_calls)| std::cmp::Reverse(**n_calls));
        let busiest: Vec<String> = calls.iter().take(4).map(|(what, n)| format!("{n} {what}")).collect();
        vec![
            n_machines.to_string(),
            self.name.to_owned(),
            seconds(self.wall),
            self.n_calls().to_string(),
            format!("{:.2}", self.n_calls() as f64 / n_machines as f64),
            seconds(self.usage.processor),
            mib(self.usage.peak_kib),
            busiest.join(", "),
        ]
    }
}
