//! The demonstration of a data center: machines of a vCenter, a cluster on them and CHT in it come and go together, and
//! what somebody does in the vCenter meanwhile is noticed and put right.

use std::path::Path;

use anyhow::{Context, Result, bail};

use acceptance_tests::data_center::cloud_init::DEFAULT_USER;
use acceptance_tests::data_center::{self, CLUSTER_USER, DataCenter};
use acceptance_tests::environment::Script;
use acceptance_tests::hosts::Hosts;
use acceptance_tests::k3s::lab::K3sLab;
use acceptance_tests::tofu::Workspace;

use super::{begin, change, nothing_to_do, plan, show_outcome, step, wait_for_user};
use crate::checks::{build_provider, build_stand_in};

/// Goes through the script.
pub(super) async fn run(environment: &Path, script: Script, keep: bool) -> Result<()> {
    let (provider, stand_in) = (build_provider()?, build_stand_in()?);
    let title = format!(
        "Start a vCenter with a template, and room for {} machines",
        script.machines
    );
    let room = data_center::places(script.machines);
    let start = async {
        let mut lab = K3sLab::with(&stand_in, &room).await?;
        lab.play_cht().await?;
        let center = DataCenter::start(&lab).await?;
        anyhow::Ok((lab, center))
    };
    let (lab, center) = step(&title, start).await?;
    if !lab.plays_k3s() {
        bail!("the demonstration runs CHT, which needs the stand-in: unset K3S_BINARY");
    }
    let script = script.in_data_center(&center, &lab)?;
    let stage = Stage {
        hosts: lab.hosts(),
        center: &center,
        script: &script,
    };
    let shown = async {
        let workspace = begin(environment, &script, &provider).await?;
        stage.show(&workspace, keep).await
    };
    shown
        .await
        .with_context(|| format!("of the machines, the lab says {:?}", center.troubles()))
}

/// What the demonstration is shown on.
struct Stage<'a> {
    hosts: &'a Hosts,
    center: &'a DataCenter,
    script: &'a Script,
}

impl Stage<'_> {
    /// Goes on from where everything is up.
    async fn show(&self, workspace: &Workspace, keep: bool) -> Result<()> {
        self.show_machines().await?;
        if keep {
            return wait_for_user(workspace, &self.hints()).await;
        }
        self.harm(workspace).await?;
        change(workspace, self.script).await?;
        self.show_machines().await?;
        show_outcome(&step("Destroy", workspace.destroy()).await?);
        self.center.is_empty().await?;
        println!(
            "\n    The vCenter has no machine, rule or role any more, {CLUSTER_USER} no permission, and no host is up."
        );
        Ok(())
    }

    /// Somebody cuts a machine's power, and the next apply puts that right.
    async fn harm(&self, workspace: &Workspace) -> Result<()> {
        let Some(harm) = &self.script.harm else { return Ok(()) };
        println!("\nNow somebody cuts the power of {} in the vCenter.", harm.power_off);
        self.center.vcenter.power_off(&harm.power_off).await?;
        plan("Plan the repair", workspace).await?;
        show_outcome(&step("Apply the repair", workspace.apply()).await?);
        nothing_to_do(workspace).await
    }

    /// Prints the machines as the vCenter has them.
    async fn show_machines(&self) -> Result<()> {
        println!("\n    The vCenter has:");
        for machine in self.center.vcenter.machines().await? {
            let kind = if machine.template { "template" } else { "machine" };
            let (guest, address) = (&machine.guest.host_name, &machine.guest.ip_address);
            let size = format!("{} CPUs, {} MiB", machine.cpus, machine.memory_mib);
            println!(
                "    {kind} {} ({}), {size}, {guest} {address}",
                machine.path, machine.power
            );
        }
        Ok(())
    }

    /// How to look at what is up.
    fn hints(&self) -> Vec<String> {
        let key = self.hosts.ssh_key();
        let vcenter = &self.center.vcenter;
        let up = self.hosts.iter().filter(|host| host.is_powered());
        let ssh = up.map(|host| format!("ssh -i {} {DEFAULT_USER}@{}", key.display(), host.ip()));
        ssh.chain([format!(
            "# the vCenter is at {}, {} may do everything",
            vcenter.url(),
            vcenter.user()
        )])
        .collect()
    }
}
