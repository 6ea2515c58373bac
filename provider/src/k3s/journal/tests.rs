//! Tests of what journals tell, with lines that a real k3s wrote.

use super::*;

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn each_fatal_line_is_understood() {
    for (line, cause) in [
        (
            r#"level=fatal msg="Error: token CA hash does not match the Cluster CA certificate hash: 1 != 2""#,
            Cause::OtherCluster,
        ),
        (
            r#"level=fatal msg="Error: failed to start: critical configuration value mismatch between servers""#,
            Cause::CriticalMismatch,
        ),
        (
            r#"level=fatal msg="this server has been permanently removed from the cluster, data-dir must be removed""#,
            Cause::RemovedMember,
        ),
        ("panic: removed all voters", Cause::RemovedMember),
        (
            r#"level=fatal msg="/var/lib/rancher/k3s/server/cred/passwd newer than datastore and could cause a cluster outage. Remove the file(s)""#,
            Cause::StaleCredentials,
        ),
        (
            r#"level=fatal msg="failed to normalize server token; must be in format""#,
            Cause::TokenForm,
        ),
        (
            "Incorrect Usage: flag provided but not defined: -tls-san",
            Cause::UnknownFlag,
        ),
        (
            r#"level=error msg="Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password'""#,
            Cause::NodePassword,
        ),
        (
            r#"level=fatal msg="listen tcp 0.0.0.0:6443: bind: address already in use""#,
            Cause::PortTaken,
        ),
        (
            r#"level=error msg="etcdserver: too many learner members in cluster""#,
            Cause::AnotherJoins,
        ),
    ] {
        let finding = find(&lines(&["level=info msg=started", line])).expect(line);
        assert_eq!((finding.cause, finding.line.as_str()), (cause, line));
        assert!(finding.cause.advice().ends_with('.'));
    }
    assert_eq!(find(&lines(&["level=error msg=\"unable to sync\""])), None);
}

#[test]
fn what_stays_is_told_before_what_may_pass() {
    let finding = find(&lines(&[
        "level=fatal msg=\"token CA hash does not match\"",
        "level=error msg=\"dial tcp 10.0.0.1:6443: connect: connection refused\"",
    ]));
    let cause = finding.expect("a cause").cause;
    assert_eq!((cause, cause.outlook()), (Cause::OtherCluster, Outlook::Stays));
    assert_eq!(Cause::ServerUnreachable.outlook(), Outlook::MayPass);
}

#[test]
fn the_keys_on_which_servers_differ_are_named() {
    let finding = find(&lines(&[
        r#"level=warning msg="critical configuration mismatched: ServiceIPRanges""#,
        r#"level=warning msg="critical configuration mismatched: ClusterDomain""#,
        r#"level=fatal msg="critical configuration value mismatch between servers""#,
    ]));
    assert_eq!(finding.expect("a cause").keys, ["ClusterDomain", "ServiceIPRanges"]);
}

#[test]
fn tokens_are_never_shown() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for text in [
        format!("joining with K10{hash}::server:hunter2 now"),
        "starting with --token hunter2 --debug".to_owned(),
        "K3S_TOKEN=hunter2".to_owned(),
        r#"args ["server","--token","hunter2","--agent-token","hunter2"]"#.to_owned(),
        r#"{"token":"hunter2","password": "hunter2"}"#.to_owned(),
        "token: hunter2".to_owned(),
        "dial postgres://k3s:hunter2@10.0.0.9:5432/k3s failed".to_owned(),
        "--etcd-s3-secret-key=hunter2".to_owned(),
        "Authorization: Basic hunter2".to_owned(),
        "--token=a,hunter2)x".to_owned(),
        "dial mysql://k3s:a;hunter2,b}@tcp(10.0.0.9:3306)/k3s failed".to_owned(),
    ] {
        let masked = mask(&text);
        assert!(
            !masked.contains("hunter2") && masked.contains(MASK),
            "{text} became {masked}"
        );
    }
    assert!(mask("dial postgres://k3s:hunter2@10.0.0.9:5432/k3s failed").ends_with("@10.0.0.9:5432/k3s failed"));
}

#[test]
fn what_holds_no_token_stays_as_it_is() {
    for text in [
        "token CA hash does not match the Cluster CA certificate hash",
        "https://10.0.0.1:6443/cacerts",
        "Node password rejected, duplicate hostname",
        "",
        "tökens änd K1",
    ] {
        assert_eq!(mask(text), text);
    }
}
