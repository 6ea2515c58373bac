//! Whether the machines of a group fit into the quota of EC2 that counts them. It is an error only where the group
//! could not come up if nothing else ran in the account.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::InstanceTypeInfo;
use tf_framework::Attr;
use tf_framework::diagnostics::Diagnostic;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::super::super::account::Account;
use super::super::super::ec2::quotas::Quota;
use super::super::super::ec2::room::{Demand, GroupName, Standing, vcpus_of};
use super::super::NodeGroupResource;
use super::super::model::{NodeGroupModel, ScalingConfig};
use super::super::plan::known;

/// Machines that AWS may take away again.
const SPOT: &str = "SPOT";

/// A group that is to have more machines, or larger ones, as far as its plan tells.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    group: GroupName,
    is_spot: bool,
    wanted: Machines,
    /// What there was by the last plan, if it is not made anew.
    before: Option<Machines>,
    /// The attribute that says how many there are.
    size: &'static str,
}

/// So many machines, each of one of these types.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Machines {
    count: u64,
    types: Vec<String>,
}

/// How many vCPUs machines of types have.
type Vcpus = BTreeMap<String, u64>;

impl Growth {
    /// What a plan lets grow; nothing if that is nothing, or not known yet.
    pub(super) fn of(
        plan: &Plan<'_, '_, NodeGroupResource>,
        planned: &Draft<NodeGroupResource>,
        is_new: bool,
    ) -> Option<Self> {
        let sizes = planned.scaling_config.known()?;
        let (count, size) = match &sizes.desired_size {
            Attr::Known(desired) => (*desired, ScalingConfig::DESIRED_SIZE),
            Attr::Null => (*sizes.min_size.known()?, ScalingConfig::MIN_SIZE),
            Attr::Unknown => return None,
        };
        let before = plan.prior.as_ref().filter(|_| !is_new).map(|prior| {
            let sizes = &prior.scaling_config;
            Machines {
                count: sizes.desired_size.unwrap_or(sizes.min_size).into(),
                types: prior.instance_types.clone(),
            }
        });
        let growth = Growth {
            // Who makes the cluster in the same run may not know its name yet.
            group: GroupName(
                planned.cluster_name.known().cloned().unwrap_or_default(),
                planned.node_group_name.known()?.clone(),
            ),
            is_spot: planned.capacity_type.known()? == SPOT,
            wanted: Machines {
                count: count.into(),
                types: known(&planned.instance_types)?,
            },
            before,
            size,
        };
        growth.may_be().then_some(growth)
    }

    fn may_be(&self) -> bool {
        let is_other = |before: &Machines| self.wanted.count > before.count || self.wanted.types != before.types;
        self.wanted.count > 0 && self.before.as_ref().is_none_or(is_other)
    }

    /// The quota, if one counts all of the types.
    fn quota(&self) -> Option<Quota> {
        let mut quotas = self.wanted.types.iter().map(|kind| Quota::of(kind, self.is_spot));
        let first = quotas.next()??;
        quotas.all(|other| other == Some(first)).then_some(first)
    }

    /// How many vCPUs its machines have, and had. Some types may have been asked about already.
    async fn vcpus(&self, account: &Account, asked: Option<&[InstanceTypeInfo]>) -> Option<Vcpus> {
        let mut vcpus = asked.map(vcpus_of).unwrap_or_default();
        let types = [Some(&self.wanted), self.before.as_ref()].into_iter().flatten();
        let types = types.flat_map(|machines| &machines.types);
        let others: Vec<String> = types.filter(|kind| !vcpus.contains_key(*kind)).cloned().collect();
        if !others.is_empty() {
            vcpus.extend(account.vcpus(&others).await?);
        }
        Some(vcpus)
    }
}

impl Machines {
    /// The type with the fewest vCPUs, and these: nobody knows which one AWS takes.
    fn smallest(&self, vcpus: &Vcpus) -> Option<(&str, u64)> {
        let each = self.types.iter().map(|kind| Some((kind.as_str(), *vcpus.get(kind)?)));
        let each: Option<Vec<(&str, u64)>> = each.collect();
        each?.into_iter().min_by_key(|(_, vcpus)| *vcpus)
    }

