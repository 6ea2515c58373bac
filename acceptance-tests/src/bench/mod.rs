//! `cargo xtask bench`: what the provider costs, beside peers in the same run, as the Markdown tables of
//! `provider/docs/performance.md`.
//!
//! Times depend on the machine, so what counts is their ratio to a peer's; requests and bytes are exact. [`start`]
//! measures processes, [`instances`] whole environments on the lab's cluster, made by one of the [`makers`]; [`plugin`]
//! stands in front of the provider and takes note of what it used. `cargo xtask bench k3s` measures clusters on hosts
//! instead, see [`k3s`], `cargo xtask bench vsphere` machines in a vCenter, see [`vsphere`].

mod instances;
mod k3s;
mod makers;
pub(crate) mod plugin;
mod report;
mod start;
mod vsphere;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use acceptance_tests::cluster::ClusterOptions;
use acceptance_tests::lab::Lab;
use acceptance_tests::tools;

use crate::checks::{build_release_provider, build_stand_in};
use instances::{Phase, Subject};
use makers::Maker;
use report::{Target, mib, milliseconds, print_table, ratio, seconds};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(value_enum, default_value_t = What::Instances)]
    what: What,
    /// How many servers a cluster of k3s has
    #[arg(long, default_value_t = 3)]
    servers: usize,
    /// How many agents a cluster of k3s has
    #[arg(long, default_value_t = 9)]
    agents: usize,
    /// How many machines there are at once in a vCenter
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100])]
    machines: Vec<usize>,
    /// How many instances there are at once; one row of each table for each number
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 50, 200])]
    instances: Vec<usize>,
    /// How often a process is started; the median counts
    #[arg(long, default_value_t = 20)]
    starts: usize,
    /// Measure this provider instead of building one
    #[arg(long)]
    provider: Option<PathBuf>,
    /// Have the same objects made by this binary of hashicorp/helm too
    #[arg(long)]
    helm_provider: Option<PathBuf>,
    /// Only plan, apply and destroy; do not measure starts
    #[arg(long)]
    no_start: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum What {
    /// Processes, and instances on the lab's cluster
    Instances,
    /// A cluster of k3s on the lab's hosts
    K3s,
    /// Machines in the lab's vCenter
    Vsphere,
}

/// How many megabytes the provider may have: 30, and 16 more for the official clients of AWS.
const LARGEST_BINARY: f64 = 46.0;

/// The number of instances that the targets are for.
const TARGET_INSTANCES: usize = 50;

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let provider = match &arguments.provider {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("find {}", path.display()))?,
        None => build_release_provider()?,
    };
    let targets = match arguments.what {
        What::Instances => measure_instances(arguments, provider).await?,
        What::K3s => {
            let Arguments { servers, agents, .. } = *arguments;
            k3s::measure(&provider, &build_stand_in()?, k3s::Size { servers, agents }).await?
        }
        What::Vsphere => vsphere::measure(&provider, &arguments.machines).await?,
    };
    println!();
    for target in &targets {
        println!("{target}");
    }
    report::verdict(&targets)
}

/// Processes, and instances on the lab's cluster.
async fn measure_instances(arguments: &Arguments, provider: PathBuf) -> Result<Vec<Target>> {
    let size = fs::metadata(&provider)?.len() as f64 / 1e6;
    let mut targets = vec![Target::below("release binary", "MB", size, LARGEST_BINARY)];
    if !arguments.no_start {
        targets.push(measure_start(&provider, arguments.starts).await?);
    }
    let lab = Lab::with(ClusterOptions {
        audits_accounts: true,
        ..ClusterOptions::default()
    })
    .await?;
    let subject = Subject::new(&lab, Maker::Cht(provider)).await?;
    let peer = match &arguments.helm_provider {
        Some(binary) => Some(Subject::new(&lab, Maker::Helm(binary.clone())).await?),
        None => None,
    };
    let mut measured = Vec::new();
    for &n_instances in &arguments.instances {
        let phases = subject.measure(n_instances).await?;
        print_phases(n_instances, &subject, &phases);
        if let Some(peer) = &peer {
            print_phases(n_instances, peer, &peer.measure(n_instances).await?);
        }
        measured.push((n_instances, phases));
    }
    targets.extend(phase_targets(&measured));
    Ok(targets)
}

