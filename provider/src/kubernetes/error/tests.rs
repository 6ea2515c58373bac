//! Several failures at once, and the questions that they answer together.

use super::*;

#[test]
fn several_failures_are_gone_only_together_and_a_conflict_by_one() {
    let call = || Call {
        verb: "get",
        resource: "pods".into(),
        namespace: None,
        name: None,
    };
    let missing = || Error::NotFound {
        call: call(),
        message: "no".into(),
    };
    let conflict = || Error::Conflict {
        call: call(),
        message: "uid".into(),
    };
    let throttled = || Error::Throttled {
        call: call(),
        retry_after: None,
    };
    let several = |errors| Error::from_many(errors).unwrap();
    assert!(several(vec![missing(), missing()]).is_not_found());
    let mixed = several(vec![missing(), conflict()]);
    assert!(!mixed.is_not_found() && mixed.is_conflict());
    assert_eq!(
        mixed.to_string(),
        "2 calls failed: not found: get pods: no; it changed meanwhile: get pods: uid"
    );
    assert!(!several(vec![throttled(), missing()]).is_retryable());
    assert!(several(vec![throttled(), throttled()]).is_retryable());
    assert!(matches!(several(vec![missing()]), Error::NotFound { .. }));
    assert!(Error::from_many(vec![]).is_none());
}

#[test]
fn what_befalls_all_calls_alike_is_told_once() {
    let call = |resource: &'static str| Call {
        verb: "list",
        resource: resource.into(),
        namespace: None,
        name: None,
    };
    let refused = |resource| Error::Unauthorized { call: call(resource) };
    let forbidden = |resource| Error::Forbidden {
        call: call(resource),
        message: "no".into(),
    };
    let text = |errors| Error::from_many(errors).unwrap().to_string();
    assert_eq!(
        text(vec![refused("pods"), refused("secrets"), refused("nodes")]),
        "3 calls failed: the server does not accept these credentials: list pods, and 2 other calls alike"
    );
    assert_eq!(
        text(vec![
            forbidden("pods"),
            refused("nodes"),
            forbidden("secrets"),
            refused("pods")
        ]),
        "4 calls failed: not allowed to list pods: no; the server does not accept these credentials: list nodes, and \
         another call alike; not allowed to list secrets: no"
    );
}
