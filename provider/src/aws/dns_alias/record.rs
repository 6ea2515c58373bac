//! Which records there are under a name, and what has to change. Nothing is called here.

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet, RrType};

use super::super::error::Error;
use super::super::route53::{alias, plain};

/// The types of the records by which a name leads somewhere.
const KINDS: [RrType; 2] = [RrType::A, RrType::Aaaa];

/// What names of load balancers begin with where they stand for addresses of IPv4 and IPv6.
const DUALSTACK: &str = "dualstack.";

/// Where a name is to lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    /// The name.
    pub(super) name: String,
    /// The host name of the load balancer.
    pub(super) hostname: String,
    /// The zone in which AWS itself keeps that.
    pub(super) zone_id: String,
    /// Whether the host name has one for addresses of both kinds beside it.
    pub(super) dualstack: bool,
}

impl Goal {
    /// The records as they should be.
    pub(super) fn records(&self) -> Result<Vec<ResourceRecordSet>, Error> {
        let prefix = if self.dualstack { DUALSTACK } else { "" };
        let target = format!("{prefix}{}", self.hostname);
        KINDS
            .into_iter()
            .map(|kind| alias(&self.name, kind, &self.zone_id, &target))
            .collect()
    }

    /// Changes that make the records of nothing.
    pub(super) fn creation(&self, is: &[ResourceRecordSet]) -> Result<Vec<(ChangeAction, ResourceRecordSet)>, Error> {
        let missing = self.records()?.into_iter().filter(|set| !has(is, &set.r#type));
        Ok(missing.map(|set| (ChangeAction::Create, set)).collect())
    }

    /// Changes that make the records of whatever there is.
    pub(super) fn mending(&self, is: &[ResourceRecordSet]) -> Result<Vec<(ChangeAction, ResourceRecordSet)>, Error> {
        let in_the_way = is
            .iter()
            .filter(|set| leads(set) && (!is_simple(set) || set.r#type == RrType::Cname));
        let mut changes: Vec<_> = in_the_way.map(|set| (ChangeAction::Delete, set.clone())).collect();
        let differing = self
            .records()?
            .into_iter()
            .filter(|wanted| !is.iter().any(|set| is_same(set, wanted)));
        changes.extend(differing.map(|set| (ChangeAction::Upsert, set)));
        Ok(changes)
    }

    /// Records that lead elsewhere, in words.
    pub(super) fn others(&self, is: &[ResourceRecordSet]) -> Vec<String> {
        let others = is.iter().filter(|set| leads(set) && !leads_to(set, &self.hostname));
        others.map(words).collect()
    }
}

/// Whether nothing is there by which the name leads anywhere.
pub(super) fn is_empty(is: &[ResourceRecordSet]) -> bool {
    !is.iter().any(leads)
}

/// The host name of the load balancer to which the aliases of a name lead; none if there are no such aliases.
pub(super) fn hostname(is: &[ResourceRecordSet]) -> Option<String> {
    let set = is.iter().find(|set| set.r#type == RrType::A && is_simple(set))?;
    set.alias_target().map(|target| without_prefix(&target.dns_name))
}

/// How the records differ from aliases to a host name, one line for each difference.
pub(super) fn differences(is: &[ResourceRecordSet], wanted: &str) -> Vec<String> {
    let mut lines: Vec<String> = is
        .iter()
        .filter(|set| leads(set) && !leads_to(set, wanted))
        .map(words)
        .collect();
    let missing = KINDS.into_iter().filter(|kind| !has(is, kind));
    lines.extend(missing.map(|kind| format!("there is no record of type {kind}")));
    lines
}

/// The records that lead to a host name, which can be removed.
pub(super) fn leading_to(is: &[ResourceRecordSet], hostname: &str) -> Vec<ResourceRecordSet> {
    let ours = is
        .iter()
        .filter(|set| KINDS.contains(&set.r#type) && leads_to(set, hostname));
    ours.cloned().collect()
}

/// A host name as a load balancer has it.
pub(super) fn without_prefix(name: &str) -> String {
    let name = plain(name);
    name.strip_prefix(DUALSTACK).unwrap_or(&name).to_owned()
}

/// Whether a record says where the name leads; those about mail, keys and the like do not matter.
fn leads(set: &ResourceRecordSet) -> bool {
    KINDS.contains(&set.r#type) || set.r#type == RrType::Cname
}

/// Whether a record is the only one of its type.
fn is_simple(set: &ResourceRecordSet) -> bool {
    set.set_identifier().is_none()
}

fn has(is: &[ResourceRecordSet], kind: &RrType) -> bool {
    is.iter().any(|set| set.r#type == *kind)
}

fn leads_to(set: &ResourceRecordSet, hostname: &str) -> bool {
    let target = set.alias_target().map(|target| without_prefix(&target.dns_name));
    is_simple(set) && target.is_some_and(|target| target == plain(hostname))
}

fn is_same(set: &ResourceRecordSet, wanted: &ResourceRecordSet) -> bool {
    let target = |set: &ResourceRecordSet| set.alias_target().map(|target| plain(&target.dns_name));
    set.r#type == wanted.r#type && is_simple(set) && target(set).is_some() && target(set) == target(wanted)
}

fn words(set: &ResourceRecordSet) -> String {
    let values = set.resource_records().iter().map(|record| record.value.as_str());
    let mut to: Vec<&str> = values.collect();
    to.extend(set.alias_target().map(|target| target.dns_name.trim_end_matches('.')));
    format!("the record of type {} leads to {}", set.r#type, to.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::super::route53::cname;
    use super::*;

    fn goal(hostname: &str) -> Goal {
        Goal {
            name: "siaya.moh.example.org".to_owned(),
            hostname: hostname.to_owned(),
            zone_id: "ZHURV8PSTC4K8".to_owned(),
            dualstack: true,
        }
    }

    fn kinds(changes: &[(ChangeAction, ResourceRecordSet)]) -> Vec<String> {
        changes
            .iter()
            .map(|(action, set)| format!("{} {}", action.as_str(), set.r#type))
            .collect()
    }

    #[test]
    fn both_kinds_of_addresses_lead_to_the_load_balancer() {
        let goal = goal("a.elb.amazonaws.com");
        let records = goal.records().unwrap();
        let target = records[1].alias_target().unwrap();
        assert_eq!(target.dns_name, "dualstack.a.elb.amazonaws.com");
        assert_eq!(kinds(&goal.creation(&[]).unwrap()), ["CREATE A", "CREATE AAAA"]);
        assert_eq!(hostname(&records).as_deref(), Some("a.elb.amazonaws.com"));
        assert!(differences(&records, "A.elb.amazonaws.com.").is_empty());
        assert_eq!(leading_to(&records, "a.elb.amazonaws.com").len(), 2);
        assert!(leading_to(&records, "b.elb.amazonaws.com").is_empty());
    }

    #[test]
    fn what_others_have_made_is_told_and_only_replaced_on_demand() {
        let goal = goal("a.elb.amazonaws.com");
        let theirs = [cname(&goal.name, "old.example.org").unwrap()];
        assert_eq!(
            goal.others(&theirs),
            ["the record of type CNAME leads to old.example.org"]
        );
        assert_eq!(
            kinds(&goal.mending(&theirs).unwrap()),
            ["DELETE CNAME", "UPSERT A", "UPSERT AAAA"]
        );
        assert_eq!(differences(&theirs, &goal.hostname).len(), 3);
    }

    #[test]
    fn a_new_load_balancer_is_a_change_of_both() {
        let is = goal("a.elb.amazonaws.com").records().unwrap();
        let moved = goal("b.elb.amazonaws.com");
        assert_eq!(kinds(&moved.mending(&is).unwrap()), ["UPSERT A", "UPSERT AAAA"]);
        assert_eq!(kinds(&moved.mending(&is[..0]).unwrap()), ["UPSERT A", "UPSERT AAAA"]);
        let half = &is[..1];
        assert_eq!(
            kinds(&goal("a.elb.amazonaws.com").mending(half).unwrap()),
            ["UPSERT AAAA"]
        );
        assert_eq!(
            differences(half, "a.elb.amazonaws.com"),
            ["there is no record of type AAAA"]
        );
    }
}
