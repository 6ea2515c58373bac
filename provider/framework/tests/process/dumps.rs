//! Files with what the core sent and what it was answered: only if they are asked for, and only for their owner.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tfplugin::tfplugin6::DynamicValue;

use crate::thing::{creation, start, test_provider};

/// Makes some things, with dumps in that directory.
async fn make_things(directory: Option<&Path>, number: usize) {
    let tmp = tempfile::tempdir().unwrap();
    let mut command = test_provider();
    command.envs(directory.map(|directory| ("TF_LOG_SDK_PROTO_DATA_DIR", directory)));
    let provider = start(command, tmp.path()).await;
    for _ in 0..number {
        let mut request = creation("");
        request.config = Some(DynamicValue {
            json: br#"{"behavior":"","id":null}"#.to_vec().into(),
            ..DynamicValue::default()
        });
        request.planned_private = b"private".to_vec().into();
        let answer = provider.provider().apply_resource_change(request).await.unwrap();
        assert_eq!(answer.into_inner().diagnostics, []);
    }
    provider.shutdown().await;
    // What is not asked for would be beside the socket, if anywhere.
    provider.exited(tmp.path()).await;
}

#[tokio::test]
async fn parts_of_a_message_share_a_time_that_is_theirs() {
    const THINGS: usize = 3;
    let directory = tempfile::tempdir().unwrap();

    make_things(Some(directory.path()), THINGS).await;

    let mut by_time: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in directory.path().read_dir().unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let name = entry.file_name().into_string().unwrap();
        let (time, rest) = name.split_once('_').unwrap();
        by_time.entry(time.to_owned()).or_default().insert(rest.to_owned());
    }
    let fields = [
        "Config.json",
        "PlannedPrivate",
        "PlannedState.msgpack",
        "PriorState.msgpack",
        "ProviderMeta.empty",
    ];
    let expected: BTreeSet<String> = fields
        .map(|field| format!("ApplyResourceChange_Request_{field}"))
        .into();
    let requests = by_time.values().filter(|names| **names == expected);
    assert_eq!(requests.count(), THINGS, "{by_time:?}");
    let mixed = by_time.values().find(|names| {
        let messages: BTreeSet<&str> = names
            .iter()
            .filter_map(|name| name.rsplit_once('_'))
            .map(|(message, _)| message)
            .collect();
        messages.len() != 1
    });
    assert_eq!(mixed, None, "two messages have the same time");
}

#[tokio::test]
async fn nothing_is_written_unasked() {
    make_things(None, 1).await;
}