    /// How many vCPUs they have together, at least.
    fn total(&self, vcpus: &Vcpus) -> Option<u64> {
        Some(self.count * self.smallest(vcpus)?.1)
    }
}

/// What is wrong: an error, or a warning. Some types may have been asked about already.
pub(super) async fn check(
    account: &Account,
    growth: &Growth,
    asked: Option<&[InstanceTypeInfo]>,
) -> Option<Diagnostic> {
    let quota = growth.quota()?;
    let vcpus = growth.vcpus(account, asked).await?;
    let needed = growth.wanted.total(&vcpus)?;
    let before = growth.before.as_ref().and_then(|before| before.total(&vcpus));
    if before.is_some_and(|before| before >= needed) {
        return None;
    }
    let demand = Demand {
        group: growth.group.clone(),
        quota,
        vcpus: needed,
    };
    let case = Case {
        growth,
        vcpus: &vcpus,
        quota,
        region: account.region(),
        standing: account.standing(&demand).await?,
    };
    case.judge()
}

/// All that a group is judged by.
struct Case<'a> {
    growth: &'a Growth,
    vcpus: &'a Vcpus,
    quota: Quota,
    region: &'a str,
    standing: Standing,
}

impl Case<'_> {
    fn judge(&self) -> Option<Diagnostic> {
        let Standing { limit, more, .. } = self.standing;
        let (kind, each) = self.growth.wanted.smallest(self.vcpus)?;
        let needed = self.growth.wanted.total(self.vcpus)?;
        if more == 0 || self.standing.total() <= limit {
            return None;
        }
        let machines = self.machines(kind);
        let Quota { code, name } = self.quota;
        let region = self.region;
        let found = if needed > limit {
            let detail = format!(
                "For {machines}, {needed} vCPUs are needed. The account may have {limit} in {region}, by the quota \"{name}\" ({code}) of \
                 EC2, so the group cannot come up.\n\n{}",
                self.way_out()
            );
            Diagnostic::error("Machines exceed the quota", detail)
        } else {
            let detail = format!(
                "For {machines}, {more} vCPUs are needed beside what runs. The account may have {limit} in {region}, by the quota \
                 \"{name}\" ({code}) of EC2, and {}. AWS launches no machine beyond it.\n\n{}",
                self.taken(),
                self.way_out()
            );
            Diagnostic::warning("Machines may not fit into the quota", detail)
        };
        let is_by_type = each > limit
            || self
                .growth
                .before
                .as_ref()
                .is_some_and(|before| before.count >= self.growth.wanted.count);
        Some(match is_by_type {
            true => found.at(NodeGroupModel::INSTANCE_TYPES),
            false => found.at(Path::new(NodeGroupModel::SCALING_CONFIG).attribute(self.growth.size)),
        })
    }

    fn machines(&self, kind: &str) -> String {
        let Machines { count, types } = &self.growth.wanted;
        let noun = if *count == 1 { "machine" } else { "machines" };
        let which = if types.len() > 1 {
            ", the smallest of its types"
        } else {
            ""
        };
        format!("{count} {noun} of `{kind}`{which}")
    }

    /// What others take of the quota.
    fn taken(&self) -> String {
        let Standing {
            limit, in_use, others, ..
        } = self.standing;
        let left = limit.saturating_sub(in_use + others);
        match others {
            0 => format!("{in_use} are in use, which leaves {left}"),
            _ => {
                format!("{in_use} are in use, and {others} are for other node groups of this run, which leaves {left}")
            }
        }
    }

    fn way_out(&self) -> String {
        format!(
            "Ask for {} at least under Service Quotas, Amazon EC2, in that region: the answer takes hours to days. Or choose fewer \
             machines, or smaller ones.",
            self.standing.total()
        )
    }
}

#[cfg(test)]
mod tests;
