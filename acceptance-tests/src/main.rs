//! `cargo xtask`: the project's chores, the same by hand and in CI.
//!
//! `test` is in `checks.rs`, `demo` in `demo.rs`, `docs` in `docs.rs`, `bench` in `bench/`; the lab that they use is
//! this crate's library.

#![expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]

mod bench;
mod checks;
mod demo;
mod docs;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};

use acceptance_tests::hosts::{self, Hosts, User};
use acceptance_tests::lab::Lab;
use acceptance_tests::tools;

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run everything that CI runs: format, lints, tests, fuzzing, documentation, and the acceptance tests on the lab
    Test(checks::Arguments),
    /// Build a whole environment on the lab, change it, and tear it down
    Demo(demo::Arguments),
    /// Write the reference documentation from the schema and the examples
    Docs(docs::Arguments),
    /// Measure what the provider costs, beside peers
    Bench(bench::Arguments),
    #[command(hide = true)]
    MeasuredPlugin(bench::plugin::Arguments),
    /// Build all tools of the lab, and the fuzzer
    Tools,
    /// Run the lab's cluster
    #[command(subcommand)]
    Lab(LabChore),
    /// Run the lab's hosts
    #[command(subcommand)]
    Hosts(HostsChore),
}

#[derive(Subcommand)]
enum LabChore {
    /// Start a cluster and keep it until Ctrl-C
    Up,
}

#[derive(Subcommand)]
enum HostsChore {
    /// Start so many hosts and keep them until Ctrl-C
    Up {
        #[arg(default_value_t = 1)]
        count: usize,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let done = match Arguments::parse().chore {
        Chore::Test(arguments) => checks::run(&arguments).await,
        Chore::Demo(arguments) => demo::run(arguments).await,
        Chore::Docs(arguments) => docs::run(&arguments).await,
        Chore::Bench(arguments) => bench::run(&arguments).await,
        Chore::MeasuredPlugin(arguments) => return bench::plugin::run(&arguments),
        Chore::Tools => {
            let of_cargo = [
                ("cargo-deny", tools::cargo_deny()?),
                ("cargo-fuzz", tools::cargo_fuzz()?),
            ];
            for (name, path) in tools::all()?.into_iter().chain(of_cargo) {
                println!("{name}: {}", path.display());
            }
            if hosts::missing().is_none() {
                hosts::prepare()?;
            }
            Ok(())
        }
        Chore::Lab(LabChore::Up) => up().await,
        Chore::Hosts(HostsChore::Up { count }) => hosts_up(count).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn up() -> Result<()> {
    let lab = Lab::start().await?;
    let cluster = &lab.cluster;
    println!("The cluster is ready at {}. Use it with:\n", cluster.host());
    println!(
        "    export KUBECONFIG={}\n    kubectl get nodes\n",
        cluster.kubeconfig().display()
    );
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}

async fn hosts_up(count: usize) -> Result<()> {
    if let Some(reason) = hosts::missing() {
        bail!(reason);
    }
    let hosts = Hosts::start(count).await?;
    for host in hosts.iter() {
        println!("{} is up at {}, known by {}", host.name(), host.ip(), host.host_key()?);
        println!("    ssh -i {} root@{}", hosts.ssh_key().display(), host.ip());
    }
    println!(
        "\nUsers: {}. Password: {}",
        User::ALL.map(User::name).join(", "),
        hosts.password()
    );
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}
