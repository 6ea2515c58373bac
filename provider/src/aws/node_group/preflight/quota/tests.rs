//! Groups in quotas: what is told of them, where, and how.

use tf_framework::diagnostics::Severity;

use super::*;

fn machines(count: u64, types: &[&str]) -> Machines {
    let types = types.iter().map(|&kind| kind.to_owned()).collect();
    Machines { count, types }
}

fn growth(wanted: Machines, before: Option<Machines>) -> Growth {
    Growth {
        group: GroupName("moh".to_owned(), "workers".to_owned()),
        is_spot: false,
        wanted,
        before,
        size: ScalingConfig::MIN_SIZE,
    }
}

/// What is said of a group in a quota: whether it is an error, where, and in which words.
fn said(growth: &Growth, [limit, in_use, others, more]: [u64; 4]) -> Option<(bool, String, String)> {
    let vcpus = [("m7g.xlarge", 4_u64), ("m7g.2xlarge", 8), ("c7g.large", 2)];
    let standing = Standing {
        limit,
        in_use,
        others,
        more,
    };
    let case = Case {
        growth,
        vcpus: &vcpus.map(|(kind, vcpus)| (kind.to_owned(), vcpus)).into(),
        quota: growth.quota()?,
        region: "eu-west-2",
        standing,
    };
    let found = case.judge()?;
    Some((found.severity == Severity::Error, found.path?.to_string(), found.detail))
}

#[test]
fn what_fits_is_not_told() {
    let group = growth(machines(2, &["m7g.xlarge"]), None);
    assert_eq!(said(&group, [16, 4, 4, 8]), None);
    // It has all it needs, though others have taken too much.
    assert_eq!(said(&group, [16, 20, 0, 0]), None);
}

#[test]
fn fault_07_a_group_that_needs_more_than_all_of_a_quota_is_an_error() {
    let (is_error, path, detail) = said(&growth(machines(2, &["m7g.xlarge"]), None), [5, 3, 0, 8]).unwrap();
    assert!(is_error && path == "scaling_config.min_size", "{path}");
    for words in [
        "For 2 machines of `m7g.xlarge`, 8 vCPUs are needed",
        "may have 5 in eu-west-2",
        "L-1216C47A",
        "Ask for 11 at least",
    ] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    // Not even one of them fits.
    let (is_error, path, _) = said(&growth(machines(2, &["m7g.2xlarge"]), None), [5, 0, 0, 16]).unwrap();
    assert!(is_error && path == "instance_types", "{path}");
}

#[test]
fn fault_07_a_group_that_does_not_fit_beside_others_is_a_warning() {
    let (is_error, path, detail) = said(&growth(machines(2, &["m7g.xlarge"]), None), [16, 6, 4, 8]).unwrap();
    assert!(!is_error && path == "scaling_config.min_size", "{path}");
    for words in [
        "8 vCPUs are needed beside what runs",
        "6 are in use, and 4 are for other node groups",
        "leaves 6",
        "Ask for 18 at least",
    ] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let larger = growth(machines(2, &["m7g.2xlarge"]), Some(machines(2, &["m7g.xlarge"])));
    let (is_error, path, _) = said(&larger, [16, 12, 0, 8]).unwrap();
    assert!(!is_error && path == "instance_types", "{path}");
}

#[test]
fn of_several_types_the_smallest_counts_if_one_quota_counts_all() {
    let group = growth(machines(3, &["m7g.xlarge", "c7g.large"]), None);
    let (is_error, _, detail) = said(&group, [5, 0, 0, 6]).unwrap();
    assert!(
        is_error && detail.contains("For 3 machines of `c7g.large`, the smallest of its types, 6 vCPUs"),
        "{detail}"
    );
    assert_eq!(growth(machines(3, &["m7g.xlarge", "g5g.xlarge"]), None).quota(), None);
    assert_eq!(
        machines(1, &["m7g.xlarge", "x1.32xlarge"]).smallest(&Vcpus::new()),
        None
    );
}

#[test]
fn only_what_may_grow_is_asked_about() {
    let two = || machines(2, &["m7g.xlarge"]);
    for (wanted, before, may_be) in [
        (two(), None, true),
        (machines(0, &["m7g.xlarge"]), None, false),
        (two(), Some(two()), false),
        (two(), Some(machines(1, &["m7g.xlarge"])), true),
        (two(), Some(machines(3, &["m7g.xlarge"])), false),
        (two(), Some(machines(3, &["r7g.xlarge"])), true),
    ] {
        assert_eq!(
            growth(wanted.clone(), before.clone()).may_be(),
            may_be,
            "{wanted:?} {before:?}"
        );
    }
}
