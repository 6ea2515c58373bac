//! A cluster of k3s on hosts: how long it takes to make, also one host after the other, and what a plan without changes
//! costs each host.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use acceptance_tests::hosts;
use acceptance_tests::k3s::lab::K3sLab;
use acceptance_tests::tofu::{Cli, Workspace};

use super::report::{Target, print_table, seconds};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// How large the cluster is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) servers: usize,
    pub(super) agents: usize,
}

/// Makes the cluster, plans, and makes it again one host after the other.
pub(super) async fn measure(provider: &Path, stand_in: &Path, size: Size) -> Result<Vec<Target>> {
    if let Some(reason) = hosts::missing() {
        bail!(reason);
    }
    let count = size.servers + size.agents;
    let lab = K3sLab::start(stand_in, count).await?;
    let mut workspace = Workspace::new(Cli::tofu()?, provider)?;
    workspace.set_limit(LIMIT);
    workspace.write("main.tf", &configuration(&lab, size)?)?;

    let together = time(&workspace, &["apply", "-input=false", "-auto-approve"]).await?;
    let mut since = Vec::new();
    for host in lab.hosts().iter() {
        since.push(host.watch_ssh().await?);
    }
    let start = Instant::now();
    if !workspace.plan().await?.is_empty() {
        bail!("the second plan is not empty");
    }
    let plan = start.elapsed();
    let (mut connections, mut commands) = (0, 0);
    for (host, since) in lab.hosts().iter().zip(&since) {
        let used = host.ssh_since(since).await?;
        connections += used.connections;
        commands += used.commands;
    }
    workspace.destroy().await?;
    let one_by_one = ["apply", "-input=false", "-auto-approve", "-parallelism=1"];
    let one_by_one = time(&workspace, &one_by_one).await?;
    workspace.destroy().await?;

    println!("\nA cluster of {} servers and {} agents:\n", size.servers, size.agents);
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let each = |number: usize| format!("{:.2}", number as f64 / count as f64);
    print_table(
        &["", ""],
        &[
            row("create, s", seconds(together)),
            row("create, one agent after the other, s", seconds(one_by_one)),
            row("plan without changes, s", seconds(plan)),
            row("SSH connections for each host in it", each(connections)),
            row("commands for each host in it", each(commands)),
        ],
    );
    let each = |number: usize| number as f64 / count as f64;
    Ok(vec![
        Target::below(
            "connections for each host in a no-change plan",
            "",
            each(connections),
            1.05,
        ),
        Target::below("commands for each host in a no-change plan", "", each(commands), 1.05),
    ])
}

/// The servers are one resource, each agent is one.
fn configuration(lab: &K3sLab, size: Size) -> Result<String> {
    let version = lab.first_version();
    let binary = lab.release(version)?.attribute();
    let (servers, agents): (Vec<_>, Vec<_>) = lab.hosts().iter().enumerate().partition(|(n, _)| *n < size.servers);
    let map = |hosts: Vec<(usize, &hosts::Host)>| -> String {
        let line = |(_, host): &(usize, &hosts::Host)| format!("{} = {{ host = \"{}\" }}\n", host.name(), host.ip());
        hosts.iter().map(line).collect()
    };
    Ok(format!(
        "{}
        resource \"cht_k3s_cluster\" \"bench\" {{
          version             = {version:?}
          binary              = {binary}
          deletion_protection = false
          servers = {{
            {}
          }}
        }}
        resource \"cht_k3s_agent\" \"bench\" {{
          for_each = {{
            {}
          }}
          cluster = cht_k3s_cluster.bench.join
          name    = each.key
          host    = each.value.host
          binary  = {binary}
        }}",
        lab.provider_block()?,
        map(servers),
        map(agents)
    ))
}

async fn time(workspace: &Workspace, arguments: &[&str]) -> Result<Duration> {
    let start = Instant::now();
    workspace.run(arguments).await?;
    Ok(start.elapsed())
}
