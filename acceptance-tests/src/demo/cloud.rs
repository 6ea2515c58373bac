//! The demonstration of a cloud: network, cluster, machines, load balancer, certificate, names and CHT come in one
//! apply, are upgraded in another, and leave nothing behind.

use std::path::Path;

use anyhow::{Result, bail};

use acceptance_tests::aws;
use acceptance_tests::cloud::Cloud;
use acceptance_tests::environment::Script;

use super::{begin_in, change, nothing_to_do, show_outcome, step, wait_for_user};
use crate::checks::build_provider;

/// Goes through the script.
pub(super) async fn run(environment: &Path, script: Script, keep: bool) -> Result<()> {
    if let Some(reason) = aws::missing() {
        bail!(reason);
    }
    let provider = build_provider()?;
    let (cloud, script) = step("Start an account of AWS with a hosted zone", Cloud::of(script)).await?;
    println!("    AWS is played on this computer: nothing is made elsewhere, and nothing costs anything.");
    let workspace = cloud.workspace(environment, &provider)?;
    let workspace = begin_in(workspace, &script).await?;
    show_account(&cloud).await?;
    if keep {
        let hint = format!("export KUBECONFIG={}", cloud.lab.cluster.kubeconfig().display());
        return wait_for_user(&workspace, &[hint]).await;
    }
    change(&workspace, &script).await?;
    nothing_to_do(&workspace).await?;
    show_outcome(&step("Destroy", workspace.destroy()).await?);
    cloud.is_empty().await?;
    println!("\n    boto3 finds nothing in the account any more but the hosted zone that was there before.");
    Ok(())
}

/// Prints what there is in the account, as boto3 finds it.
async fn show_account(cloud: &Cloud) -> Result<()> {
    println!("\n    The account has, as boto3 finds it:");
    for (kind, names) in cloud.account.left().await? {
        println!("    {}: {}", kind.replace('_', " "), names.join(", "));
    }
    Ok(())
}