/// Processes by themselves: to the handshake, to the first answer, and below the whole command line.
async fn measure_start(provider: &std::path::Path, starts: usize) -> Result<Target> {
    let ours = start::measure(provider, "cht", starts).await?;
    let peer = start::measure(&tools::empty_provider()?, "empty", starts).await?;
    let row = |what: &str, ours: String, peer: String, ratio: String| vec![what.to_owned(), ours, peer, ratio];
    let timed = |what: &str, ours, peer| row(what, milliseconds(ours), milliseconds(peer), ratio(ours, peer));
    print_table(
        &["", "cht", "an empty provider in Go", "ratio"],
        &[
            timed("start to handshake, ms", ours.handshake, peer.handshake),
            timed("GetProviderSchema, ms", ours.schema, peer.schema),
            timed("`tofu providers schema`, ms", ours.command, peer.command),
            timed("`tofu version`, ms", ours.version, peer.version),
            row(
                "schema, bytes",
                ours.schema_bytes.to_string(),
                peer.schema_bytes.to_string(),
                String::new(),
            ),
            row(
                "binary, MB",
                format!("{:.1}", ours.binary_bytes as f64 / 1e6),
                format!("{:.1}", peer.binary_bytes as f64 / 1e6),
                format!("{:.2}", ours.binary_bytes as f64 / peer.binary_bytes as f64),
            ),
        ],
    );
    let handshake = ours.handshake.as_secs_f64() * 1e3;
    Ok(Target::below("start to handshake", "ms", handshake, 15.0))
}

fn print_phases(n_instances: usize, subject: &Subject<'_>, phases: &[Phase]) {
    let rows: Vec<Vec<String>> = phases
        .iter()
        .map(|phase| {
            vec![
                phase.name.to_owned(),
                seconds(phase.wall),
                phase.n_requests().to_string(),
                format!("{:.1}", phase.n_requests() as f64 / n_instances as f64),
                seconds(phase.usage.processor),
                mib(phase.usage.peak_kib),
                phase.busiest(),
            ]
        })
        .collect();
    println!("\n{n_instances} instances by {}:\n", subject.maker_name());
    let head = [
        "",
        "wall, s",
        "requests",
        "each",
        "provider's CPU, s",
        "provider's peak, MiB",
        "most of them",
    ];
    print_table(&head, &rows);
}

/// What plans without changes and updates have to cost at most, where the right numbers of instances were measured.
fn phase_targets(measured: &[(usize, Vec<Phase>)]) -> Vec<Target> {
    let mut targets = Vec::new();
    let of = |n_instances: usize, name: &str| {
        let (_, phases) = measured.iter().find(|(n, _)| *n == n_instances)?;
        phases.iter().find(|phase| phase.name == name)
    };
    let peak = |phase: &Phase| phase.usage.peak_kib as f64 / 1024.0;
    if let Some(plan) = of(TARGET_INSTANCES, instances::NO_CHANGE) {
        targets.push(Target::below("no-change plan of 50", "s", plan.wall.as_secs_f64(), 1.0));
        targets.push(Target::below("provider's peak memory in it", "MiB", peak(plan), 30.0));
        if let Some(many) = of(4 * TARGET_INSTANCES, instances::NO_CHANGE) {
            let growth = many.wall.as_secs_f64() / plan.wall.as_secs_f64();
            // Linear is four times as much; the rest is for what else the machine does.
            targets.push(Target::below("no-change plan of 200 in those of 50", "", growth, 5.0));
        }
    }
    if let Some(update) = of(TARGET_INSTANCES, instances::UPDATE) {
        let what = "provider's peak memory in an update of 50";
        targets.push(Target::below(what, "MiB", peak(update), 30.0));
    }
    targets
}
