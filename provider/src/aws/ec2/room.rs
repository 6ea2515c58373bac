//! What a quota of EC2 leaves for the node groups of a plan: its value, less what runs, less what else is planned.
//!
//! Whoever is first asks, and the others wait for the answer. It holds for the whole run: what an apply makes meanwhile
//! is among what is planned already. Where something may not be looked at, or cannot, nothing is told: the machines may
//! come all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use aws_sdk_ec2::types::{Instance, InstanceLifecycleType, InstanceTypeInfo};
use tokio::sync::OnceCell;
use tracing::debug;

use super::quotas::Quota;
use super::tag;
use crate::aws::account::Account;
use crate::aws::error::Error;

/// How many types are asked about in one call.
const TYPES: usize = 100;

/// Tags that EKS gives the machines of its node groups.
const CLUSTER: &str = "eks:cluster-name";
const GROUP: &str = "eks:nodegroup-name";

/// What is known of quotas in an account and region.
#[derive(Debug, Default)]
pub(in crate::aws) struct Room {
    /// Values by codes; nothing where one is not known.
    values: tokio::sync::Mutex<BTreeMap<&'static str, Option<u64>>>,
    running: OnceCell<Option<Running>>,
    planned: Mutex<Planned>,
}

/// Names a node group: its cluster, and its own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::aws) struct GroupName(pub(in crate::aws) String, pub(in crate::aws) String);

/// What the machines of a node group take once they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::aws) struct Demand {
    pub(in crate::aws) group: GroupName,
    pub(in crate::aws) quota: Quota,
    pub(in crate::aws) vcpus: u64,
}

/// vCPUs of machines, by what counts them and the node group that they are of.
type Running = BTreeMap<(Quota, Option<GroupName>), u64>;

/// What node groups take beside what they have.
type Planned = BTreeMap<GroupName, (Quota, u64)>;

/// How a quota stands when a node group gets its machines, in vCPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::aws) struct Standing {
    /// The value of the quota.
    pub(in crate::aws) limit: u64,
    /// What runs.
    pub(in crate::aws) in_use: u64,
    /// What other node groups of the run take beside that.
    pub(in crate::aws) others: u64,
    /// What the group takes beside what it has.
    pub(in crate::aws) more: u64,
}

impl Standing {
    /// What all of them take together.
    pub(in crate::aws) fn total(&self) -> u64 {
        self.in_use + self.others + self.more
    }
}

impl Account {
    /// How the quota stands when a node group gets its machines; nothing if that cannot be told.
    pub(in crate::aws) async fn standing(&self, demand: &Demand) -> Option<Standing> {
        let room = self.room();
        let limit = self.quota_value(demand.quota).await?;
        let running = room.running.get_or_init(|| async { told(self.running().await) }).await;
        let running = running.as_ref()?;
        let mut planned = room.planned.lock().unwrap_or_else(PoisonError::into_inner);
        Some(take(demand, limit, running, &mut planned))
    }

    /// How many vCPUs machines of types have; nothing if that cannot be told. What is unknown is not in it.
    pub(in crate::aws) async fn vcpus(&self, types: &[String]) -> Option<BTreeMap<String, u64>> {
        told(self.machine_types(types).await).map(|known| vcpus_of(&known))
    }

    async fn quota_value(&self, quota: Quota) -> Option<u64> {
        let mut values = self.room().values.lock().await;
        if let Some(value) = values.get(quota.code) {
            return *value;
        }
        let value = told(self.quota_of_ec2(quota.code).await).flatten();
        let value = value.map(|value| value as u64);
        values.insert(quota.code, value);
        value
    }

    async fn running(&self) -> Result<Running, Error> {
        let machines = self.machines_that_run().await?;
        let types: BTreeSet<String> = machines.iter().filter_map(kind).map(str::to_owned).collect();
        let mut vcpus = BTreeMap::new();
        for types in Vec::from_iter(types).chunks(TYPES) {
            vcpus.extend(vcpus_of(&self.machine_types(types).await?));
        }
        Ok(counted(&machines, &vcpus))
    }
}

/// How many vCPUs machines of types have.
pub(in crate::aws) fn vcpus_of(types: &[InstanceTypeInfo]) -> BTreeMap<String, u64> {
    let of_type = |info: &InstanceTypeInfo| {
        let vcpus = info.v_cpu_info()?.default_v_cpus()?;
        Some((info.instance_type()?.as_str().to_owned(), u64::try_from(vcpus).ok()?))
    };
    types.iter().filter_map(of_type).collect()
}

/// What was answered, if something was.
fn told<T>(answer: Result<T, Error>) -> Option<T> {
    answer
        .inspect_err(|error| debug!(%error, "whether machines fit into the quota is not known"))
        .ok()
}

fn kind(machine: &Instance) -> Option<&str> {
    machine.instance_type().map(|kind| kind.as_str())
}

/// What machines take of quotas. What is neither On-Demand nor spot, as blocks of capacity, is of none.
fn counted(machines: &[Instance], vcpus: &BTreeMap<String, u64>) -> Running {
    let mut running = Running::new();
    for machine in machines {
        let is_spot = match machine.instance_lifecycle() {
            None => false,
            Some(InstanceLifecycleType::Spot) => true,
            Some(_) => continue,
        };
        let Some(kind) = kind(machine) else { continue };
        let Some(quota) = Quota::of(kind, is_spot) else {
            continue;
        };
        let tag = |key| tag(machine.tags(), key).map(str::to_owned);
        let group = tag(CLUSTER)
            .zip(tag(GROUP))
            .map(|(cluster, name)| GroupName(cluster, name));
        *running.entry((quota, group)).or_default() += vcpus.get(kind).copied().unwrap_or_default();
    }
    running
}

/// How the quota stands with a node group, which is planned from now on. One that is planned again counts once.
fn take(demand: &Demand, limit: u64, running: &Running, planned: &mut Planned) -> Standing {
    let of_quota = running.iter().filter(|((quota, _), _)| *quota == demand.quota);
    let own = (demand.quota, Some(demand.group.clone()));
    let more = demand
        .vcpus
        .saturating_sub(running.get(&own).copied().unwrap_or_default());
    planned.insert(demand.group.clone(), (demand.quota, more));
    let others = planned
        .iter()
        .filter(|(group, (quota, _))| **group != demand.group && *quota == demand.quota);
    Standing {
        limit,
        in_use: of_quota.map(|(_, vcpus)| vcpus).sum(),
        others: others.map(|(_, (_, vcpus))| vcpus).sum(),
        more,
    }
}

#[cfg(test)]
mod tests;
