//! What a provider writes to stderr: lines that the client can take apart, at the level that was asked for.

use serde_json::Value;

use crate::thing::{creation, start, test_provider};

/// The lines of a whole run: start, configuration, one creation, Shutdown.
async fn lines(variables: &[(&str, &str)]) -> Vec<String> {
    let tmp = tempfile::tempdir().unwrap();
    let mut command = test_provider();
    command.envs(variables.iter().copied());
    let provider = start(command, tmp.path()).await;
    let request = creation("log");
    provider.provider().apply_resource_change(request).await.unwrap();
    provider.shutdown().await;
    let stderr = provider.exited(tmp.path()).await.stderr;
    stderr.lines().map(str::to_owned).collect()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[tokio::test]
async fn trap_29_every_line_is_one_that_the_client_can_take_apart() {
    let lines = lines(&[("TF_LOG", "TRACE")]).await;

    assert!(lines.len() > 10, "{lines:?}");
    for line in &lines {
        assert!(line.len() < 64 << 10, "the client cuts a line of {} bytes", line.len());
        let parsed = parsed(line);
        for key in ["@level", "@message", "@module", "@timestamp"] {
            assert!(parsed[key].is_string(), "{key} of {line}");
        }
        let level = parsed["@level"].as_str().unwrap();
        assert!(["trace", "debug", "info", "warn", "error"].contains(&level), "{level}");
        let shape: String = parsed["@timestamp"]
            .as_str()
            .unwrap()
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
    }
    let find = |message: &str| {
        let found = lines
            .iter()
            .map(|line| parsed(line))
            .find(|line| line["@message"] == message);
        found.unwrap_or_else(|| panic!("no line says {message:?}"))
    };
    assert!(
        find("a warning of two megabytes")["body"]
            .as_str()
            .unwrap()
            .ends_with("ä... (cut)")
    );
    assert_eq!(find("not UTF-8")["path"], "caf\u{fffd}");
    assert_eq!(find("not UTF-8")["bytes"], "[99, 97, 102, 233]");
    assert_eq!(
        find("control characters")["lines"],
        "one\ntwo\r\n\u{1b}[31m\u{0}\u{2028}"
    );
    assert_eq!(find("7")["ratio"], "NaN");
    assert_eq!(find("keys of the header")["@level"], "trace");
}

#[tokio::test]
async fn trap_29_lines_of_one_call_tell_which_it_is() {
    let lines = lines(&[("TF_LOG", "TRACE")]).await;

    let call: Vec<_> = lines
        .iter()
        .map(|line| parsed(line))
        .filter(|line| line["tf_rpc"] == "ApplyResourceChange")
        .collect();
    assert!(call.iter().any(|line| line["@module"] == "test_provider"), "{call:?}");
    assert!(
        call.iter()
            .any(|line| line["@module"] == "tf_framework.server.rpc.call"),
        "{call:?}"
    );
    for line in &call {
        assert_eq!(line["tf_req_id"], call[0]["tf_req_id"]);
        assert_eq!(line["tf_provider_addr"], "registry.terraform.io/medic/test");
        assert_eq!(line["tf_resource_type"], "test_thing");
        assert_eq!(line["tf_proto_version"], "6");
    }
}

#[tokio::test]
async fn levels_are_those_that_the_environment_asks_for() {
    const OWN: &str = "test_provider";
    const PROTOCOL: &str = "tf_framework.server";
    for (variables, own, protocol) in [
        (&[][..], &["error"][..], &[][..]),
        (&[("TF_LOG", "off")], &[], &[]),
        (&[("TF_LOG", "WARN")], &["error", "warn"], &[]),
        (
            &[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "WARN")],
            &["error", "warn"],
            &[],
        ),
        (
            &[("TF_LOG_PROVIDER", "TRACE"), ("TF_LOG_PROVIDER_TEST", "ERROR")],
            &["error"],
            &[],
        ),
        (
            &[("TF_LOG", "JSON"), ("TF_LOG_SDK", "OFF")],
            &["debug", "error", "info", "trace", "warn"],
            &[],
        ),
        (
            &[("TF_LOG", "JSON"), ("TF_LOG_SDK_PROTO", "INFO")],
            &["debug", "error", "info", "trace", "warn"],
            &["info"],
        ),
        (&[("TF_LOG_SDK_PROTO", "DEBUG")], &["error"], &["debug", "info"]),
        (&[("TF_LOG_SDK", "INFO")], &["error"], &["info"]),
    ] {
        let lines = lines(variables).await;
        let levels = |module: &str| {
            let mut levels: Vec<_> = lines
                .iter()
                .map(|line| parsed(line))
                .filter(|line| line["@module"].as_str().unwrap().starts_with(module))
                .map(|line| line["@level"].as_str().unwrap().to_owned())
                .collect();
            levels.sort();
            levels.dedup();
            levels
        };
        assert_eq!(levels(OWN), own, "{variables:?}");
        assert_eq!(levels(PROTOCOL), protocol, "{variables:?}");
        assert!(levels("hyper").is_empty(), "a dependency speaks below warn");
    }
}
