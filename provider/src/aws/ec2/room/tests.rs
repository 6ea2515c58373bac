//! What runs, what is planned, and who asks.

use aws_sdk_ec2::types::Tag;

use super::*;
use crate::aws::testing::{Answer, Peer};

fn named(name: &str) -> GroupName {
    GroupName("moh".to_owned(), name.to_owned())
}

fn demand(group: &str, is_spot: bool, vcpus: u64) -> Demand {
    Demand {
        group: named(group),
        quota: Quota::of("m7g.xlarge", is_spot).unwrap(),
        vcpus,
    }
}

fn machine(kind: &str, lifecycle: Option<InstanceLifecycleType>, group: Option<&str>) -> Instance {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let tags = group.map(|group| vec![tag(CLUSTER, "moh"), tag(GROUP, group)]);
    Instance::builder()
        .instance_type(kind.into())
        .set_instance_lifecycle(lifecycle)
        .set_tags(tags)
        .build()
}

fn running() -> Running {
    let vcpus = [("m7g.xlarge", 4_u64), ("c7g.large", 2), ("g5.xlarge", 4)];
    let vcpus = vcpus.map(|(kind, vcpus)| (kind.to_owned(), vcpus));
    let vcpus = BTreeMap::from(vcpus);
    let machines = [
        machine("m7g.xlarge", None, Some("a")),
        machine("m7g.xlarge", None, Some("a")),
        machine("c7g.large", None, None),
        machine("m7g.xlarge", Some(InstanceLifecycleType::Spot), Some("b")),
        machine("m7g.xlarge", Some(InstanceLifecycleType::CapacityBlock), None),
        machine("g5.xlarge", None, None),
    ];
    counted(&machines, &vcpus)
}

#[test]
fn what_runs_counts_for_the_quota_of_its_family_and_of_how_it_is_paid() {
    let mut planned = Planned::new();
    let on_demand = take(&demand("c", false, 8), 32, &running(), &mut planned);
    assert_eq!((on_demand.in_use, on_demand.more, on_demand.total()), (10, 8, 18));
    let spot = take(&demand("d", true, 8), 32, &running(), &mut planned);
    assert_eq!((spot.in_use, spot.others, spot.total()), (4, 0, 12));
}

#[test]
fn a_group_that_grows_takes_only_what_it_does_not_have() {
    let mut planned = Planned::new();
    for (vcpus, more) in [(4, 0), (8, 0), (12, 4)] {
        let standing = take(&demand("a", false, vcpus), 32, &running(), &mut planned);
        assert_eq!((standing.more, standing.in_use, standing.others), (more, 10, 0));
    }
}

#[test]
fn groups_of_a_plan_add_up_and_one_that_is_planned_again_counts_once() {
    let (mut planned, running) = (Planned::new(), running());
    let mut stands = |group, is_spot| take(&demand(group, is_spot, 8), 32, &running, &mut planned).others;
    assert_eq!(stands("c", false), 0);
    assert_eq!(stands("d", false), 8);
    assert_eq!(stands("c", false), 8);
    assert_eq!(stands("e", true), 0);
    assert_eq!(stands("f", false), 16);
}

#[tokio::test]
async fn all_who_ask_share_one_look() {
    let quota = Answer::Said(200, "{\"Quota\": {\"Value\": 16.0}}");
    let nothing = Answer::Said(
        200,
        "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>",
    );
    let (account, peer) = Peer::account([quota, nothing]);
    let (one, other) = (demand("a", false, 12), demand("b", false, 12));
    let (one, other) = tokio::join!(account.standing(&one), account.standing(&other));
    let totals = [one, other].map(|standing| standing.unwrap().total());
    assert_eq!(totals.iter().max(), Some(&24));
    assert_eq!(peer.asked().len(), 2);
}

#[tokio::test]
async fn whoever_may_not_ask_is_told_nothing_and_asks_once() {
    let (account, peer) = Peer::account([Answer::Said(400, "{\"__type\": \"AccessDeniedException\"}")]);
    for group in ["a", "b"] {
        assert_eq!(account.standing(&demand(group, false, 12)).await, None);
    }
    assert_eq!(peer.asked().len(), 1);
}
